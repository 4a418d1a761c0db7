"""Backends and the contract they fulfil. Nothing outside this package names a backend."""
