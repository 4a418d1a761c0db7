"""Layers as people publish them, and the files that real libraries write with them."""
