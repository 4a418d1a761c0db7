"""The training loop, in parts: data, weights of samples, compilation, batches, generators."""
