"""The package's own version; ``kbridge.__version__`` is Keras 1's while the alias is on."""

__version__ = "0.1.0"
