"""Models and learning rules: what the energy is."""

from .pairwise import Hopfield, PairwiseSample
from .rules import Hebb, Rule

__all__ = ["Hebb", "Hopfield", "PairwiseSample", "Rule"]
