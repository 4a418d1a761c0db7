"""Model servers under load, side by side: ``python -m benchmarks.serving`` (see benchmarks/README.md)."""
