"""Where ``replacing`` and ``write_bytes`` were before they moved below the layers."""

from ..files.atomic import append_whole, replacing, write_bytes

__all__ = ["append_whole", "replacing", "write_bytes"]
