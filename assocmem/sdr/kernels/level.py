"""Kernels of a level of macs in a hierarchy: what each hears, and a step.

Afferents of a mac are words in a row, those of U first, then H, then D, and within each kind one
segment for each source: the field of the input at level 1, the units of one mac elsewhere, whole
words each. What a mac weighs and holds follows the layout of `mac`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...montecarlo.kernels.rng import inlined, uncounted
from .mac import (
    CAP,
    EXPECTED,
    LEAST,
    MOST,
    NOVELTY,
    NU,
    POWER,
    V_ZETA,
    add_sums,
    best_code,
    draw_code,
    expansivity,
    familiarity,
    hypotheses,
    learn,
    times_support,
)
from .packed import count_bits
from .permanence import fade, learn_fading

_0, _1, _6, _63, _64 = (np.uint64(k) for k in (0, 1, 6, 63, 64))
# Kinds of afferents, and a bit for each in a combination of them.
U, H, D = range(3)
# Places in `limits` after those of a mac: exponents of H and D follow POWER's for U.
LAMBDA_H, LAMBDA_D, ZETA_POWER, ZETA_MOST, BACK_OFF, KEEP = range(8, 14)
PERSISTENCE, SILENT, MODULES, UNITS, N_LIMITS = range(14, 19)
# Combinations of kinds in the order in which they are tried: pairs, then single ones.
_PAIRS = (1 << U | 1 << H, 1 << U | 1 << D, 1 << H | 1 << D)
_SINGLES = (1 << U, 1 << H, 1 << D)


class Macs(NamedTuple):
    """One level as arrays: its wiring, its weights, its present codes, and scratch.

    M macs of Q modules of K units, Q K = units; afferents in W words of S segments.
    """

    numbers: np.ndarray  # float64 (8,), parameters of the selection, see `mac.numbers`
    limits: np.ndarray  # float64 (18,), what the model says, infinity where it sets no limit
    kinds: np.ndarray  # int64 (3, 4), of each kind: segments first..last-1, words first..last-1
    spans: np.ndarray  # int64 (S, 2), of each segment: words first..last-1
    sources: np.ndarray  # int32 (M, S), the mac that each segment comes from, -1 for none
    rows: np.ndarray  # int64 (M, rows), first feature of each row of the field, of level 1 only
    features: np.ndarray  # int32 (M, features), afferents of U, of level 1 only
    weights: np.ndarray  # uint64 (M, W, units)
    held: np.ndarray  # int32 (M, 3, units), weights set of each kind of each unit
    totals: np.ndarray  # int64 (M, 3), their sums
    frozen: np.ndarray  # float64 (M, 3), totals at which learning stops
    single: np.ndarray  # uint64 (M, 4), generators
    lives: np.ndarray  # int64 (ranks + 1,), see `permanence`; (0,) where weights stay
    ranks: np.ndarray  # uint8 (M, units, 64 W), likewise; (M, 0, 0) where weights stay
    expiry: np.ndarray  # int64, likewise
    earliest: np.ndarray  # int64 (M, 3, units), of each kind; (M, 3, 0) where weights stay
    clock: np.ndarray  # int64 (M,), steps to be learned in which the mac had a code
    winners: np.ndarray  # int32 (M, Q), -1 where a mac has no code
    bits: np.ndarray  # uint64 (M, words of a code), the same
    age: np.ndarray  # int64 (M,), steps that the code has lasted, 0 where there is none
    zeta: np.ndarray  # int64 (M,), of its selection
    factor: np.ndarray  # float64 (M,), F(zeta)
    g: np.ndarray  # float64 (M,), familiarity at its selection
    learned: np.ndarray  # bool (M,), whether it was learned then
    used: np.ndarray  # int64 (M,), bits of the kinds that its selection used
    drawn: np.ndarray  # bool (M,), whether it was drawn rather than the best
    v: np.ndarray  # float64 (M, units), supports at the last selection
    inputs: np.ndarray  # uint64 (M, W), active afferents of this step
    heard: np.ndarray  # float64 (M, S), what a segment's signals count; -1 where it has no code
    sums: np.ndarray  # float64 (M, 3, units), of each kind at the last selection
    pi: np.ndarray  # float64 (M, 3), what they were divided by; 0 of kinds that were not there
    trial: np.ndarray  # float64 (units,), scratch


@uncounted
def extract(words, start, length, out, at):
    """Copy bits start..start+length-1 to those from ``at``, which are 0 before.

    A few operations for each 64 of them. One word after the last that holds bits is read.
    """
    done = _0
    while done < length:
        source, target = start + done, at + done
        shift = source & _63
        piece = words[source >> _6] >> shift
        if shift:
            piece |= words[(source >> _6) + _1] << (_64 - shift)
        # No further than the end, nor than the word written to.
        count = min(length - done, _64 - (target & _63))
        if count < _64:
            piece &= (_1 << count) - _1
        out[target >> _6] |= piece << (target & _63)
        done += count


@uncounted
def gather_frame(level, m, frame):
    """Features of a packed frame that mac m sees, as the words of its segment 0."""
    words = level.inputs[m, level.spans[0, 0] : level.spans[0, 1]]
    words[:] = _0
    rows = np.uint64(level.rows.shape[1])
    run = np.uint64(level.features.shape[1]) // rows
    for i in range(rows):
        extract(frame, np.uint64(level.rows[m, i]), run, words, i * run)
    level.heard[m, 0] = 1.0 if count_bits(words) else -1.0


@uncounted
def gather(level, m, kind, source):
    """Codes of the macs of another level, or of the same, that mac m has afferents from."""
    for s in range(level.kinds[kind, 0], level.kinds[kind, 1]):
        first = level.spans[s, 0]
        j = level.sources[m, s]
        if j >= 0 and source.age[j] > 0:
            level.heard[m, s] = source.factor[j]
            for w in range(source.bits.shape[1]):
                level.inputs[m, first + w] = source.bits[j, w]
        else:
            level.heard[m, s] = -1.0
            for w in range(source.bits.shape[1]):
                level.inputs[m, first + w] = _0


@uncounted
def active_afferents(level, m, kind, heard):
    """How many there are of a kind; with ``heard`` only from sources that are listened to."""
    count = np.int64(0)
    for s in range(level.kinds[kind, 0], level.kinds[kind, 1]):
        if level.heard[m, s] > 0.0 or (level.heard[m, s] == 0.0 and not heard):
            count += count_bits(level.inputs[m, level.spans[s, 0] : level.spans[s, 1]])
    return count


@uncounted
def sum_afferents(level, m, kind, out):
    """Sums of each unit over a kind of afferents, each source counting F(zeta)-fold."""
    weights, words = level.weights[m], level.inputs[m]
    out[:] = 0.0
    begin, end = level.kinds[kind, 0], level.kinds[kind, 1]
    alike = True
    for s in range(begin, end):
        # Words of segments without a code are 0.
        alike &= level.heard[m, s] == 1.0 or level.heard[m, s] < 0.0
    if alike:
        add_sums(weights, words, level.kinds[kind, 2], level.kinds[kind, 3], 1.0, out)
    else:
        for s in range(begin, end):
            if level.heard[m, s] > 0.0:
                first, last = level.spans[s, 0], level.spans[s, 1]
                add_sums(weights, words, first, last, level.heard[m, s], out)


@uncounted
def support(level, m, kinds, out):
    """Supports by a combination of kinds whose sums are there, and their familiarity."""
    limits = level.limits
    out[:] = 1.0
    for kind in range(3):
        if kinds >> kind & 1:
            power = limits[POWER] if kind == U else limits[LAMBDA_H + kind - H]
            held = level.held[m, kind]
            times_support(level.sums[m, kind], held, level.pi[m, kind], limits[NU], power, out)
    return familiarity(out, np.int64(limits[MODULES]), np.int64(limits[UNITS]))


@uncounted
def copy(source, target):
    """Copy a row. Without scratch, which NumPy's assignment of arrays would ask for."""
    for i in range(source.shape[0]):
        target[i] = source[i]


