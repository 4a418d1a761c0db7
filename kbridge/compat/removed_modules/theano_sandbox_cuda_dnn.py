"""``theano.sandbox.cuda.dnn`` on a machine without a GPU."""

from theano.sandbox.cuda import dnn_available

__all__ = ["dnn_available"]

dnn_available.msg = "there is no GPU"
