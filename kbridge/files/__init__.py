"""Writing files: whole or not at all, or in place where that can't be."""