@inlined
def _better(level, m, kinds, there, best, used):
    """The larger of ``best`` and the familiarity by other kinds, and which kinds these are."""
    apart = level.limits[KEEP] > 0.0 and there & ~kinds & 1 << U
    if kinds & there == kinds and kinds != there and not apart:
        g = support(level, m, kinds, level.trial)
        if g > best:
            copy(level.trial, level.v[m])
            return g, kinds
    return best, used


@uncounted
def look(level, m, there, back_off):
    """Supports of mac m, with fewer kinds where all together are not familiar.

    They are left in ``v``; returns the familiarity and the kinds used.
    """
    best, used = support(level, m, there, level.v[m]), there
    if best < back_off:
        for k in range(3):
            best, used = _better(level, m, _PAIRS[k], there, best, used)
    if best < back_off:
        for k in range(3):
            best, used = _better(level, m, _SINGLES[k], there, best, used)
    return best, used


@uncounted
def lose(level, m):
    """Leave a mac without a code."""
    level.winners[m, :] = -1
    level.bits[m, :] = _0
    level.age[m] = level.zeta[m] = level.used[m] = 0
    level.factor[m], level.g[m] = 1.0, 0.0
    level.learned[m] = level.drawn[m] = False


@uncounted
def tick(level, m):
    """Let weights of a mac fade whose time has come, at a step that may be learned."""
    level.clock[m] += 1
    if level.lives.shape[0]:
        for kind in range(3):
            first, last = level.kinds[kind, 2], level.kinds[kind, 3]
            level.totals[m, kind] -= fade(
                level.weights[m, first:last], level.held[m, kind],
                level.ranks[m, :, 64 * first : 64 * last],
                level.expiry[m, :, 64 * first : 64 * last], level.earliest[m, kind],
                level.clock[m],
            )  # fmt: skip


