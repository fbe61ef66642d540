"""Which macs a mac hears, and a level of macs as the arrays that kernels work on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..kernels import level as kernels
from ..kernels import mac as mac_kernels
from ..kernels.hierarchy import count_held
from ..kernels.permanence import NEVER, lifetimes
from .hierarchy_recall import Step
from .mac_arrays import limits_of

if TYPE_CHECKING:
    from .hierarchy import Hierarchy, Level
    from .tiling import Tiling

# What changes as a hierarchy lives: what a file keeps, beside the model.
STATE = (
    "weights", "held", "tally", "found", "supports", "single", "winners", "bits", "ranks",
    "expiry", "earliest",
)  # fmt: skip
_NEVER_FROZEN = 2**62


def padded(lists: list[list[int]]) -> np.ndarray:
    """Lists as rows of an int32 array, filled up with -1."""
    longest = max(map(len, lists), default=0)
    found = np.full((len(lists), longest), -1, np.int32)
    for row, entry in zip(found, lists, strict=True):
        row[: len(entry)] = entry
    return found


def beside(grid: tuple[int, int], reach: int | None) -> np.ndarray:
    """Macs at most ``reach`` rows and columns from each, itself included: int32 (macs, most).

    In rising order, filled up with -1; none where ``reach`` is left out.
    """
    rows, columns = grid
    if reach is None:
        return np.empty((rows * columns, 0), np.int32)

    def near(place: int, size: int) -> range:
        return range(max(0, place - reach), min(size, place + reach + 1))

    return padded(
        [
            [i * columns + j for i in near(row, rows) for j in near(column, columns)]
            for row in range(rows)
            for column in range(columns)
        ]
    )


def above(tiling: Tiling | None, macs: int) -> np.ndarray:
    """Macs of the next level, of the given tiling, that see each of ``macs``: int32 (macs, most).

    In rising order, filled up with -1; none where there is no next level.
    """
    seen: list[list[int]] = [[] for _ in range(macs)]
    if tiling is not None:
        for k, places in enumerate(tiling.places.tolist()):
            for place in places:
                seen[place].append(k)
    return padded(seen)


def sources(model: Hierarchy, j: int) -> dict[str, np.ndarray]:
    """Macs that each mac of level j, from 0, hears by each kind of afferents.

    The bottom-up ones of the lowest level are features of the sheet.
    """
    tilings, level = model.tilings, model.levels[j]
    upper = tilings[j + 1] if j + 1 < len(tilings) and level.top_down else None
    return {
        "u": tilings[j].features if j == 0 else tilings[j].places,
        "h": beside(tilings[j].grid, level.reach),
        "d": above(upper, tilings[j].n_macs),
    }


def _words(bits: int) -> int:
    return -(-bits // 64)


def _parameters(level: Level, persistence: int, run: int) -> np.ndarray:
    """What the model of a level says, in the order of the kernels' places."""
    mac = level.mac
    s = mac.selection

    def bound(value: float | None) -> float:
        return math.inf if value is None else value

    found = np.empty(kernels.NUMBERS)
    # Of these `FREEZE` is not looked at: each kind of weights has a bound of its own in `tally`.
    found[: kernels.LAMBDA_H] = limits_of(mac, 1)[: kernels.LAMBDA_H]
    for place, value in (
        (kernels.LAMBDA_H, s.lambda_h),
        (kernels.LAMBDA_D, s.lambda_d),
        (kernels.ZETA_POWER, s.hypotheses_power),
        (kernels.ZETA_MOST, bound(s.most_hypotheses)),
        (kernels.BACK_OFF, s.back_off * mac_kernels.REACHED),
        (kernels.KEEP, s.keep_input),
        (kernels.PERSISTENCE, persistence),
        (kernels.SILENT, level.silent_below * mac_kernels.REACHED),
        (kernels.MODULES, mac.n_modules),
        (kernels.UNITS, mac.n_units),
        (kernels.RUN, run),
    ):
        found[place] = value
    return np.append(found, mac_kernels.numbers(s))


def possible(model: Hierarchy, j: int) -> np.ndarray:
    """Weights that each mac of level j has of each kind, int64 (macs, 3)."""
    segments, heard = _segments(model, j)
    numbers = np.empty((len(heard), 3), np.int64)
    for kind, size in enumerate(_sizes(model, j)):
        there = (heard[:, slice(*segments[kind, :2])] >= 0) | (j == kind == 0)
        numbers[:, kind] = there.sum(axis=1) * size * model.levels[j].mac.n_code
    return numbers


