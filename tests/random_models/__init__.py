"""Random models: made as plain data, run on every backend, judged by the NumPy backend in float64 and finite differences."""
