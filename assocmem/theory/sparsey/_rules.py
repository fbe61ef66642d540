"""When formulas of a mac are exact, and refusals of models of which they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...sdr.noise import Kill, Replace, Swap
from ._cover import hypergeometric_law

if TYPE_CHECKING:
    from ...sdr.sparsey.mac import Mac
    from ...sdr.sparsey.stored import CodeOverlap, StoredItems

_RARE = 1e-20  # chance of a cue that is left out
_MOST_ITEMS = 2**53  # whole numbers beyond are no doubles


def pi_of(mac: Mac, active: int) -> int:
    """What sums over ``active`` afferents are normalised by."""
    return active if mac.expected is None else mac.expected


def most_familiar(mac: Mac, size: int) -> float:
    """The largest G that an input of ``size`` features can have."""
    return min(1.0, size / pi_of(mac, size)) ** mac.selection.lambda_u


def uniform_codes(mac: Mac, size: int) -> bool:
    """Whether inputs of ``size`` features get uniform, independent codes whatever was learned.

    So it is where chi = 0, sigma_2 = 0, lambda_u = 0, or no input is familiar beyond g_minus.
    """
    selection = mac.selection
    return (
        selection.chi == 0.0
        or selection.sigma_2 == 0.0
        or selection.lambda_u == 0.0
        or most_familiar(mac, size) <= selection.g_minus
    )


def is_active(mac: Mac, active: int) -> bool:
    """Whether an input of ``active`` features makes the mac active."""
    return mac.pi_minus <= active and (mac.pi_plus is None or active <= mac.pi_plus)


def keeps_first(mac: Mac, size: int) -> bool:
    """Whether a unit holds the first input that falls to it, and no other (cap <= 1 or so)."""
    return mac.cap is not None and mac.cap * pi_of(mac, size) <= size


def refuse_learning(
    mac: Mac, n_features: int, size: int, n_items: int, *, uniform: bool = True
) -> None:
    """Raise where the items are not all learned as plain formulas have it.

    Rules that cannot matter for so few items pass, and so does a cap that `keeps_first`.
    ``uniform`` says that codes have to be so. A weight of the first item is still there when an
    input follows the last one if its lifetime is above the number of items.
    """
    if mac.recruit is not None:
        raise ValueError(f"mac.recruit must be None for theory, got {mac.recruit:g}; simulate it")
    if not is_active(mac, size):
        raise ValueError(
            f"mac.pi_minus and mac.pi_plus must include size for theory, got {mac.pi_minus} and "
            f"{mac.pi_plus} with {size}"
        )
    if n_items > _MOST_ITEMS:
        raise ValueError(f"n_items must be at most {_MOST_ITEMS} for theory, got {n_items}")
    # Where lambda_u = 0 even the first input is wholly familiar.
    familiar = n_items > 1 or mac.selection.lambda_u == 0.0
    if familiar and mac.novelty is not None and mac.novelty <= most_familiar(mac, size):
        raise ValueError(
            f"mac.novelty must be None, or above any G, for theory, got {mac.novelty:g}; "
            "simulate it instead"
        )
    if n_items > 1:
        held = (n_items - 1) * size  # most weights of a unit before the last item
        if uniform and not uniform_codes(mac, size):
            raise ValueError(
                "mac.selection.chi must be 0 for exact theory of several items, or sigma_2 or "
                f"lambda_u be, or no input be familiar beyond g_minus, got {mac.selection!r}"
            )
        if mac.freeze is not None and held >= mac.freeze * n_features * mac.n_units:
            raise ValueError(
                f"mac.freeze must be None, or out of reach, for theory, got {mac.freeze:g}; "
                "simulate it instead"
            )
        if (
            mac.cap is not None
            and not keeps_first(mac, size)
            and min(held, n_features) >= mac.cap * pi_of(mac, size)
        ):
            raise ValueError(
                "mac.cap must be None, out of reach, or reached by one item for theory, got "
                f"{mac.cap:g}; simulate it instead"
            )
    if mac.permanence is not None and mac.permanence.lifetime <= n_items:
        raise ValueError(
            f"mac.permanence must be None, or its lifetime be above {n_items} for theory, got "
            f"{mac.permanence!r}; simulate it instead"
        )


def one_size_held(mac: Mac, n_features: int, size: int, n_items: int, least_pi: int) -> bool:
    """Whether supports follow from sums alone, weights set being ``size`` or of no account.

    So it is at nu = 0, where a unit keeps one item, and where no unit can hold more than pi.
    """
    reach = min(n_items * size, n_features)
    return mac.nu == 0.0 or n_items == 1 or keeps_first(mac, size) or reach <= least_pi


def held_by(mac: Mac, size: int, n_items: int) -> int | None:
    """Weights set that `support` has to know of: those of one item, where nu can matter."""
    return size if mac.nu > 0.0 and (n_items == 1 or keeps_first(mac, size)) else None


def cue_law(model: StoredItems) -> list[tuple[float, int, int]]:
    """Chance, overlap with the item and active features of each outcome of the noise.

    Chances below 1e-20 are left out.
    """
    n, a, noise = model.n_features, model.size, model.noise
    if isinstance(noise, Kill):
        lost = hypergeometric_law(n, noise.cells, a)
        cases = [(w, a - d, a - d) for d, w in enumerate(lost)]
    elif isinstance(noise, Swap):
        v = noise.bits
        back = hypergeometric_law(n - a + v, v, v) if v else np.ones(1)
        cases = [(w, a - v + r, a) for r, w in enumerate(back)]
    else:
        cases = [(1.0, a - noise.bits, a if isinstance(noise, Replace) else a - noise.bits)]
    return [(float(w), o, active) for w, o, active in cases if w > _RARE]


def require(value: object, kind: str, name: str = "model") -> None:
    """Raise where an argument is of another class."""
    if type(value).__name__ != kind:
        raise TypeError(f"{name} must be a {kind}, got {value!r:.200}")


def chance_active(model: StoredItems) -> float:
    """P[the cue makes the mac active]."""
    law = cue_law(model)
    total = sum(weight for weight, _, _ in law)
    return sum(weight for weight, _, active in law if is_active(model.mac, active)) / total


def refuse_stored(model: StoredItems, *, approximate: bool = False) -> None:
    """Raise where formulas for a mac with stored items do not hold."""
    require(model, "StoredItems")
    mac, a = model.mac, model.size
    refuse_learning(mac, model.n_features, a, model.n_items, uniform=not approximate)


def refuse_overlap(model: CodeOverlap, *, approximate: bool = False) -> None:
    """Raise where formulas for codes of two similar inputs do not hold."""
    require(model, "CodeOverlap")
    mac, a, items = model.mac, model.size, model.n_items
    refuse_learning(mac, model.n_features, a, items, uniform=not approximate)
