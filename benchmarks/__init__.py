"""The same work on kbridge's backends and on peers, side by side: ``python -m benchmarks`` (see README.md)."""
