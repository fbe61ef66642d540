"""Exact combinatorics of sparse representations and of the detectors and memories made of them.

Symbols are those of Ahmad and Hawkins (arXiv:1601.00720): n cells, a of them active, s synapses,
threshold theta, v bits lost, M patterns, q = a/n. Probabilities come as `Probability`, value and
decimal logarithm, and are right to 1e-12 relative where the value has left the range of doubles too.
"""
