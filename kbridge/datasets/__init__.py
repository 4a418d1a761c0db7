"""Data sets, under their Keras 1 import paths."""