@uncounted
def strengthen(level, m, kind):
    """Learn one kind of afferents, unless the mac has ended that."""
    count = active_afferents(level, m, kind, False)
    if count == 0 or level.totals[m, kind] >= level.frozen[m, kind]:
        return
    pi = np.float64(count)
    if kind == U and level.limits[EXPECTED]:
        pi = level.limits[EXPECTED]
    first, last = level.kinds[kind, 2], level.kinds[kind, 3]
    weights, held = level.weights[m, first:last], level.held[m, kind]
    words, k = level.inputs[m, first:last], np.int64(level.limits[UNITS])
    limit = level.limits[CAP] * pi
    if level.lives.shape[0]:
        level.totals[m, kind] += learn_fading(
            weights, held, words, level.winners[m], k, limit,
            level.ranks[m, :, 64 * first : 64 * last], level.expiry[m, :, 64 * first : 64 * last],
            level.earliest[m, kind], level.lives, level.clock[m],
        )  # fmt: skip
    else:
        level.totals[m, kind] += learn(weights, held, words, level.winners[m], k, limit)


@uncounted
def choose(level, m, there, free, learning):
    """Give mac m a code by the kinds that are ``there``, whose sums are made here."""
    limits, number = level.limits, level.numbers
    q, k = np.int64(limits[MODULES]), np.int64(limits[UNITS])
    for kind in range(3):
        if there >> kind & 1:
            sum_afferents(level, m, kind, level.sums[m, kind])
    g, used = look(level, m, there, 0.0 if learning else limits[BACK_OFF])
    if free and g < limits[SILENT]:
        lose(level, m)
        return
    v = level.v[m]
    if learning:
        eta = expansivity(g, number, k)
        draw_code(v, eta, number, q, k, level.single, m, level.trial, level.winners[m])
    else:
        best_code(v, q, k, level.single, m, level.winners[m])
    level.bits[m, :] = _0
    for j in range(q):
        i = np.uint64(j * k + level.winners[m, j])
        level.bits[m, i >> _6] |= _1 << (i & _63)
    zeta = hypotheses(v, q, k, number[V_ZETA])
    level.factor[m] = 1.0
    if zeta > 1:
        listened = zeta <= limits[ZETA_MOST]
        level.factor[m] = np.float64(zeta) ** limits[ZETA_POWER] if listened else 0.0
    level.age[m], level.zeta[m], level.g[m], level.used[m] = 1, zeta, g, used
    level.drawn[m], level.learned[m] = learning, learning and g < limits[NOVELTY]


@uncounted
def step_mac(level, m, free, learning):
    """One step of mac m, whose afferents are gathered where it needs them.

    ``free`` where it has no bottom-up afferents at this step.
    """
    limits, pi = level.limits, level.pi[m]
    if 0 < level.age[m] < limits[PERSISTENCE]:
        level.age[m] += 1
        if learning:
            tick(level, m)
        if learning and level.learned[m] and not free:
            strengthen(level, m, U)
        return
    active = active_afferents(level, m, U, False)
    there = 0
    for kind in range(3):
        pi[kind] = 0.0
        if not (kind == U and free):
            pi[kind] = active_afferents(level, m, kind, True)
        if pi[kind] > 0.0:
            there |= 1 << kind
            if kind == U and limits[EXPECTED]:
                pi[kind] = limits[EXPECTED]
    within = free or limits[LEAST] <= active <= limits[MOST]
    if not within or there == 0:
        lose(level, m)
        return
    if learning:
        tick(level, m)
    choose(level, m, there, free, learning)
    if level.learned[m]:
        for kind in range(3):
            if not (kind == U and free):
                strengthen(level, m, kind)


@uncounted
def step_level(level, below, above, frame, first, last, free, learning):
    """One step of all macs of a level.

    Parameters
    ----------
    level, below, above : Macs
        Whatever goes for ``below`` at the lowest level and for ``above`` at the highest.
    frame : uint64 (words + 1,)
        Packed features, and a word that may hold anything. Of the lowest level only.
    first, last : bool
        Whether the level is the lowest, the highest.
    free : bool
        There is no frame.
    learning : bool

    Notes
    -----
    Cost of each mac that chooses: one population count for each unit and word that is not 0, then
    some ten operations a unit and kind, and an exponential a unit when learning what is not wholly
    new. Codes of the previous step are all read before the first is replaced.
    """
    macs = level.winners.shape[0]
    for m in range(macs):
        stays = 0 < level.age[m] < level.limits[PERSISTENCE]
        if stays and not (learning and level.learned[m]):
            continue
        if not first:
            gather(level, m, U, below)
        elif not free:
            gather_frame(level, m, frame)
        if not stays:
            gather(level, m, H, level)
            if not last:
                gather(level, m, D, above)
    for m in range(macs):
        step_mac(level, m, first and free, learning)
