r"""Mean field of a mac at any selection and rules of learning: modules that know sizes alone.

What a unit holds is replaced by how many weights it has set: of a random input it meets
u ~ Hyp(n, w, a) features, independently of other units and, the one approximation beside that, of
other modules. Each module then is a chain of K numbers w, joined to its mac by G alone; winners are
drawn by their chances rho and take a - u weights more. It is solved by a population of macs.

Every rule of learning but ``permanence`` and ``recruit`` (novelty, cap, freeze, nu) acts on w, u
and G as in the model. An item is followed from when it was learned: the x of its features that a
unit holds then are held for good, and what the unit learns later covers the others by
Hyp(n - w, w' - w, a - x).

Exact for one item learned; for any number in everything but novelty and freeze where codes are
uniform, since modules then are independent of each other on average over inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ... import _validate as check
from ...sdr.sparsey.stored import CodeOverlap, StoredItems
from ._rules import cue_law, is_active, pi_of
from .selection import chances, familiarity, support

if TYPE_CHECKING:
    from ...sdr.sparsey.mac import Mac

_MOST_FEATURES = 10**9  # of hypergeometric numbers that NumPy draws
_ASKED = 20  # items of a mac that are followed


@dataclass(frozen=True, eq=False)
class MeanField:
    """Numbers of a model in a mean field; made by `mean_field`.

    Parameters
    ----------
    values : dict of str to float
        The numbers that the model asks for.
    errors : dict of str to float
        Standard errors of these, of the finite population.
    familiarity : ndarray, shape (n_items,)
        Mean G of each input as it came to be learned.
    held : ndarray, shape (n_items,)
        Mean fraction of weights set after each.
    """

    values: dict[str, float]
    errors: dict[str, float]
    familiarity: np.ndarray
    held: np.ndarray


@dataclass
class _Followed:
    """An item: features of it that units hold, weights they had set, and its code."""

    known: np.ndarray
    held: np.ndarray
    code: np.ndarray

    def keep(self, other: _Followed, mac: int) -> None:
        """Follow another item in one mac."""
        self.known[mac], self.held[mac] = other.known[mac], other.held[mac]
        self.code[mac] = other.code[mac]


class _Population:
    """Macs (macs, Q, K) of which each unit is its number of weights set."""

    def __init__(self, mac: Mac, n: int, a: int, macs: int, seed: int) -> None:
        self.mac, self.n, self.a = mac, n, a
        self.random = np.random.default_rng(seed)
        self.held = np.zeros((macs, mac.n_modules, mac.n_units), np.int64)

    def nothing(self) -> _Followed:
        """Room for an item of each mac."""
        return _Followed(
            np.zeros_like(self.held), np.zeros_like(self.held), np.zeros(self.held.shape[:2], int)
        )

    def learn(self) -> tuple[float, _Followed]:
        """One random input: its mean G, and what is known of it then."""
        mac, held = self.mac, self.held
        known = self.random.hypergeometric(held, self.n - held, self.a)
        v = np.asarray(support(mac, known, self.a, held))
        g = np.asarray(familiarity(v))
        rho = np.cumsum(chances(mac.selection, v, g), axis=-1)
        drawn = self.random.random(rho.shape[:-1]) * rho[..., -1]
        code = (drawn[..., None] >= rho).sum(axis=-1)
        code = np.minimum(code, mac.n_units - 1)[..., None]
        before = np.take_along_axis(held, code, -1)[..., 0]
        open_ = np.ones(before.shape, bool)
        if mac.novelty is not None:
            open_ &= (g < mac.novelty)[:, None]
        if mac.freeze is not None:
            most = mac.freeze * self.n * mac.n_code
            open_ &= (held.sum(axis=(-2, -1)) < most)[:, None]
        if mac.cap is not None:
            open_ &= before < mac.cap * pi_of(mac, self.a)
        had = np.take_along_axis(known, code, -1)[..., 0]
        gained = np.where(open_, self.a - had, 0)
        np.put_along_axis(held, code, (before + gained)[..., None], -1)
        np.put_along_axis(known, code, (had + gained)[..., None], -1)
        return float(g.mean()), _Followed(known, held, code[..., 0])

    def sums(
        self, item: _Followed, overlap: int | np.ndarray, active: int | np.ndarray
    ) -> np.ndarray:
        """Sums u for a cue of ``active`` features of which ``overlap`` are the item's."""
        n, a, draw = self.n, self.a, self.random.hypergeometric
        known = item.known + draw(self.held - item.held, n - self.held, a - item.known)
        return draw(known, a - known, overlap) + draw(
            self.held - known, n - a - (self.held - known), active - overlap
        )


