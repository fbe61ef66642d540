"""Kernels of a level of macs in a hierarchy: what each hears, and a step.

Afferents of a mac are words in a row, those of U first, then H, then D, and within each kind one
segment for each source: the field of the input at level 1, the units of one mac elsewhere, whole
words each. What a mac weighs and holds follows the layout of `mac`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...montecarlo.kernels.rng import uncounted
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
# Combinations of kinds in the order in which they are tried: pairs, then single ones.
_PAIRS = (1 << U | 1 << H, 1 << U | 1 << D, 1 << H | 1 << D)
_SINGLES = (1 << U, 1 << H, 1 << D)
# Places in `model` after the limits of a mac; exponents of H and D follow one another.
LAMBDA_H, LAMBDA_D, ZETA_POWER, ZETA_MOST, BACK_OFF, KEEP = range(8, 14)
PERSISTENCE, SILENT, MODULES, UNITS, RUN, NUMBERS = range(14, 20)
# Columns of `segments`.
FIRST, LAST, FIRST_WORD, LAST_WORD = range(4)
# Columns of `tally`: weights set of each kind; at how many a kind is frozen; the age of the code, 0
# where there is none, and of its selection hypotheses, kinds used (bits), whether it was drawn and
# whether it was learned; steps to be learned at which the mac had a code.
TOTAL, FROZEN, AGE, ZETA, USED, DRAWN, LEARNED, CLOCK = 0, 3, 6, 7, 8, 9, 10, 11
N_TALLY = 12
# Columns of `found`, of the last selection: G, F(zeta), and pi of each kind, 0 where it had none.
G, FACTOR, PI = 0, 1, 2
N_FOUND = 5
# Rows of `supports`: sums of each kind and V at the last selection; scratch.
SUM, V, TRIAL = 0, 3, 4
N_SUPPORTS = 5
# Less than any F(zeta) but 0.
_LEAST_HEARD = 0.5


class Macs(NamedTuple):
    """One level as arrays: its wiring, its weights, its present codes, and scratch.

    M macs of Q modules of K units, Q K = units; afferents in W words of S segments. Few arrays, as
    each costs time to compile and to pass.
    """

    model: np.ndarray  # float64, limits, infinity for none; from `NUMBERS` on `mac.numbers`
    segments: np.ndarray  # int64 (3 + S, 4): of each kind, segments and words first..last-1; of
    # each segment, its words
    sources: np.ndarray  # int32 (M, S), the mac that each segment comes from, -1 for none
    features: np.ndarray  # int32 (M, features), afferents of U, of level 1 only
    weights: np.ndarray  # uint64 (M, W, units)
    held: np.ndarray  # int32 (M, 3, units), weights set of each kind of each unit
    tally: np.ndarray  # int64 (M, 12), see above
    found: np.ndarray  # float64 (M, 5), see above
    supports: np.ndarray  # float64 (M, 5, units), see above
    single: np.ndarray  # uint64 (M, 4), generators
    winners: np.ndarray  # int32 (M, Q), -1 where a mac has no code
    bits: np.ndarray  # uint64 (M, words of a code), the same
    inputs: np.ndarray  # uint64 (M, W), active afferents of this step
    heard: np.ndarray  # float64 (M, S), what a segment's signals count; -1 where it has no code
    lives: np.ndarray  # int64 (ranks + 1,), see `permanence`; (0,) where weights stay
    ranks: np.ndarray  # uint8 (M, units, 64 W), likewise; (M, 0, 0) where weights stay
    expiry: np.ndarray  # int64, likewise
    earliest: np.ndarray  # int64 (M, 3, units), of each kind; (M, 3, 0) where weights stay


@uncounted
def extract(words, start, length, out, at):
    """Copy bits start..start+length-1 to those from ``at``, which are 0 before.

    A few operations for each 64 of them.
    """
    done = _0
    while done < length:
        source, target = start + done, at + done
        shift = source & _63
        # No further than the end, nor than the word written to.
        count = min(length - done, _64 - (target & _63))
        piece = words[source >> _6] >> shift
        if shift + count > _64:
            piece |= words[(source >> _6) + _1] << (_64 - shift)
        if count < _64:
            piece &= (_1 << count) - _1
        out[target >> _6] |= piece << (target & _63)
        done += count


@uncounted
def gather_frame(frame, features, run, words, heard):
    """Features of a packed frame that a mac sees, as words; rows of its field are ``run`` long."""
    words[:] = _0
    for at in range(_0, np.uint64(features.shape[0]), np.uint64(run)):
        extract(frame, np.uint64(features[at]), np.uint64(run), words, at)
    heard[0] = 1.0 if count_bits(words) else -1.0


@uncounted
def gather(segments, kind, sources, bits, tally, found, words, heard):
    """Codes of macs, with ``bits``, ``tally`` and ``found``, that one mac has afferents from."""
    for s in range(segments[kind, FIRST], segments[kind, LAST]):
        first, j = segments[3 + s, FIRST_WORD], sources[s]
        there = j >= 0 and tally[j, AGE] > 0
        heard[s] = found[j, FACTOR] if there else -1.0
        for w in range(bits.shape[1]):
            words[first + w] = bits[j, w] if there else _0


@uncounted
def active_afferents(segments, kind, words, heard, least):
    """How many there are of a kind, from sources whose signals count at least so much."""
    count = np.int64(0)
    for s in range(segments[kind, FIRST], segments[kind, LAST]):
        if heard[s] >= least:
            count += count_bits(words[segments[3 + s, FIRST_WORD] : segments[3 + s, LAST_WORD]])
    return count


@uncounted
def sum_afferents(segments, kind, weights, words, heard, out):
    """Sums of each unit over a kind of afferents, each source counting F(zeta)-fold."""
    out[:] = 0.0
    begin, end = segments[kind, FIRST], segments[kind, LAST]
    alike = True
    for s in range(begin, end):
        # Words of segments without a code are 0.
        alike &= heard[s] == 1.0 or heard[s] < 0.0
    if alike:
        first, last = segments[kind, FIRST_WORD], segments[kind, LAST_WORD]
        add_sums(weights, words, first, last, 1.0, out)
    else:
        for s in range(begin, end):
            if heard[s] > 0.0:
                first, last = segments[3 + s, FIRST_WORD], segments[3 + s, LAST_WORD]
                add_sums(weights, words, first, last, heard[s], out)


@uncounted
def support(model, held, supports, pi, kinds, row):
    """Supports of one mac by a combination of kinds whose sums are there, and G."""
    out = supports[row]
    out[:] = 1.0
    for kind in range(3):
        if kinds >> kind & 1:
            power = model[POWER] if kind == U else model[LAMBDA_H + kind - H]
            times_support(supports[SUM + kind], held[kind], pi[kind], model[NU], power, out)
    return familiarity(out, np.int64(model[MODULES]), np.int64(model[UNITS]))


@uncounted
def look(model, held, supports, pi, there, back_off):
    """Supports of one mac, with fewer kinds where all together are not familiar.

    They are left in row `V`; returns the familiarity and the kinds used.
    """
    best, used = support(model, held, supports, pi, there, V), there
    for stage in range(2):
        if best >= back_off:
            break
        for k in range(3):
            kinds = _SINGLES[k] if stage else _PAIRS[k]
            apart = model[KEEP] > 0.0 and there & ~kinds & 1 << U
            if kinds & there == kinds and kinds != there and not apart:
                g = support(model, held, supports, pi, kinds, TRIAL)
                if g > best:
                    copy(supports[TRIAL], supports[V])
                    best, used = g, kinds
    return best, used


@uncounted
def copy(source, target):
    """Copy a row. Without scratch, which NumPy's assignment of arrays would ask for."""
    for i in range(source.shape[0]):
        target[i] = source[i]


