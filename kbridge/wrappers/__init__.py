"""Models inside other libraries, under their Keras 1 import paths."""
