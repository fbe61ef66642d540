"""Trials of Willshaw memories: random patterns stored, and recalled from noisy cues."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .. import _validate as check
from ..estimates import Counted, Estimate, Replicated
from .draws import subsets
from .noise import Drop, Kill, Replace
from .willshaw import Willshaw

RECALLS = 100  # of one memory, all different patterns
_FEW = 30


def simulate(
    model: Willshaw,
    *,
    trials: int,
    seed: int,
    workers: int = 1,
    progress: bool = False,
    recalls: int = RECALLS,
) -> dict[str, Estimate]:
    """Errors of recall, load and information of independent memories.

    Parameters
    ----------
    model : Willshaw
    trials : int
        Patterns recalled in all, >= 2: as many memories as that takes.
    seed : int
        Root of all random numbers, >= 0.
    workers : int
        Threads; numbers do not depend on it.
    progress : bool
        Show a progress bar when on a terminal.
    recalls : int
        Patterns recalled from one memory, at most all that it stores, and fewer where ``trials``
        would be left with under 100 memories.

    Returns
    -------
    dict of Counted or Replicated
        Means over the recalls of one memory, one value for each memory: ``spurious``, outputs
        outside the pattern that are on, over all of them; ``spurious_pairs``, pairs of these;
        ``missing``, outputs of the pattern that are off, over all; ``exact``, recalls of just the
        pattern; ``load``, synapses that are 1. ``information``: bits in a synapse by the rates
        of error of all memories together, one jackknife pseudo-value for each memory.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Notes
    -----
    Cost of a memory M a_in a_out bits set and of a recall as for `WillshawMemory.recall`.
    """
    from tqdm import tqdm

    if not isinstance(model, Willshaw):
        raise TypeError(f"model must be a Willshaw model, got {model!r}")
    trials = check.integer("trials", trials, 2)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    recalls = check.integer("recalls", recalls, 1)
    each = min(recalls, model.n_patterns, max(trials // 100, 1))
    seeds = np.random.SeedSequence(seed).spawn(max(2, -(-trials // each)))
    rows = []
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda own: _memory(model, each, np.random.default_rng(own)), seeds)
        shown = tqdm(done, "memories", len(seeds), disable=None if progress else True, leave=False)
        rows.extend(shown)
    method = f"memories of {each} recalls"
    return _estimates(model, np.array(rows), method, np.random.default_rng(seeds[0].spawn(1)[0]))


def _estimates(
    model: Willshaw, rows: np.ndarray, method: str, rng: np.random.Generator
) -> dict[str, Estimate]:
    """What `simulate` returns, from what `_memory` does.

    Too few memories with an error say nothing of their spread. Then one output of one recall is
    taken from each memory, and errors are counted among these; information is given with one error
    added, so that its error bar is not 0.
    """
    found: dict[str, Estimate] = {}
    rates, first = rows[:, :5], rows[:, 5:10]
    for k, name in enumerate(("spurious", "spurious_pairs", "missing", "exact")):
        other = np.count_nonzero(rates[:, k] != np.rint(rates[:, k].mean()))
        if other < _FEW:
            hits = np.count_nonzero(rng.random(len(rows)) < first[:, k])
            found[name] = Counted(int(hits), len(rows), "memories, one output of each")
        else:
            found[name] = Replicated(rates[:, k], method)
    found["load"] = Replicated(rates[:, 4], method)
    errors = rows[:, [0, 2, 10, 11]]
    if np.count_nonzero(errors[:, :2].any(axis=1)) < _FEW:
        outside = model.n_out - model.a_out
        errors[0, 0] += 1.0 / (outside * int(rows[0, 12]))
        method += ", one error added"
    values = _pseudo_values(errors, lambda means: _information(model, means))
    found["information"] = Replicated(values, method)
    return found


def _memory(model: Willshaw, recalls: int, rng: np.random.Generator) -> np.ndarray:
    """Rates of one memory, those of its first recall, false and lost bits of cues, recalls.

    Rates are spurious, spurious pairs, missing, exact, load.
    """
    from .kernels.willshaw import count_errors, pack

    memory = model.memory()
    number = model.n_patterns
    xptr, x = subsets(model.n_in, model.a_in, number, rng)
    yptr, y = (xptr, x) if model.auto else subsets(model.n_out, model.a_out, number, rng)
    memory._store(xptr, x, yptr, y)
    # Patterns are exchangeable: the first ones are as good as any.
    shown = x[: xptr[recalls]].reshape(recalls, model.a_in)
    kept, added = _noisy(model, shown, rng)
    cues = [np.concatenate(parts) for parts in zip(kept, added, strict=True)]
    indptr = np.zeros(recalls + 1, np.int64)
    np.cumsum([len(cue) for cue in cues], out=indptr[1:])
    indices = np.concatenate(cues).astype(np.int32)
    packed = memory._recall(indptr, indices, model.threshold, model.winners, model.ties, rng)
    for _ in range(model.steps - 1):
        packed, before = _again(memory, packed, model, rng), packed
        if np.array_equal(packed, before):
            break
    wanted = np.zeros_like(packed)
    pack(yptr[: recalls + 1], y, wanted)
    spurious, missing = np.empty(recalls, np.int64), np.empty(recalls, np.int64)
    count_errors(packed, wanted, spurious, missing)
    outside = model.n_out - model.a_out
    rates = np.array(
        [
            spurious / outside,
            spurious * (spurious - 1) / max(outside * (outside - 1), 1),
            missing / model.a_out,
            (spurious == 0) & (missing == 0),
            np.full(recalls, memory.load),
        ]
    )
    false = np.mean([len(part) for part in added]) / max(model.n_in - model.a_in, 1)
    lost = 1.0 - np.mean([len(part) for part in kept]) / model.a_in
    return np.concatenate([rates.mean(axis=1), rates[:, 0], [false, lost, recalls]])


def _again(memory: Any, packed: np.ndarray, model: Willshaw, rng: np.random.Generator) -> Any:
    """Recall from what was recalled."""
    from .kernels.willshaw import count_bits, list_bits

    indptr = np.zeros(len(packed) + 1, np.int64)
    count_bits(packed, indptr[1:])
    np.cumsum(indptr, out=indptr)
    cues = np.empty(indptr[-1], np.int32)
    list_bits(packed, indptr, cues)
    return memory._recall(indptr, cues, model.threshold, model.winners, model.ties, rng)


def _noisy(
    model: Willshaw, patterns: np.ndarray, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Bits of each pattern that stay, and bits added, as the noise says."""
    n, noise = model.n_in, model.noise
    if isinstance(noise, Kill):
        kept = []
        for pattern in patterns:
            _, dead = subsets(n, noise.cells, 1, rng)
            kept.append(np.setdiff1d(pattern, dead, assume_unique=True))
        return kept, [np.empty(0, np.int32)] * len(patterns)
    order = rng.permuted(patterns, axis=1)
    lost, kept = order[:, : noise.bits], order[:, noise.bits :]
    if isinstance(noise, Drop):
        return list(kept), [np.empty(0, np.int32)] * len(patterns)
    added = []
    # Cells from which as many are drawn: those outside the pattern, or all that are silent now.
    outside = patterns if isinstance(noise, Replace) else kept
    for row in outside:
        silent = np.delete(np.arange(n, dtype=np.int32), row)
        added.append(rng.choice(silent, noise.bits, replace=False))
    if isinstance(noise, Replace):
        return list(kept), added
    back = [np.isin(new, old) for new, old in zip(added, lost, strict=True)]
    stayed = [
        np.concatenate([row, new[own]]) for row, new, own in zip(kept, added, back, strict=True)
    ]
    return stayed, [new[~own] for new, own in zip(added, back, strict=True)]


