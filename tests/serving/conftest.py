"""Applications over small models."""

from serving_models import serve  # noqa: F401
