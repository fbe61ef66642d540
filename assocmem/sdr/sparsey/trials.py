"""Trials of macs under random inputs: codes of similar inputs, stored items recalled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from ... import _validate as check
from ...estimates import Counted, Estimate, Replicated
from .._seeds import state
from ..noise import Drop, Kill, Replace, Swap
from .stored import CodeOverlap, ReadItems, StoredItems

RECALLS = 100  # of one mac, all different items
_MACS = 100  # at least, where there are trials enough
_FEW = 30
_BLOCK = 16  # macs that draw from one stream, one after another


def simulate(
    model: CodeOverlap | StoredItems | ReadItems,
    *,
    trials: int,
    seed: int,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Estimate]:
    """Codes of similar inputs, or items recalled, in independent macs.

    Inputs and codes are drawn anew in each mac; it learns and is asked by `MacMemory`'s kernels.

    Parameters
    ----------
    model : CodeOverlap, StoredItems or ReadItems
    trials : int
        Macs of CodeOverlap, items recalled or read in all of the others: >= 2. Up to 100 different
        items are taken from one mac, fewer where under 100 macs would be left.
    seed : int
        Root of all random numbers, >= 0.
    workers : int
        Threads; numbers do not depend on it.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    dict of Replicated or Counted
        One value for each mac; where nearly all macs have the same, one event drawn with it as its
        chance. Of CodeOverlap ``intersection`` and ``familiarity``; of StoredItems
        ``load``, and the means over the items recalled, drawn uniformly from those
        learned, of ``crosstalk`` and ``recalled``; of ReadItems ``spurious``. A cue outside the
        mac's bounds of activity finds no code, so that nothing is recalled.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, or inputs of the model's size leave
        the mac inactive.

    Notes
    -----
    Cost of a mac: Q K n/64 words emptied, and for each input learned or recalled at most
    Q K min(a, n/64) population counts and Q K exponentials (none for maxima, nor where G <= G_-).
    Memory Q K n/8 bytes for each worker, and S (a + Q) integers for StoredItems.
    """
    from tqdm import tqdm

    if not isinstance(model, (CodeOverlap, StoredItems, ReadItems)):
        raise TypeError(f"model must be a CodeOverlap, StoredItems or ReadItems, got {model!r}")
    trials = check.integer("trials", trials, 2)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    most = model.n_features if model.mac.pi_plus is None else model.mac.pi_plus
    if not model.mac.pi_minus <= model.size <= most:
        raise ValueError(
            f"size must be between the mac's pi_minus and pi_plus, {model.mac.pi_minus} and "
            f"{most}, got {model.size}"
        )
    if isinstance(model, CodeOverlap):
        run, names, macs = _overlaps, ("intersection", "familiarity"), trials
    else:
        each = min(RECALLS, model.n_items, max(trials // _MACS, 1))
        macs = trials // each
        if isinstance(model, StoredItems):
            run, names = partial(_recalls, each), ("load", "crosstalk", "recalled")
        else:
            run, names = partial(_reads, each), ("spurious",)
    rows = np.empty((max(macs, 2), len(names)))
    blocks = [rows[k : k + _BLOCK] for k in range(0, len(rows), _BLOCK)]
    seeds = np.random.SeedSequence(seed).spawn(len(blocks))
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda own, out: run(model, state(np.random.default_rng(own)), out),
                        seeds, blocks)  # fmt: skip
        hidden = None if progress else True
        for _ in tqdm(done, "macs", len(blocks), disable=hidden, leave=False, unit_scale=_BLOCK):
            pass
    rng = np.random.default_rng(seeds[0].spawn(1)[0])
    # With one item these are the same in every mac.
    fixed = {"familiarity", "load", "crosstalk", "spurious"} if model.n_items == 1 else set()
    return {
        name: Replicated(rows[:, k], "macs") if name in fixed else _estimate(rows[:, k], rng)
        for k, name in enumerate(names)
    }


def _estimate(values: np.ndarray, rng: np.random.Generator) -> Estimate:
    """Values of all macs, or events where too few macs differ to say anything of their spread.

    All values are in [0, 1]: an event that happens in each mac with its value as the chance has
    the same mean, and its law is known however rare it is.
    """
    _, counts = np.unique(values.round(12), return_counts=True)
    if len(values) - counts.max() < min(_FEW, len(values) // 2):
        hits = np.count_nonzero(rng.random(len(values)) < values)
        return Counted(int(hits), len(values), "macs, one draw of each")
    return Replicated(values, "macs")


def _mac(model: CodeOverlap | StoredItems, single: np.ndarray) -> tuple[Any, int, int]:
    """An empty mac that draws from ``single``, and its modules and units."""
    arrays = model.mac.memory(model.n_features)._arrays._replace(single=single)
    return arrays, model.mac.n_modules, model.mac.n_units


def _sets(n: int, a: int) -> tuple[np.ndarray, np.ndarray]:
    """Scratch for drawing inputs."""
    from ..kernels.draws import mark_words

    return np.zeros(mark_words(n), np.uint64), np.empty((4, a), np.int32)


def _overlaps(model: CodeOverlap, single: np.ndarray, out: np.ndarray) -> None:
    from ..kernels.mac_trials import overlap_trials

    n, a = model.n_features, model.size
    overlap_trials(*_mac(model, single), n, a, model.common, model.n_items, *_sets(n, a), out)


def _recalls(each: int, model: StoredItems, single: np.ndarray, out: np.ndarray) -> None:
    from ..kernels.mac_trials import DROP, KILL, REPLACE, SWAP, stored_trials

    n, a, noise, number = model.n_features, model.size, model.noise, model.n_items
    kind = {Drop: DROP, Replace: REPLACE, Swap: SWAP, Kill: KILL}[type(noise)]
    bits = noise.cells if isinstance(noise, Kill) else noise.bits
    items = np.empty((number, a), np.int32)
    codes = np.empty((number, model.mac.n_modules), np.int32)
    stored_trials(*_mac(model, single), n, a, kind, bits, each, *_sets(n, a),
                  items, codes, out)  # fmt: skip


def _reads(each: int, model: ReadItems, single: np.ndarray, out: np.ndarray) -> None:
    from ..kernels.mac_trials import read_trials

    n, a, number = model.n_features, model.size, model.n_items
    marks, _ = _sets(n, a)
    items = np.empty((number, a), np.int32)
    codes = np.empty((number, model.mac.n_modules), np.int32)
    read_trials(*_mac(model, single), n, a, each, marks, items, codes, out)