def _information(model: Willshaw, means: np.ndarray) -> float:
    """Bits in a synapse of mean rates: the definition of `theory.sdr.willshaw.information`."""
    bits = _mutual(model.a_out / model.n_out, means[0], means[1])
    if model.auto:
        bits -= _mutual(model.a_in / model.n_in, means[2], means[3])
    return model.n_patterns * model.n_out * bits / model.n_synapses


def _mutual(share: float, spurious: float, missing: float) -> float:
    """Mutual information of a binary cell and what is recalled of it, from the joint law."""
    joint = np.array(
        [
            [(1.0 - share) * (1.0 - spurious), (1.0 - share) * spurious],
            [share * missing, share * (1.0 - missing)],
        ]
    )
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    held = joint > 0.0
    return float((joint[held] * np.log2(joint[held] / apart[held])).sum())


def _pseudo_values(rows: np.ndarray, of: Callable[[np.ndarray], float]) -> np.ndarray:
    """Jackknife: R f(mean) - (R - 1) f(mean without row r); bias of order 1/R^2."""
    number, total = len(rows), rows.sum(axis=0)
    whole = of(total / number)
    without = np.array([of(np.clip((total - row) / (number - 1), 0.0, 1.0)) for row in rows])
    return number * whole - (number - 1) * without
