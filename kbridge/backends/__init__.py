"""Engines and the contract they fulfil. Nothing outside this package names an engine."""
