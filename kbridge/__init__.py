"""kbridge: the Keras 1 model API on NumPy, TensorFlow 2 and Theano."""

__version__ = "0.1.0"
