"""Numba kernels: small functions over plain arrays, which import nothing of ours but each other."""
