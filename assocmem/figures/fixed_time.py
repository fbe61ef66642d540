"""Best match in fixed time: one mac beside searches of all items, on the same items and cues.

The mac answers from superposed codes. The searches are exact: all packed rows of features, the
inverted index (the lists of items of each active feature), and faiss's flat binary index where that
library is there. One thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

    from ..sdr import Codebook

_COLORS = {
    "mac": "#0072b2",
    "scan": "#d55e00",
    "inverted index": "#009e73",
    "faiss": "#cc79a7",
}
_CUES = 50  # a call, but of searches of many items, which take one
_FEW = 4000  # items up to which all cues of a call are compared at once, which is faster there
_ITEMS = 50  # a call of storing, at most
_CHI, _SIGMA_2 = 100.0, 80.0


def compute(
    *,
    n: int = 2048,
    active: int = 20,
    modules: int = 16,
    units: int = 2048,
    numbers: Sequence[int] = (100, 300, 1000, 3000, 10_000, 30_000, 100_000),
    replaced: int = 3,
    common: int = 0,
    families: int = 1000,
    g_minus: float = 0.95,
    turns: int = 0,
    cues: int = 1000,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Time and quality of best-match recall, against the number of stored items.

    Items are sets of ``active`` of ``n`` features, drawn uniformly, or in families: then ``common``
    features of each are of the ``active`` ones of its family's prototype, the others uniform
    outside it. Cues are stored items of which some features are replaced by as many others.

    Parameters
    ----------
    n : int
        Features, >= 2.
    active : int
        a, from 1 to n/2.
    modules, units : int
        Q and K of the mac.
    numbers : sequence of int
        Stored items, rising, the lowest >= 1.
    replaced : int
        Features of a cue that are others, from 0 to a.
    common : int
        From 0 to a.
    families : int
        >= 1.
    g_minus : float
        G_- of the mac, in [0, 1): above the familiarity that new items have from crosstalk, else
        they are given codes of old ones, whose units hold more and more.
    turns : int
        See `ItemMemory.best_match`.
    cues : int
        >= 1.
    seed : int
        >= 0.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        For each number of items ``stored``: ``store_time``, median seconds for an item that the mac
        stores, in calls of 50, without those in which the list of codes grows, which enter all of
        it anew; ``recall_time`` (search, stored), median seconds for a cue; ``right``, the fraction
        of cues for which the item found is the one they were made from; ``bytes``, memory;
        ``fill``, the fraction of the mac's weights that are set; ``read``, the fraction of cues for
        which the item read back from its weights is the right one in every feature.
    """
    import xarray as xr
    from tqdm import tqdm

    from ..sdr import Codebook, Mac, Selection
    from ..sdr.noise import Replace
    from ..sdr.sparsey.items import ItemMemory

    n = check.integer("n", n, 2)
    active = check.integer("active", active, 1, n // 2)
    replaced = check.integer("replaced", replaced, 0, active)
    common = check.integer("common", common, 0, active)
    families = check.integer("families", families, 1)
    numbers = [check.integer(f"numbers[{k}]", each, 1) for k, each in enumerate(numbers)]
    if not numbers:
        raise ValueError("numbers must hold at least one entry, got none")
    if sorted(set(numbers)) != numbers:
        raise ValueError(f"numbers must rise, got {numbers}")
    cues = check.integer("cues", cues, 1)
    turns = check.integer("turns", turns, 0)
    rng = np.random.default_rng(check.integer("seed", seed, 0))
    # The sigmoid rises half way from G_- to 1.
    g_minus = check.real("g_minus", g_minus, 0.0, 1.0, open_high=True)
    selection = Selection(
        g_minus=g_minus, chi=_CHI, sigma_2=_SIGMA_2, sigma_3=(1.0 + g_minus) / 2.0
    )
    mac = Mac(modules, units, selection)
    _warm(mac, n, active, turns)
    items = _items(n, active, numbers[-1], common, families, rng)
    memory = ItemMemory(mac, n, seed=seed)
    found: dict[str, list[Any]] = {name: [] for name in ("store", "fill", "read", "rows")}
    stored = 0
    bar = tqdm(numbers, "items", disable=None if progress else True, leave=False)
    for number in bar:
        step = min(_ITEMS, -(-(number - stored) // 4))
        parts = [items[k : min(k + step, number)] for k in range(stored, number, step)]
        found["store"].append(
            _median([_timed(memory.store, part)[0] / len(part) for part in parts])
        )
        stored = number
        asked = rng.integers(0, number, cues)
        noisy = Codebook(n, [items[int(k)].with_noise(Replace(replaced), rng) for k in asked])
        read = memory.recall(noisy, size=active, turns=turns)
        whole = [item == items[int(k)] for item, k in zip(read, asked, strict=True)]
        found["read"].append(np.mean(whole))
        found["fill"].append(memory.load)
        rows = {"mac": (lambda part: memory.best_match(part, turns=turns)[0], memory.nbytes)}
        rows |= _searches(items[:number])
        found["rows"].append(
            [
                _asked(*entry, noisy, asked, _CUES if name == "mac" or number <= _FEW else 1)
                for name, entry in rows.items()
            ]
        )
    table = np.array(found["rows"]).transpose(2, 1, 0)
    both = ("search", "stored")
    return xr.Dataset(
        {
            "store_time": ("stored", found["store"], {"units": "s"}),
            "recall_time": (both, table[0], {"units": "s"}),
            "right": (both, table[1]),
            "bytes": (both, table[2], {"units": "byte"}),
            "fill": ("stored", found["fill"]),
            "read": ("stored", found["read"]),
        },
        coords={"search": list(rows), "stored": numbers},
        attrs={
            "n": n, "active": active, "modules": modules, "units": units, "replaced": replaced,
            "common": common, "families": families, "g_minus": g_minus, "turns": turns,
            "cues": cues, "seed": seed,
        },
    )  # fmt: skip


def _items(
    n: int, active: int, count: int, common: int, families: int, rng: np.random.Generator
) -> Codebook:
    """Items, uniform or in families."""
    from ..sdr import Codebook, Uniform
    from ..sdr.noise import Replace

    law = Uniform(n, active)
    if common == 0:
        return Codebook.draw(law, count, rng)
    prototypes = [law.draw(rng) for _ in range(families)]
    chosen = rng.integers(0, families, count)
    noise = Replace(active - common)
    return Codebook(n, (prototypes[k].with_noise(noise, rng) for k in chosen.tolist()))


def _warm(mac: Any, n: int, active: int, turns: int) -> None:
    """Compile what is timed."""
    from ..sdr import Codebook, Uniform
    from ..sdr.sparsey.items import ItemMemory

    memory, few = ItemMemory(mac, n), Codebook.draw(Uniform(n, active), 3, 0)
    memory.store(few)
    memory.best_match(few, turns=turns)
    memory.recall(few, turns=1)
    for search, _ in _searches(few).values():
        search(few)


def _searches(items: Codebook) -> dict[str, tuple[Callable, int]]:
    """Exact searches by name: rows of the best item of each cue, and bytes of memory."""
    from ..dendrites.segments import Segments
    from ..sdr.kernels.packed import overlap_rows, overlap_tables

    table, number = items.packed, len(items)
    overlaps = np.empty((_CUES if number <= _FEW else 1, number), np.int32)

    def scan(part: Codebook) -> np.ndarray:
        if number <= _FEW:
            out = overlaps[: len(part)]
            overlap_tables(part.packed, table, out)
            return out.argmax(1)
        found = np.empty(len(part), np.int64)
        for k, cue in enumerate(part.packed):
            overlap_rows(table, cue, overlaps[0])
            found[k] = overlaps[0].argmax()
        return found

    cells = [item.sparse for item in items]
    indptr = np.concatenate([[0], np.cumsum([len(each) for each in cells])])
    index = Segments(items.n, 1, indptr, np.concatenate(cells))
    counts = np.empty(number, np.uint16)

    def lists(part: Codebook) -> np.ndarray:
        return np.array([index.counts(item, out=counts).argmax() for item in part])

    found: dict[str, tuple[Callable, int]] = {
        "scan": (scan, table.nbytes),
        "inverted index": (lists, index.nbytes),
    }
    try:
        import faiss
    except ImportError:
        return found
    faiss.omp_set_num_threads(1)
    flat = faiss.IndexBinaryFlat(64 * table.shape[1])
    flat.add(_octets(table))

    def library(part: Codebook) -> np.ndarray:
        return flat.search(_octets(part.packed), 1)[1][:, 0]

    return found | {"faiss": (library, table.nbytes)}


def _octets(table: np.ndarray) -> np.ndarray:
    """The same bits as bytes, which faiss takes."""
    return np.ascontiguousarray(table).view(np.uint8)


def _asked(
    search: Callable, size: int, noisy: Codebook, asked: np.ndarray, step: int
) -> tuple[float, float, int]:
    """Median seconds for a cue, the fraction of items that are right, and bytes."""
    times, right = [], 0
    for first in range(0, len(noisy), step):
        part = noisy[first : first + step]
        seconds, found = _timed(search, part)
        times.append(seconds / len(part))
        right += int(np.sum(found == asked[first : first + step]))
    return _median(times), right / len(noisy), size


def _timed(call: Callable, *arguments: Any) -> tuple[float, Any]:
    start = time.perf_counter()
    found = call(*arguments)
    return time.perf_counter() - start, found


def _median(times: list[float]) -> float:
    return float(np.median(times))


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Times above, the fraction of cues recalled right below; on Axes given, times alone.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `compute`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of two panels by default.

    Returns
    -------
    matplotlib.axes.Axes
        That of the times.
    """
    below = None
    if ax is None:
        import matplotlib.pyplot as plt

        _, (ax, below) = plt.subplots(
            2, 1, sharex=True, figsize=(5.6, 6.2), layout="constrained", height_ratios=(2, 1)
        )
    items, given = dataset["stored"].values, dataset.attrs
    micro = 1e6
    ax.loglog(items, micro * dataset["store_time"], color=_COLORS["mac"], linestyle="--",
              marker="s", markersize=4, label="mac, an item stored")  # fmt: skip
    names = {"scan": "scan of packed rows", "faiss": "faiss, IndexBinaryFlat"}
    for method in dataset["search"].values.tolist():
        of = dataset.sel(search=method)
        color = _COLORS[method]
        label = "mac, a cue" if method == "mac" else names.get(method, method)
        ax.loglog(items, micro * of["recall_time"], color=color, marker="o", markersize=4,
                  label=label)  # fmt: skip
        if below is not None and method in ("mac", "scan"):
            below.semilogx(items, of["right"], color=color, marker="o", markersize=4,
                           label="mac" if method == "mac" else "exact search")  # fmt: skip
    ax.set_ylabel(r"time per item or cue ($\mu$s)")
    title = (
        rf"$n={given['n']}$, $a={given['active']}$, $Q={given['modules']}$, $K={given['units']}$; "
        f"{given['replaced']} of {given['active']} features replaced"
    )
    if given["common"]:
        title += f"\n{given['families']} families, {given['common']} features of their prototypes"
    ax.set_title(title, fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper left")
    bottom = ax if below is None else below
    bottom.set_xlabel("stored items")
    if below is not None:
        below.semilogx(items, dataset["read"], color=_COLORS["mac"], linestyle=":", marker="x",
                       markersize=4, label="mac, every feature read back")  # fmt: skip
        below.plot(items, dataset["fill"], color="#555555", linewidth=0.9,
                   label="weights set")  # fmt: skip
        below.set_ylim(0.0, 1.05)
        below.set_ylabel("fraction right")
        below.legend(frameon=False, fontsize="small", loc="center left")
    return ax
