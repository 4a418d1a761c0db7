"""Preparing images, sequences and texts, under their Keras 1 import paths."""