def _segments(model: Hierarchy, j: int) -> tuple[np.ndarray, np.ndarray]:
    """``segments`` and ``sources`` of a level."""
    heard = sources(model, j)
    if j == 0:  # the field is one segment, without a source
        heard["u"] = np.full((len(heard["u"]), 1), -1, np.int32)
    kinds: list[list[int]] = []
    spans: list[list[int]] = []
    word = 0
    for kind, size in zip("uhd", _sizes(model, j), strict=True):
        count, length, begin = heard[kind].shape[1], _words(size), len(spans)
        kinds.append([begin, begin + count, word, word + count * length])
        for s in range(begin, begin + count):
            spans.append([s, s + 1, word, word + length])
            word += length
    joined = np.concatenate([heard[kind] for kind in "uhd"], axis=1)
    return np.array(kinds + spans, np.int64), np.ascontiguousarray(joined, np.int32)


def generators(seed: int, j: int, macs: int) -> np.ndarray:
    """States of the generators of a level, one for each mac: uint64 (macs, 4)."""
    found = np.array(
        [
            np.random.SeedSequence(seed, spawn_key=(j, m)).generate_state(4, np.uint64)
            for m in range(macs)
        ]
    )
    found[~found.any(axis=1)] = 1  # four zeros would stay there for ever
    return found


def empty(model: Hierarchy, j: int, seed: int) -> kernels.Macs:
    """Level j, from 0, that has learned nothing and has no codes."""
    level, tiling = model.levels[j], model.tilings[j]
    mac, macs = level.mac, tiling.n_macs
    units, modules = mac.n_code, mac.n_modules
    segments, heard = _segments(model, j)
    words = int(segments[kernels.D, kernels.LAST_WORD])
    features, run = np.empty((macs, 0), np.int32), 0
    if j == 0:
        features = np.ascontiguousarray(tiling.features, np.int32)
        run = tiling.n_side_by_side
    tally = np.zeros((macs, kernels.N_TALLY), np.int64)
    tally[:, kernels.FROZEN : kernels.AGE] = _NEVER_FROZEN
    if mac.freeze is not None:
        numbers = possible(model, j)
        frozen = np.where(
            numbers, np.ceil(mac.freeze * numbers * mac_kernels.REACHED), _NEVER_FROZEN
        )
        tally[:, kernels.FROZEN : kernels.AGE] = frozen
    found = np.zeros((macs, kernels.N_FOUND))
    found[:, kernels.FACTOR] = 1.0
    lives, fades = np.zeros(0, np.int64), mac.permanence is not None
    if mac.permanence is not None:
        lasts = mac.permanence
        lives = lifetimes(lasts.lifetime, lasts.growth, lasts.ranks)
    each = (macs, units, 64 * words) if fades else (macs, 0, 0)
    return kernels.Macs(
        model=_parameters(level, model.persistences[j], run),
        segments=segments,
        sources=heard,
        features=features,
        weights=np.zeros((macs, words, units), np.uint64),
        held=np.zeros((macs, 3, units), np.int32),
        tally=tally,
        found=found,
        supports=np.zeros((macs, kernels.N_SUPPORTS, units)),
        single=generators(seed, j, macs),
        winners=np.full((macs, modules), -1, np.int32),
        bits=np.zeros((macs, _words(units)), np.uint64),
        inputs=np.zeros((macs, words), np.uint64),
        heard=np.full((macs, len(segments) - 3), -1.0),
        lives=lives,
        ranks=np.zeros(each, np.uint8),
        expiry=np.full(each, NEVER, np.int64),
        earliest=np.full((macs, 3, units if fades else 0), NEVER, np.int64),
    )


def step_of(levels: tuple[kernels.Macs, ...]) -> Step:
    """The present state as what a step gives back."""
    return Step(
        codes=tuple(level.winners.copy() for level in levels),
        familiarity=tuple(level.found[:, kernels.G].copy() for level in levels),
        zeta=tuple(level.tally[:, kernels.ZETA].copy() for level in levels),
        age=tuple(level.tally[:, kernels.AGE].copy() for level in levels),
    )


def clear(level: kernels.Macs) -> None:
    """Take all codes of a level away, as between sequences."""
    level.winners[...] = -1
    level.bits[...] = 0
    level.tally[:, kernels.AGE : kernels.CLOCK] = 0
    level.found[...] = 0.0
    level.found[:, kernels.FACTOR] = 1.0
    level.supports[...] = 0.0


