"""Checkpoints and SavedModel folders of TensorFlow, read without TensorFlow: tables, records and tensors, bounded like HDF5 files.

Functions in a SavedModel are graphs of operations; they are never run, and not read.
"""
