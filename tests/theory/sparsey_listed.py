"""Every outcome of one module of a tiny mac of uniform codes, in fractions, by plain lists."""

import functools
import itertools
from collections import Counter
from fractions import Fraction
from math import comb, factorial


def sets(cells, size):
    return [frozenset(chosen) for chosen in itertools.combinations(sorted(cells), size)]


def cues(n, item, kind, number):
    """Every outcome of noise on an item, all as likely as each other."""
    every = frozenset(range(n))
    if kind == "Kill":
        return [item - dead for dead in sets(every, number)]
    out = []
    for lost in sets(item, number):
        if kind == "Drop":
            out.append(item - lost)
        elif kind == "Replace":
            out += [(item - lost) | new for new in sets(every - item, number)]
        else:
            out += [(item - lost) | new for new in sets(every - item | lost, number)]
    return out


def learned(n_units, items, code, cap, pi):
    """What each unit holds after items were learned one after another."""
    held = [frozenset()] * n_units
    for item, unit in zip(items, code, strict=True):
        if cap is None or len(held[unit]) < cap * pi:
            held[unit] |= item
    return held


def value(held, cue, pi, nu):
    """V of a unit for lambda_u = 1 and an integer nu."""
    v = min(Fraction(1), Fraction(len(held & cue), pi))
    return v * Fraction(pi, len(held)) ** nu if len(held) > pi else v


def histories(n, a, n_units, n_items, cap, pi, first=None):
    """Items, code and what is held, of each history, all as likely as each other."""
    every = sets(range(n), a)
    choices = [every if first is None else [first], *[every] * (n_items - 1)]
    for items in itertools.product(*choices):
        for code in itertools.product(range(n_units), repeat=n_items):
            yield items, code, learned(n_units, items, code, cap, pi)


def stored(n, a, n_units, n_items, kind="Drop", number=0, expected=None, cap=None, nu=0, bounds=()):
    """Load, crosstalk and recalled of one module."""
    load = crosstalk = recalled = Fraction(0)
    count = 0

    @functools.cache
    def asked(item, unit, held):
        outside = right = Fraction(0)
        shown = cues(n, item, kind, number)
        for cue in shown:
            sums = [len(kept & cue) for kept in held]
            outside += Fraction(sum(sums) - sums[unit], a * (n_units - 1))
            if not cue or (bounds and not bounds[0] <= len(cue) <= bounds[1]):
                continue
            v = [value(kept, cue, expected or len(cue), nu) for kept in held]
            if v[unit] == max(v):
                right += Fraction(1, v.count(max(v)))
        return outside / len(shown), right / len(shown)

    histories_of = Counter()
    for items, code, held in histories(n, a, n_units, n_items, cap, expected or a):
        load += sum(map(len, held))
        count += 1
        for item, unit in zip(items, code, strict=True):
            histories_of[item, unit, tuple(held)] += 1
    for case, number_of in histories_of.items():
        outside, right = asked(*case)
        crosstalk += outside * number_of / n_items
        recalled += right * number_of / n_items
    return {
        "load": load / (n * n_units * count),
        "crosstalk": crosstalk / count,
        "recalled": recalled / count,
    }


def last_seen(n, a, n_units, n_items, common, expected=None, cap=None, nu=0):
    """Supports of the units for the last input, and the first code, of every history."""
    pi = expected or a
    first = frozenset(range(a))
    last = [cue for cue in sets(range(n), a) if len(cue & first) == common]
    for _, code, held in histories(n, a, n_units, n_items, cap, pi, first):
        for cue in last:
            yield [value(kept, cue, pi, nu) for kept in held], code[0]


def covering(n, x, s, m):
    """P[m random sets of s of n cells cover c of x given cells], by inclusion and exclusion."""
    law = []
    for c in range(x + 1):
        total = sum(
            (-1) ** j * comb(c, j) * Fraction(comb(n - (x - c) - j, s), comb(n, s)) ** m
            for j in range(c + 1)
        )
        law.append(comb(x, c) * total)
    return law


def listed_recall(n, a, k, s, overlap, active):
    """Recall by exponential series in fractions, ties by the binomial theorem."""
    others = s - 1
    own, other = [], []
    for m in range(others + 1):
        own.append([Fraction(0)] * overlap + covering(n, active - overlap, a, m))
        other.append(covering(n, active, a, m))

    def series(laws):
        return [value / factorial(m) for m, value in enumerate(laws)]

    def times(p, q):
        return [sum(p[i] * q[m - i] for i in range(m + 1)) for m in range(others + 1)]

    total = Fraction(0)
    for x in range(active + 1):
        on = series([law[x] for law in other])
        below = series([sum(law[:x]) for law in other])
        one = [Fraction(1)] + [Fraction(0)] * others
        power_on, power_below = [one], [one]
        for _ in range(k - 1):
            power_on.append(times(power_on[-1], on))
            power_below.append(times(power_below[-1], below))
        ties = [Fraction(0)] * (others + 1)
        for t in range(k):
            part = times(power_on[t], power_below[k - 1 - t])
            ties = [
                old + Fraction(comb(k - 1, t), t + 1) * new
                for old, new in zip(ties, part, strict=True)
            ]
        total += times(series([law[x] for law in own]), ties)[others]
    return total * factorial(others) / Fraction(k) ** others
