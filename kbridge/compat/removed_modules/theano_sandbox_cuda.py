"""``theano.sandbox.cuda`` as it was up to Theano 0.9, on a machine without a GPU."""

import warnings

cuda_available = cuda_enabled = False
cuda_ndarray = None


def use(device, force=False, **options):
    """A warning: everything runs on the CPU."""
    warnings.warn(f"theano.sandbox.cuda.use({device!r}): there is no GPU here; everything runs on the CPU.", stacklevel=2)


def unuse():
    """Nothing."""


def dnn_available():
    """False."""
    return False
