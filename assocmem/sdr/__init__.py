"""Sparse distributed representations: packed bit sets and the memories built on them."""
