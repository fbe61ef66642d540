"""Recall of a stored sequence with lost columns and dead cells, and branching: what to expect.

A segment has its s synapses on winner cells of the element before, a uniform subset of its a. Of
these l ~ Hyp(a, a - v, s) lie in columns that are presented, which are active whether they were
predicted or burst; of the l, those that are not dead count. Cells die at random among N: the cell
itself lives with probability (N - k)/N, and given that Hyp(N - 1, N - 1 - k, l) of its sources do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .hypergeometric import log_pmf, log_tail
from .probability import Probability
from .sequences import branching


def predict(model: Any) -> dict[str, Probability | float]:
    r"""Mean fractions of cells predicted.

    Parameters
    ----------
    model : SequenceRecall or Branching

    Returns
    -------
    dict
        "recall" of a `SequenceRecall`,

        $$ \frac{N-k}N\sum_l\Pr[\mathrm{Hyp}(a,a-v,s)=l]\;
           \Pr[\mathrm{Hyp}(N-1,N-1-k,l)\ge\theta] , $$

        with N cells of which k are dead; with none dead it is 1 - FN(a, s, theta, v). Segments that
        are active by chance, and cells that serve two elements, are left out: both are rare where
        elements are sparse. "predicted" of a `Branching`: 1 - (1 - a/n)^M.

    Raises
    ------
    TypeError
        If the model is of another kind.

    References
    ----------
    Ahmad and Hawkins, arXiv:1601.00720 (2016), for the noise; Hawkins and Ahmad, Front. Neural
    Circuits 10 (2016) 23, who kill cells in simulations.

    Examples
    --------
    >>> from assocmem.dendrites import SequenceRecall
    >>> model = SequenceRecall(2048, 32, a=40, n_synapses=40, threshold=15, dead=26_214)
    >>> print(round(predict(model)["recall"].value, 4))  # 40 % of all cells dead
    0.5993
    """
    if hasattr(model, "n_successors"):
        return {"predicted": branching(model.n, model.a, model.n_successors)}
    if not hasattr(model, "dead"):
        raise TypeError(f"model must be a SequenceRecall or Branching, got {model!r}")
    a, s, cells = model.a, model.n_synapses, model.n_cells
    if model.dead == cells:
        return {"recall": Probability.of_log(-np.inf)}
    kept = np.arange(s + 1)
    alive = log_tail(
        model.threshold, cells - 1, cells - 1 - model.dead, np.minimum(kept, cells - 1)
    )
    logs = log_pmf(kept, a, a - model.lost, s) + alive
    total = np.logaddexp.reduce(logs) + np.log1p(-model.dead / cells)
    return {"recall": Probability.of_log(total)}
