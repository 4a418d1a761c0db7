"""How a graph of the NumPy backend runs: lowering to concrete shapes, schedule, storage, blocks, BLAS threads, compiled functions."""
