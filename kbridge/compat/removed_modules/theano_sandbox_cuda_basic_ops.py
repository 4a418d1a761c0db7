"""``theano.sandbox.cuda.basic_ops`` on a machine without a GPU: arrays are where they are."""

from theano.tensor import as_tensor_variable

__all__ = ["as_cuda_ndarray_variable", "gpu_contiguous", "gpu_from_host", "host_from_gpu"]

as_cuda_ndarray_variable = gpu_contiguous = gpu_from_host = host_from_gpu = as_tensor_variable