@uncounted
def lose(winners, bits, tally, found):
    """Leave a mac without a code."""
    winners[:] = -1
    bits[:] = _0
    tally[AGE:CLOCK] = 0
    found[G], found[FACTOR] = 0.0, 1.0


@uncounted
def tick(level, m):
    """Let weights of a mac fade whose time has come, at a step that may be learned."""
    level.tally[m, CLOCK] += 1
    if level.lives.shape[0]:
        for kind in range(3):
            first, last = level.segments[kind, FIRST_WORD], level.segments[kind, LAST_WORD]
            level.tally[m, TOTAL + kind] -= fade(
                level.weights[m, first:last], level.held[m, kind],
                level.ranks[m, :, 64 * first : 64 * last],
                level.expiry[m, :, 64 * first : 64 * last], level.earliest[m, kind],
                level.tally[m, CLOCK],
            )  # fmt: skip


@uncounted
def strengthen(level, m, kind):
    """Learn one kind of afferents, unless the mac has ended that."""
    model, segments, tally = level.model, level.segments, level.tally[m]
    count = active_afferents(segments, kind, level.inputs[m], level.heard[m], 0.0)
    if count == 0 or tally[TOTAL + kind] >= tally[FROZEN + kind]:
        return
    pi = np.float64(count)
    if kind == U and model[EXPECTED]:
        pi = model[EXPECTED]
    first, last = segments[kind, FIRST_WORD], segments[kind, LAST_WORD]
    weights, held = level.weights[m, first:last], level.held[m, kind]
    words, k, limit = level.inputs[m, first:last], np.int64(model[UNITS]), model[CAP] * pi
    if level.lives.shape[0]:
        tally[TOTAL + kind] += learn_fading(
            weights, held, words, level.winners[m], k, limit,
            level.ranks[m, :, 64 * first : 64 * last], level.expiry[m, :, 64 * first : 64 * last],
            level.earliest[m, kind], level.lives, tally[CLOCK],
        )  # fmt: skip
    else:
        tally[TOTAL + kind] += learn(weights, held, words, level.winners[m], k, limit)


