"""The same work on kbridge's engines and on peers, side by side: ``python -m benchmarks`` (see README.md)."""
