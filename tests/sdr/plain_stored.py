"""CodeOverlap and StoredItems by lists of every outcome of tiny macs, driving the plain mac."""

from __future__ import annotations

import functools
import itertools
from math import comb

import numpy as np
from plain_sparsey import Input, PlainMac

from assocmem.sdr import Drop, Kill, Replace


def given(cells):
    """What a mac sees of a set of features."""
    return {"u": Input([(np.array(sorted(cells), int), 1.0)] if cells else [])}


def choices(mac, looked, cells):
    """Every (chance, winner, whether it learns) of each module for an input to be learned."""
    if mac.mac.recruit is None:
        learns = mac.learns(looked.g)
        return [[(float(p), k, learns) for k, p in enumerate(row)] for row in looked.rho]
    found = []
    for v, free in zip(looked.v, mac.recruits(looked.v, given(cells)), strict=True):
        best, taken = v >= v.max() - 1e-12, mac.mac.recruit if free.any() else 0.0
        entries = [(taken / free.sum(), k, True) for k in np.flatnonzero(free)]
        entries += [((1.0 - taken) / best.sum(), k, False) for k in np.flatnonzero(best)]
        found.append([entry for entry in entries if entry[0] > 0.0])
    return found


def after_learning(mac, cells):
    """Every (chance, mac, code) after one input was presented to be learned."""
    mac = mac.copy()
    mac.tick()
    (looked,) = mac.look(given(cells), learning=True)
    for entries in itertools.product(*choices(mac, looked, cells)):
        chances, code, learns = zip(*entries, strict=True)
        other = mac.copy()
        if any(learns):
            other.learn(given(cells), code, modules=learns)
        yield float(np.prod(chances)), other, code


def overlap(model):
    """Numbers of a CodeOverlap, exactly."""
    n, a = model.n_features, model.size
    first = tuple(range(a))
    sets = list(itertools.combinations(range(n), a))
    # The first code is uniform, and all of them are alike.
    start, codes = PlainMac(model.mac, {"u": n}), model.mac.n_units**model.mac.n_modules
    states = [
        (p * codes, state) for p, state, code in after_learning(start, first) if not any(code)
    ]
    for _ in range(model.n_items - 1):
        states = [
            (weight * chance / len(sets), state)
            for weight, old in states
            for cells in sets
            for chance, state, _ in after_learning(old, cells)
        ]
    last = [cells for cells in sets if len(set(cells) & set(first)) == model.common]
    found = {"intersection": 0.0, "familiarity": 0.0}
    for weight, state in states:
        state.tick()
        for cells in last:
            (looked,) = state.look(given(cells), learning=True)
            entries = [entry for row in choices(state, looked, cells) for entry in row]
            same = sum(chance for chance, winner, _ in entries if winner == 0)
            found["intersection"] += weight * same / model.mac.n_modules / len(last)
            found["familiarity"] += weight * looked.g / len(last)
    return found


def noisy(cells, n, noise):
    """Every (chance, cells) that noise makes of an item."""
    cells = set(cells)
    if isinstance(noise, Kill):
        for dead in itertools.combinations(range(n), noise.cells):
            yield 1.0 / comb(n, noise.cells), cells - set(dead)
        return
    lost = noise.bits
    for kept in itertools.combinations(sorted(cells), len(cells) - lost):
        chance = 1.0 / comb(len(cells), lost)
        if isinstance(noise, Drop):
            yield chance, set(kept)
            continue
        silent = set(range(n)) - (cells if isinstance(noise, Replace) else set(kept))
        for new in itertools.combinations(sorted(silent), lost):
            yield chance / comb(len(silent), lost), set(kept) | set(new)


def asked(mac, cells):
    """Sums of u, and each unit's chance to win its module, in retrieval."""
    sums = mac.weights["u"][sorted(cells)].sum(axis=0)
    if not mac.in_bounds(given(cells)["u"]):
        return sums, np.zeros(sums.shape)
    v = mac.support(given(cells), ("u",))
    best = v >= v.max(axis=1, keepdims=True) - 1e-12
    return sums, best / best.sum(axis=1, keepdims=True)


def stored(model):
    """Numbers of a StoredItems, exactly."""
    n, a, mac = model.n_features, model.size, model.mac
    sets = list(itertools.combinations(range(n), a))
    states = [(1.0, PlainMac(mac, {"u": n}), ())]
    for item in range(model.n_items):
        # All first inputs and codes are alike: one stands for all.
        chosen = sets if item else [tuple(range(a))]
        states = [
            (weight * chance / len(chosen), state, (*items, (cells, code)))
            for weight, old, items in states
            for cells in chosen
            for chance, state, code in after_learning(old, cells)
            if item or not any(code)
        ]
    total = sum(weight for weight, _, _ in states)
    cues = {cells: list(noisy(cells, n, model.noise)) for cells in sets}
    modules = range(mac.n_modules)
    found = dict.fromkeys(("load", "crosstalk", "recalled"), 0.0)
    for weight, state, items in states:
        found["load"] += weight / total * state.weights["u"].mean()
        ask = functools.lru_cache(functools.partial(asked, state))
        for cells, code in items:
            for chance, shown in cues[cells]:
                part = weight / total * chance / len(items)
                sums, won = ask(frozenset(shown))
                outside = (sums.sum() - sums[modules, code].sum()) / (sums.size - mac.n_modules)
                found["crosstalk"] += part * outside / a
                found["recalled"] += part * won[modules, code].sum() / mac.n_modules
    return found