def _sizes(model: Hierarchy, j: int) -> tuple[int, int, int]:
    """Afferents of one source of each kind; those of the lowest level have one, the field."""
    codes = [level.mac.n_code for level in model.levels]
    below = model.tilings[0].n_features if j == 0 else codes[j - 1]
    return below, codes[j], codes[j + 1] if j + 1 < len(codes) else 0


def dense_weights(model: Hierarchy, j: int, level: kernels.Macs, m: int) -> dict[str, np.ndarray]:
    """Weights of one mac by kind, bool (afferents, Q, K)."""
    mac, found = model.levels[j].mac, {}
    for k, size in enumerate(_sizes(model, j)):
        parts = [np.empty((0, mac.n_code), np.bool_)]
        for s in range(*level.segments[k, :2]):
            if level.sources[m, s] >= 0 or j == k == 0:
                words = level.weights[m, slice(*level.segments[3 + s, 2:])].T
                octets = np.ascontiguousarray(words).astype("<u8").view(np.uint8)
                bits = np.unpackbits(octets, axis=1, count=size, bitorder="little")
                parts.append(bits.T.astype(np.bool_))
        found["uhd"[k]] = np.concatenate(parts).reshape(-1, mac.n_modules, mac.n_units)
    return found


def allowed(model: Hierarchy, j: int) -> np.ndarray:
    """Words of afferents that exist, of each mac of a level: uint64 (macs, words)."""
    segments, heard = _segments(model, j)
    bits = np.zeros((len(heard), int(segments[2, 3]) * 64), np.uint8)
    for kind, size in enumerate(_sizes(model, j)):
        for s in range(*segments[kind, :2]):
            there = (heard[:, s] >= 0) | (j == kind == 0)
            first = 64 * segments[3 + s, 2]
            bits[there, first : first + size] = 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _fading_right(level: kernels.Macs) -> bool:
    """Whether weights that fade are set, later than now, and ranks and first times go with them."""
    octets = np.ascontiguousarray(level.weights.transpose(0, 2, 1)).astype("<u8").view(np.uint8)
    there = np.unpackbits(octets, axis=2, bitorder="little").view(np.bool_)
    fading = level.expiry != NEVER
    if np.any((fading | (level.ranks > 0)) & ~there) or level.ranks.max() >= len(level.lives):
        return False
    if np.any(level.expiry <= level.tally[:, kernels.CLOCK, None, None]):
        return False
    for kind, (_, _, first, last) in enumerate(level.segments[:3]):
        times = level.expiry[:, :, 64 * first : 64 * last].min(axis=2, initial=NEVER)
        if np.any(times < level.earliest[:, kind]):
            return False
    return True


def contradiction(model: Hierarchy, j: int, level: kernels.Macs) -> str:
    """What of a level's state does not go with the rest; empty if all does."""
    macs, modules = level.winners.shape
    n_units = model.levels[j].mac.n_units
    if np.any(level.weights & ~allowed(model, j)[:, :, None]):
        return "weights from afferents that do not exist"
    for kind, (_, _, first, last) in enumerate(level.segments[:3]):
        held = np.empty((macs, level.weights.shape[2]), np.int32)
        count_held(level.weights, first, last, held)
        if not np.array_equal(held, level.held[:, kind]):
            return "numbers of weights that differ from those set"
    totals, frozen = level.tally[:, :3], level.tally[:, kernels.FROZEN : kernels.AGE]
    if not np.array_equal(level.held.sum(axis=2), totals):
        return "numbers of weights that do not add up"
    if level.lives.size and not _fading_right(level):
        return "times to fade that do not go with weights"
    active = level.tally[:, kernels.AGE] > 0
    inside = (level.winners >= 0) & (level.winners < n_units)
    if not np.array_equal(inside, np.broadcast_to(active[:, None], inside.shape)):
        return "winners out of range"
    dense = np.zeros((macs, level.bits.shape[1] * 64), np.uint8)
    places = np.arange(modules) * n_units + level.winners
    for m in np.flatnonzero(active):
        dense[m, places[m]] = 1
    if not np.array_equal(np.packbits(dense, axis=1, bitorder="little").view("<u8"), level.bits):
        return "codes that differ from their winners"
    if not np.array_equal(frozen, empty(model, j, 0).tally[:, kernels.FROZEN : kernels.AGE]):
        return "numbers of weights to stop at that the model does not have"
    if np.any(level.tally < 0) or not np.all(level.single.any(axis=1)):
        return "counts or generators that cannot be"
    if not (np.all(np.isfinite(level.found)) and np.all(np.isfinite(level.supports))):
        return "supports that are no numbers"
    return ""
