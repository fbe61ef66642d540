"""Models and learning rules: what the energy is."""

from .pairwise import Hopfield, PairwiseSample
from .rules import Dreaming, Hebb, PseudoInverse, Rule, Storkey

__all__ = ["Dreaming", "Hebb", "Hopfield", "PairwiseSample", "PseudoInverse", "Rule", "Storkey"]
