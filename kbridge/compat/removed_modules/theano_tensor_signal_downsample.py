"""``theano.tensor.signal.downsample`` as it was up to Theano 0.8."""

from theano.tensor.signal.pool import Pool, pool_2d

__all__ = ["DownsampleFactorMax", "max_pool_2d", "max_pool_2d_same_size"]

DownsampleFactorMax = Pool


def max_pool_2d(input, ds, ignore_border=False, st=None, padding=(0, 0), mode="max"):
    """The largest (or, by ``mode``, the mean or sum) of each window of size ``ds``, ``st`` apart, over the last two axes."""
    return pool_2d(input, ws=ds, ignore_border=bool(ignore_border), stride=st, pad=padding, mode=mode)


def max_pool_2d_same_size(input, patch_size):
    """The largest of each window where it is, 0 elsewhere."""
    from theano.tensor.signal import pool

    return pool.max_pool_2d_same_size(input, patch_size)
