"""Programs of other days, for ``kbridge run`` and ``import kbridge.as_keras``: what they get for numpy, theano, tensorflow and
modules that are gone, Python 2 translation, and what their child processes switch on. It hooks backends; no backend calls it."""
