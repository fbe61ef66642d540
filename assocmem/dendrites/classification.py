"""Classification by groups of neurons that each know patterns of one class."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _validate as check
from ..sdr._seeds import generator
from ._cells import rows_of
from .neurons import Neurons
from .nonlinearity import Function, check_functions


class GroupClassifier:
    """A group of neurons for each class; the group with most firing neurons decides.

    Each neuron stores patterns of its class, one on a segment, by synapses from ``n_synapses``
    random ones of their active cells.

    Parameters
    ----------
    n : int
        Cells, >= 1.
    n_synapses : int
        s, synapses of a segment: at most the active cells of each pattern.
    threshold : int
        theta, of a segment.
    n_neurons : int
        Neurons of each group, >= 1.
    split : bool
        Whether patterns of a class are dealt out to the neurons of its group in turn. By default
        each neuron stores all of them, with a draw of synapses of its own.
    readout : {"firing", "sum"}
        What votes: the number of firing neurons of a group, or the sum of their outputs.
    nonlinearity, output : Step, Power, Sigmoid or callable, optional
        Of the neurons, for "sum"; see `Neurons`.
    seed : int
        >= 0, of the draws of synapses.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Ahmad, Hawkins, arXiv:1601.00720 (2016), and simulations in numenta/htmresearch.

    Examples
    --------
    >>> from assocmem.dendrites.classification import GroupClassifier
    >>> from assocmem.sdr import Uniform
    >>> import numpy as np
    >>> patterns = Uniform(1000, 40).draw_rows(60, np.random.default_rng(1))
    >>> labels = np.repeat(["cat", "dog", "owl"], 20)
    >>> groups = GroupClassifier(1000, n_synapses=20, threshold=10).fit(patterns, labels)
    >>> groups.score(patterns, labels)
    1.0
    """

    def __init__(
        self,
        n: int,
        n_synapses: int,
        threshold: int,
        *,
        n_neurons: int = 1,
        split: bool = False,
        readout: str = "firing",
        nonlinearity: Function | None = None,
        output: Function | None = None,
        seed: int = 0,
    ) -> None:
        self.n = check.integer("n", n, 1, 2**31 - 1)
        self.n_synapses = check.integer("n_synapses", n_synapses, 0, self.n)
        self.threshold = check.integer("threshold", threshold)
        self.n_neurons = check.integer("n_neurons", n_neurons, 1)
        if not isinstance(split, (bool, np.bool_)):
            raise TypeError(f"split must be True or False, got {split!r}")
        self.split = bool(split)
        self.readout = check.choice("readout", readout, ("firing", "sum"))
        check_functions(nonlinearity=nonlinearity, output=output)
        self.nonlinearity, self.output = nonlinearity, output
        self.seed = check.integer("seed", seed, 0)

    def fit(self, patterns: Any, labels: Any) -> GroupClassifier:
        """Store all patterns anew.

        Parameters
        ----------
        patterns : tuple (indptr, indices), matrix or list
            CSR arrays of active cells, a matrix of bool (patterns, n) or a sparse one of SciPy,
            or a list of SDRs or arrays.
        labels : array, shape (patterns,)
            Class of each, of any type that sorts.

        Returns
        -------
        GroupClassifier
            Itself, with ``classes`` (the labels, sorted) and ``neurons``: `Neurons`, of which
            those of class c are ``c * n_neurons`` and on.

        Raises
        ------
        TypeError, ValueError
            If patterns are not of ``n`` cells, one has fewer than ``n_synapses``, or there is not
            one label for each.
        """
        indptr, indices = rows_of("patterns", patterns, self.n)
        labels = _labels(labels, len(indptr) - 1)
        if not len(labels):
            raise ValueError("patterns must be at least one, got none")
        classes, index = np.unique(labels, return_inverse=True)
        if self.split:
            copies, place = 1, np.empty(len(index), np.int64)
            for c in range(len(classes)):
                own = np.flatnonzero(index == c)
                place[own] = np.arange(len(own)) % self.n_neurons
            owners = index * self.n_neurons + place
        else:
            copies = self.n_neurons
            owners = (index * copies + np.arange(copies)[:, None]).ravel()
        ends = np.concatenate([indptr[:1], *(indptr[1:] + k * indptr[-1] for k in range(copies))])
        neurons = Neurons.empty(
            self.n, self.threshold, len(classes) * self.n_neurons,
            nonlinearity=self.nonlinearity, output=self.output,
        )  # fmt: skip
        repeated = (ends, np.tile(indices, copies))
        neurons.learn_rows(owners, repeated, self.n_synapses, self.seed)
        self.classes, self.neurons = classes, neurons
        return self

    def votes(self, patterns: Any) -> np.ndarray:
        """Votes of each class, by the readout: int64 or float64 (patterns, classes).

        Raises
        ------
        RuntimeError
            If nothing was learnt.
        TypeError, ValueError
            If patterns are not of ``n`` cells.
        """
        rows = self._known().responses_rows if self.readout == "sum" else self._known().fires_rows
        found = rows(patterns)
        return found.reshape(len(found), len(self.classes), self.n_neurons).sum(axis=2)

    def recognised(self, patterns: Any, quorum: int = 1) -> np.ndarray:
        """Classes of which at least ``quorum`` neurons fire, bool (patterns, classes).

        Raises
        ------
        RuntimeError, TypeError, ValueError
            As `votes`, or if the quorum is not an integer from 1 to ``n_neurons``.
        """
        quorum = check.integer("quorum", quorum, 1, self.n_neurons)
        fires = self._known().fires_rows(patterns)
        fires = fires.reshape(len(fires), len(self.classes), self.n_neurons)
        return fires.sum(axis=2) >= quorum

    def winners(self, patterns: Any) -> np.ndarray:
        """Classes with most votes, bool (patterns, classes): several where they tie.

        Where no neuron fires, all classes tie.
        """
        votes = self.votes(patterns)
        return votes == votes.max(axis=1, keepdims=True)

    def predict(self, patterns: Any, rng: np.random.Generator | int | None = None) -> np.ndarray:
        """Label of the class with most votes, shape (patterns,).

        Parameters
        ----------
        patterns
            See `fit`.
        rng : numpy.random.Generator or int, optional
            Draws one of the classes that tie, all equally likely. By default the first of them,
            in the order of ``classes``; `winners` tells where that was arbitrary.
        """
        winners = self.winners(patterns)
        if rng is None:
            return self.classes[winners.argmax(axis=1)]
        keys = generator(rng).random(winners.shape)
        return self.classes[np.where(winners, keys, -1.0).argmax(axis=1)]

    def score(self, patterns: Any, labels: Any) -> float:
        """Mean accuracy where ties are broken at random: a winner among k tied counts 1/k.

        Raises
        ------
        RuntimeError, TypeError, ValueError
            As `votes`, or if there is no pattern, or not one label for each.
        """
        winners = self.winners(patterns)
        if not len(winners):
            raise ValueError("patterns must be at least one, got none")
        labels = _labels(labels, len(winners))
        right = (labels[:, None] == self.classes) & winners
        return float((right.sum(axis=1) / winners.sum(axis=1)).mean())

    def _known(self) -> Neurons:
        """The neurons, once they have learnt."""
        if not hasattr(self, "neurons"):
            raise RuntimeError("fit must be called first")
        return self.neurons


def _labels(labels: Any, count: int) -> np.ndarray:
    """Labels as an array of the given length."""
    labels = np.asarray(labels)
    if labels.shape != (count,):
        raise ValueError(f"labels must have shape ({count},), one a pattern, got {labels.shape}")
    return labels
