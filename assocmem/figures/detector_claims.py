"""Numbers that papers on active dendrites state in their text, beside the exact ones.

Ahmad and Hawkins (arXiv:1601.00720), Hawkins and Ahmad (Front. Neural Circuits 10, 2016, 23) and
Ahmad and Hawkins (arXiv:1503.07469), as far as the texts and tables were at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray


def _statements() -> list[tuple[str, float, float]]:
    """What is said, the stated number, and log10 of the exact one."""
    from ..theory.sdr.many import any_of
    from ..theory.sdr.single import fn_drop, fp
    from ..theory.sdr.unions import union_fp

    rows = [
        ("n=10,000 a=300 s=30 theta=12: false positives", 2.28e-11, fp(10_000, 300, 30, 12)),
        ("the same, 60 cells lost: misses", 3.95e-8, fn_drop(300, 30, 12, 60)),
        ("theta=15, 1e6 segments: better than 1 in a billion", 1e-9,
         any_of(fp(10_000, 300, 30, 15), 10**6)),
        ("a=128 s=30 theta=16, half of the pattern lost: tolerated", 0.0,
         fn_drop(128, 30, 16, 64)),
        ("n=200,000 a=2,000 s=theta=10", 9.8e-21, fp(200_000, 2000, 10, 10)),
        ("n=200,000 a=2,000 s=20 theta=10", 1.6e-18, fp(200_000, 2000, 20, 10)),
        ("n=1,024 a=20, exact match", 1.82e-42, fp(1024, 20, 20, 20)),
        ("n=20,000 a=40 theta=20", 4.4e-46, fp(20_000, 40, 40, 20)),
        ("union of 10, n=10,000 a=200 s=25 theta=15", 1.27e-4, union_fp(10_000, 200, 25, 15, 10)),
        ("union of 10, n=20,000 a=200 s=25 theta=15", 3.3e-8, union_fp(20_000, 200, 25, 15, 10)),
    ]  # fmt: skip
    return [(text, stated, float(found.log10)) for text, stated, found in rows]


def compute() -> xarray.Dataset:
    """Stated and exact numbers.

    Returns
    -------
    xarray.Dataset
        Over ``statement``: ``stated`` (0 where something is said never to happen), ``exact`` and
        ``log10_exact``.
    """
    import xarray as xr

    texts, stated, logs = zip(*_statements(), strict=True)
    return xr.Dataset(
        {
            "stated": ("statement", list(stated)),
            "exact": ("statement", [10.0**x for x in logs]),
            "log10_exact": ("statement", list(logs)),
        },
        coords={"statement": list(texts)},
    )


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Exact numbers as points, stated ones as crosses, red where they differ by over 3 %."""
    import numpy as np

    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.subplots(figsize=(9.0, 4.5), layout="constrained")[1]
    rows = np.arange(dataset.sizes["statement"])[::-1]
    stated, logs = dataset["stated"].values, dataset["log10_exact"].values
    ax.plot(logs, rows, "o", color="#0072b2", label="exact")
    for row, said, log in zip(rows, stated, logs, strict=True):
        log_said = np.log10(said) if said > 0.0 else -50.0
        right = abs(log_said - log) < np.log10(1.03)
        colour = "0.3" if right else "#d55e00"
        ax.plot(log_said, row, "x", color=colour, markersize=8, markeredgewidth=1.5, zorder=3)
        ax.plot([log_said, log], [row, row], color="#d55e00", linewidth=0.8)
        exact = f"{10 ** (log - np.floor(log)):.2f}e{int(np.floor(log))}"
        claim = f"{said:.2e}".replace("e-0", "e-") if said else "never"
        ax.text(3.5, row, f"{claim} / {exact}", fontsize="x-small", va="center")
    ax.plot([], [], "x", color="0.3", label="stated, and right within 3 %")
    ax.plot([], [], "x", color="#d55e00", label="stated, and off (never: at the left)")
    ax.set_yticks(rows, dataset["statement"].values, fontsize="x-small")
    ax.set_xlim(-52, 20)
    ax.set_xticks(range(-50, 1, 10))
    ax.set_xlabel("log10 of the probability")
    ax.text(3.5, -0.75, "stated / exact", fontsize="x-small", va="center")
    ax.set_ylim(-1.0, len(rows) - 0.5)
    ax.legend(
        frameon=False, fontsize="x-small", loc="lower left", bbox_to_anchor=(0.0, 1.0), ncol=3
    )
    return ax