@uncounted
def choose(model, g, used, learning, single, m, supports, winners, bits, tally, found):
    """Give one mac a code by the supports in row `V`, whose familiarity and kinds are known."""
    number, v = model[NUMBERS:], supports[V]
    q, k = np.int64(model[MODULES]), np.int64(model[UNITS])
    if learning:
        eta = expansivity(g, number, k)
        draw_code(v, eta, number, q, k, single, m, supports[TRIAL], winners)
    else:
        best_code(v, q, k, single, m, winners)
    bits[:] = _0
    for j in range(q):
        i = np.uint64(j * k + winners[j])
        bits[i >> _6] |= _1 << (i & _63)
    zeta = hypotheses(v, q, k, number[V_ZETA])
    found[G], found[FACTOR] = g, 1.0
    if zeta > 1:
        listened = zeta <= model[ZETA_MOST]
        found[FACTOR] = np.float64(zeta) ** model[ZETA_POWER] if listened else 0.0
    tally[AGE], tally[ZETA], tally[USED], tally[DRAWN] = 1, zeta, used, learning
    tally[LEARNED] = learning and g < model[NOVELTY]


@uncounted
def count_kinds(model, segments, words, heard, free, pi):
    """The kinds of afferents by which a mac chooses, 0 if it may not; sets pi of each.

    A source of F(zeta) = 0 is not listened to: it counts for the bounds of activity alone.
    """
    pi[:] = 0.0
    if not free:
        active = active_afferents(segments, U, words, heard, 0.0)
        if active < model[LEAST] or active > model[MOST]:
            return 0
    there = 0
    for kind in range(3):
        if not (kind == U and free):
            pi[kind] = active_afferents(segments, kind, words, heard, _LEAST_HEARD)
            there |= (pi[kind] > 0.0) << kind
    if there >> U & 1 and model[EXPECTED]:
        pi[U] = model[EXPECTED]
    return there


@uncounted
def step_mac(level, m, free, learning):
    """One step of mac m, whose afferents are gathered where it needs them.

    ``free`` where it has no bottom-up afferents at this step.
    """
    model, tally, found = level.model, level.tally[m], level.found[m]
    if 0 < tally[AGE] < model[PERSISTENCE]:
        tally[AGE] += 1
        if learning:
            tick(level, m)
            if tally[LEARNED] and not free:
                strengthen(level, m, U)
        return
    segments, words, heard = level.segments, level.inputs[m], level.heard[m]
    supports, pi = level.supports[m], found[PI:]
    there = count_kinds(model, segments, words, heard, free, pi)
    if there and learning:
        tick(level, m)
    for kind in range(3):
        if there >> kind & 1:
            sum_afferents(segments, kind, level.weights[m], words, heard, supports[SUM + kind])
    g, used = 0.0, 0
    if there:
        back_off = 0.0 if learning else model[BACK_OFF]
        g, used = look(model, level.held[m], supports, pi, there, back_off)
    if not there or (free and g < model[SILENT]):
        lose(level.winners[m], level.bits[m], tally, found)
        return
    choose(
        model, g, used, learning, level.single, m, supports, level.winners[m], level.bits[m], tally,
        found,
    )  # fmt: skip
    if tally[LEARNED]:
        for kind in range(3):
            if not (kind == U and free):
                strengthen(level, m, kind)


@uncounted
def gather_mac(level, m, source, kind):
    """Afferents of one kind of mac m from codes of a level."""
    gather(
        level.segments, kind, level.sources[m], source.bits, source.tally, source.found,
        level.inputs[m], level.heard[m],
    )  # fmt: skip


@uncounted
def step_level(level, below, above, frame, first, last, free, learning):
    """One step of all macs of a level.

    Parameters
    ----------
    level, below, above : Macs
        Whatever goes for ``below`` at the lowest level and for ``above`` at the highest.
    frame : uint64 (words,)
        Packed features. Of the lowest level only.
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
    model, segments = level.model, level.segments
    for m in range(macs):
        stays = 0 < level.tally[m, AGE] < model[PERSISTENCE]
        if stays and not (learning and level.tally[m, LEARNED]):
            continue
        if not first:
            gather_mac(level, m, below, U)
        elif not free:
            words = level.inputs[m, : segments[U, LAST_WORD]]
            gather_frame(frame, level.features[m], model[RUN], words, level.heard[m])
        if not stays:
            gather_mac(level, m, level, H)
            if not last:
                gather_mac(level, m, above, D)
    for m in range(macs):
        step_mac(level, m, first and free, learning)