def _share(known: np.ndarray, code: np.ndarray) -> np.ndarray:
    """Of values (macs, Q, K) those of the code's units: (macs, Q)."""
    return np.take_along_axis(known, code[..., None], -1)[..., 0]


def mean_field(
    model: CodeOverlap | StoredItems, *, macs: int | None = None, seed: int = 0
) -> MeanField:
    """Numbers of a model in a mean field, at any selection and rules but permanence and recruit.

    Parameters
    ----------
    model : CodeOverlap or StoredItems
    macs : int, optional
        Macs of the population, from 2 to 2^20; by default as many as have some 1000 modules, at
        least 20.
    seed : int
        Of the population's random numbers.

    Returns
    -------
    MeanField

    Raises
    ------
    TypeError
        If ``model`` is neither, or an argument is of the wrong type.
    ValueError
        If an argument or n is out of range, the mac is silent for inputs of the model's size, its
        weights fade, or its modules ``recruit`` units.

    Notes
    -----
    S Q K draws for each mac, about 0.3 us each, whatever n and a. Left out are correlations of
    modules, which see the same inputs, and that an item changes which units win later ones. Beside
    simulations of 340 random macs with the default Selection (Q from 1 to 32, K from 2 to 20, n
    from 20 to 300, up to 100 items, with any of the rules) its 782 numbers were off by 0.011 (root
    mean square) and 0.083 at most: recall and familiarity by up to 8 % of their values, load by up
    to 13 %, but a small crosstalk by up to a third, and the intersection of inputs that share much
    with all others by up to 37 %.

    Examples
    --------
    >>> from assocmem.sdr.sparsey import Mac, StoredItems
    >>> found = mean_field(StoredItems(Mac(24, 8), n_features=200, size=20, n_items=60))
    >>> round(found.values["load"], 2)  # 0.53 with uniform codes; 0.305 in simulations
    0.31
    """
    if not isinstance(model, (CodeOverlap, StoredItems)):
        raise TypeError(f"model must be a CodeOverlap or a StoredItems, got {model!r}")
    mac, n, a, items = model.mac, model.n_features, model.size, model.n_items
    if macs is None:
        macs = max(20, -(-1000 // mac.n_modules))
    macs = check.integer("macs", macs, 2, 2**20)
    seed = check.integer("seed", seed, 0)
    if mac.permanence is not None:
        raise ValueError(f"mac.permanence must be None in a mean field, got {mac.permanence!r}")
    if n >= _MOST_FEATURES:
        raise ValueError(f"n_features must be below {_MOST_FEATURES} in a mean field, got {n}")
    if mac.recruit is not None:
        raise ValueError(f"mac.recruit must be None in a mean field, got {mac.recruit:g}")
    if not is_active(mac, a):
        raise ValueError(
            f"mac.pi_minus and mac.pi_plus must include size, got {mac.pi_minus} and "
            f"{mac.pi_plus} with {a}"
        )
    population = _Population(mac, n, a, macs, seed)
    # Which of the items followed in a mac is the one of each step, if any.
    slots = np.full((macs, items), -1)
    if isinstance(model, CodeOverlap):
        slots[:, 0] = 0
    else:
        for row in slots:
            chosen = population.random.permutation(items)[:_ASKED]
            row[chosen] = np.arange(len(chosen))
    followed = [population.nothing() for _ in range(slots.max() + 1)]
    g, held = np.empty(items), np.empty(items)
    for step in range(items):
        g[step], item = population.learn()
        held[step] = population.held.mean() / n
        for i in np.nonzero(slots[:, step] >= 0)[0]:
            followed[slots[i, step]].keep(item, i)
    if isinstance(model, CodeOverlap):
        rows = _overlap_rows(population, followed[0], model)
    else:
        rows = _recall_rows(population, followed, model)
    values = {name: min(1.0, float(row.mean())) for name, row in rows.items()}
    errors = {name: float(row.std(ddof=1) / np.sqrt(macs)) for name, row in rows.items()}
    return MeanField(values, errors, g, held)


def _overlap_rows(
    population: _Population, first: _Followed, model: CodeOverlap
) -> dict[str, np.ndarray]:
    """One value for each mac."""
    mac, a = model.mac, model.size
    u = population.sums(first, model.common, a)
    v = np.asarray(support(mac, u, a, population.held))
    g = np.asarray(familiarity(v))
    rho = _share(chances(mac.selection, v, g), first.code)
    return {"intersection": rho.mean(axis=-1), "familiarity": g}


def _recall_rows(
    population: _Population, followed: list[_Followed], model: StoredItems
) -> dict[str, np.ndarray]:
    """One value for each mac."""
    mac, n, a = model.mac, model.n_features, model.size
    macs, q, k = population.held.shape
    rows = {name: np.zeros(macs) for name in ("load", "crosstalk", "recalled")}
    rows["load"] = population.held.mean(axis=(-2, -1)) / n
    chance, overlaps, actives = (np.array(column) for column in zip(*cue_law(model), strict=True))
    for item in followed:
        cue = population.random.choice(len(chance), macs, p=chance / chance.sum())
        overlap, active = (column[cue][:, None, None] for column in (overlaps, actives))
        u = population.sums(item, overlap, active)
        outside = u.sum(axis=(-2, -1)) - _share(u, item.code).sum(axis=-1)
        rows["crosstalk"] += outside / (q * (k - 1) * a * len(followed))
        # A cue without features is never active: what stands for it is left out below.
        v = np.asarray(support(mac, u, np.maximum(active, 1), population.held))
        best = v >= v.max(axis=-1, keepdims=True) * (1.0 - 1e-12)
        won = _share(best / best.sum(axis=-1, keepdims=True), item.code).mean(axis=-1)
        awake = [is_active(mac, int(number)) for number in active.ravel()]
        rows["recalled"] += np.where(awake, won, 0.0) / len(followed)
    return rows


def field_capacity(
    model: StoredItems, level: float = 0.9, *, macs: int | None = None, seed: int = 0
) -> float:
    """Number of items at which recall falls to ``level`` in the mean field, to a few per cent.

    What `capacity` gives to the item where codes are uniform, at any selection and rules.

    Parameters
    ----------
    model : StoredItems
        Its own number of items plays no part.
    level : float
        Mean fraction of modules whose winner is right, in (1/K, 1).
    macs, seed : int
        As for `mean_field`.

    Returns
    -------
    float
        Interpolated in ln S between neighbours at most 10 %, or one item, apart; 0 where not even
        one item is recalled so well.

    Raises
    ------
    TypeError, ValueError
        As `mean_field` does, or for capacities beyond 2^16.

    Notes
    -----
    By doubling and bisection, some log2 S + 4 mean fields of up to 2 S items.
    """
    if not isinstance(model, StoredItems):
        raise TypeError(f"model must be a StoredItems, got {model!r}")
    least = 1.0 / model.mac.n_units
    level = check.real("level", level, least, 1.0, open_low=True, open_high=True)

    def right(number: int) -> float:
        asked = replace(model, n_items=number)
        return mean_field(asked, macs=macs, seed=seed).values["recalled"]

    low, above = 1, right(1)
    if above < level:
        return 0.0
    high, below = 2, right(2)
    while below >= level:
        if high >= 2**16:
            raise ValueError(f"level must be one that 2^16 items reach, got {level:g}")
        low, above, high = high, below, 2 * high
        below = right(high)
    while high > 1.1 * low and high - low > 1:
        middle = round(np.sqrt(low * high))
        value = right(middle)
        if value >= level:
            low, above = middle, value
        else:
            high, below = middle, value
    share = (above - level) / (above - below)
    return float(low * (high / low) ** share)
