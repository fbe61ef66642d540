"""Trials of macs under random inputs: codes of similar inputs, stored items recalled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ... import _validate as check
from ...estimates import Estimate, Replicated
from .._seeds import state
from ..noise import Drop, Kill, Replace, Swap
from .mac import Mac
from .stored import CodeOverlap, StoredItems

RECALLS = 20  # of one mac, all different items
_BLOCK = 16  # macs that draw from one stream, one after another


def simulate(
    model: CodeOverlap | StoredItems,
    *,
    trials: int,
    seed: int,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Estimate]:
    """Codes of similar inputs, or items recalled, in independent macs.

    Inputs and codes are drawn anew in each mac; it learns and is asked by the kernels of
    `MacMemory`.

    Parameters
    ----------
    model : CodeOverlap or StoredItems
    trials : int
        Macs, >= 2.
    seed : int
        Root of all random numbers, >= 0.
    workers : int
        Threads; numbers do not depend on it.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    dict of Replicated
        One value for each mac. Of CodeOverlap ``intersection`` and ``familiarity``; of StoredItems
        ``load``, and the means over up to 20 different items recalled, drawn uniformly from those
        learned, of ``crosstalk`` and ``recalled``. A cue outside the mac's bounds of activity
        finds no code, so that nothing is recalled.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range, inputs of the model's size leave the
        mac inactive, or its weights fade.

    Notes
    -----
    Cost of a mac: Q K n/64 words emptied, and for each input learned or recalled at most
    Q K min(a, n/64) population counts and Q K exponentials (none for maxima, nor where G <= G_-).
    Memory Q K n/8 bytes for each worker, and S (a + Q) integers for StoredItems.
    """
    from tqdm import tqdm

    if not isinstance(model, (CodeOverlap, StoredItems)):
        raise TypeError(f"model must be a CodeOverlap or StoredItems, got {model!r}")
    trials = check.integer("trials", trials, 2)
    seed = check.integer("seed", seed, 0)
    workers = check.integer("workers", workers, 1)
    if model.mac.permanence is not None:
        raise ValueError(
            f"mac.permanence must be None: weights of trials do not fade, got "
            f"{model.mac.permanence!r}"
        )
    most = model.n_features if model.mac.pi_plus is None else model.mac.pi_plus
    if not model.mac.pi_minus <= model.size <= most:
        raise ValueError(
            f"size must be between the mac's pi_minus and pi_plus, {model.mac.pi_minus} and "
            f"{most}, got {model.size}"
        )
    run = _overlaps if isinstance(model, CodeOverlap) else _recalls
    names = ("intersection", "familiarity")
    if isinstance(model, StoredItems):
        names = ("load", "crosstalk", "recalled")
    rows = np.empty((trials, len(names)))
    blocks = [rows[k : k + _BLOCK] for k in range(0, trials, _BLOCK)]
    seeds = np.random.SeedSequence(seed).spawn(len(blocks))
    with ThreadPoolExecutor(workers) as pool:
        done = pool.map(lambda own, out: run(model, state(np.random.default_rng(own)), out),
                        seeds, blocks)  # fmt: skip
        hidden = None if progress else True
        for _ in tqdm(done, "macs", len(blocks), disable=hidden, leave=False, unit_scale=_BLOCK):
            pass
    return {name: Replicated(rows[:, k], "macs") for k, name in enumerate(names)}


def _limits(mac: Mac, n: int) -> np.ndarray:
    """What the kernels need of a mac beside its selection."""
    from ..kernels import mac as kernels

    limits = np.full(8, np.inf)
    limits[kernels.LEAST], limits[kernels.NU] = mac.pi_minus, mac.nu
    limits[kernels.EXPECTED] = mac.expected or 0.0
    limits[kernels.POWER] = mac.selection.lambda_u
    for place, value in (
        (kernels.MOST, mac.pi_plus),
        (kernels.CAP, mac.cap),
        (kernels.FREEZE, None if mac.freeze is None else mac.freeze * (n * mac.n_code)),
        (kernels.NOVELTY, mac.novelty),
    ):
        if value is not None:
            limits[place] = value
    return limits


def _empty(mac: Mac, n: int, a: int) -> tuple[np.ndarray, ...]:
    """Weights, held, scratch of supports, marks and sets."""
    from ..kernels.draws import mark_words

    return (
        np.zeros((-(-n // 64), mac.n_code), np.uint64),
        np.zeros(mac.n_code, np.int32),
        np.empty((3, mac.n_code)),
        np.zeros(mark_words(n), np.uint64),
        np.empty((4, a), np.int32),
    )


def _overlaps(model: CodeOverlap, single: np.ndarray, out: np.ndarray) -> None:
    from ..kernels.mac import numbers
    from ..kernels.mac_trials import overlap_trials

    mac, n, a = model.mac, model.n_features, model.size
    arrays = _empty(mac, n, a)
    rules = (_limits(mac, n), numbers(mac.selection), mac.n_modules, mac.n_units)
    overlap_trials(single, n, a, model.common, model.n_items, *rules, *arrays, out)


def _recalls(model: StoredItems, single: np.ndarray, out: np.ndarray) -> None:
    from ..kernels.mac import numbers
    from ..kernels.mac_trials import DROP, KILL, REPLACE, SWAP, stored_trials

    mac, n, a, noise = model.mac, model.n_features, model.size, model.noise
    kind = {Drop: DROP, Replace: REPLACE, Swap: SWAP, Kill: KILL}[type(noise)]
    bits = noise.cells if isinstance(noise, Kill) else noise.bits
    arrays = _empty(mac, n, a)
    items = np.empty((model.n_items, a), np.int32)
    codes = np.empty((model.n_items, mac.n_modules), np.int32)
    recalls = min(RECALLS, model.n_items)
    rules = (_limits(mac, n), numbers(mac.selection), mac.n_modules, mac.n_units)
    stored_trials(single, n, a, kind, bits, recalls, *rules, *arrays, items, codes, out)
