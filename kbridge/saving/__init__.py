"""Model files: the HDF5 layout of Keras 1, configs as JSON and YAML, safe reading and atomic writing.

Nothing here imports h5py or yaml before a file or a YAML text is touched.
"""
