"""Models and learning rules: what the energy is."""

from .dense import Dense, DenseSample
from .energy import Exponential, FullPower, LogSumExp, PBody, Separable
from .learning import Supervised, Unsupervised
from .multitasking import Multitasking, MultitaskingSample
from .noisy import NoisyDense
from .pairwise import Hopfield, PairwiseSample
from .rules import Dreaming, Hebb, PseudoInverse, Rule, Storkey

__all__ = [
    "Dense",
    "DenseSample",
    "Dreaming",
    "Exponential",
    "FullPower",
    "Hebb",
    "Hopfield",
    "LogSumExp",
    "Multitasking",
    "MultitaskingSample",
    "NoisyDense",
    "PBody",
    "PairwiseSample",
    "PseudoInverse",
    "Rule",
    "Separable",
    "Storkey",
    "Supervised",
    "Unsupervised",
]
