"""Replica theory, one module per model."""
