"""Which macs a mac hears, and a level of macs as the arrays that kernels work on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..kernels import level as kernels
from ..kernels import mac as mac_kernels
from ..kernels.hierarchy import count_held
from ..kernels.permanence import NEVER, lifetimes

if TYPE_CHECKING:
    from .hierarchy import Hierarchy, Level
    from .tiling import Tiling

# What changes as a hierarchy lives: what a file keeps, beside the model.
STATE = (
    "weights", "held", "totals", "single", "ranks", "expiry", "earliest", "clock", "winners",
    "bits", "age", "zeta", "factor", "g", "learned", "used", "drawn", "v", "sums", "pi",
)  # fmt: skip


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


def _limits(level: Level, persistence: int) -> np.ndarray:
    """What the model of a level says, in the order of the kernels' places."""
    mac = level.mac
    s = mac.selection

    def bound(value: float | None) -> float:
        return math.inf if value is None else value

    found = np.empty(kernels.N_LIMITS)
    for place, value in (
        (mac_kernels.LEAST, mac.pi_minus),
        (mac_kernels.MOST, bound(mac.pi_plus)),
        (mac_kernels.EXPECTED, mac.expected or 0),
        (mac_kernels.NU, mac.nu),
        (mac_kernels.POWER, s.lambda_u),
        (mac_kernels.CAP, bound(mac.cap)),
        (mac_kernels.FREEZE, bound(mac.freeze)),
        (mac_kernels.NOVELTY, bound(mac.novelty)),
        (kernels.LAMBDA_H, s.lambda_h),
        (kernels.LAMBDA_D, s.lambda_d),
        (kernels.ZETA_POWER, s.hypotheses_power),
        (kernels.ZETA_MOST, bound(s.most_hypotheses)),
        (kernels.BACK_OFF, s.back_off),
        (kernels.KEEP, s.keep_input),
        (kernels.PERSISTENCE, persistence),
        (kernels.SILENT, level.silent_below),
        (kernels.MODULES, mac.n_modules),
        (kernels.UNITS, mac.n_units),
    ):
        found[place] = value
    return found


def possible(model: Hierarchy, j: int) -> np.ndarray:
    """Weights that each mac of level j has of each kind, int64 (macs, 3)."""
    kinds, _, heard = _segments(model, j)
    numbers = np.empty((len(heard), 3), np.int64)
    for kind, size in enumerate(_sizes(model, j)):
        there = (heard[:, slice(*kinds[kind, :2])] >= 0) | (j == kind == 0)
        numbers[:, kind] = there.sum(axis=1) * size * model.levels[j].mac.n_code
    return numbers


def _segments(model: Hierarchy, j: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``kinds``, ``spans`` and ``sources`` of a level."""
    heard = sources(model, j)
    if j == 0:  # the field is one segment, without a source
        heard["u"] = np.full((len(heard["u"]), 1), -1, np.int32)
    lengths, kinds, segment, word = [], [], 0, 0
    for kind, size in zip("uhd", _sizes(model, j), strict=True):
        count, length = heard[kind].shape[1], _words(size)
        kinds.append([segment, segment + count, word, word + count * length])
        lengths += [length] * count
        segment, word = segment + count, word + count * length
    last = np.cumsum(lengths)
    spans = np.stack([last - lengths, last], axis=1).astype(np.int64)
    joined = np.ascontiguousarray(np.concatenate([heard[kind] for kind in "uhd"], axis=1))
    return np.array(kinds, np.int64), spans, joined.astype(np.int32)


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
    kinds, spans, heard = _segments(model, j)
    words = int(kinds[-1, 3])
    rows = np.empty((macs, 0), np.int64)
    features = np.empty((macs, 0), np.int32)
    if j == 0:
        features = np.ascontiguousarray(tiling.features, np.int32)
        rows = features[:, :: tiling.field[1] * tiling.channels].astype(np.int64)
    freeze = math.inf if mac.freeze is None else mac.freeze
    weights = possible(model, j)
    with np.errstate(invalid="ignore"):
        frozen = np.where(weights > 0, freeze * weights, math.inf)
    lives, fades = np.zeros(0, np.int64), mac.permanence is not None
    if mac.permanence is not None:
        lasts = mac.permanence
        lives = lifetimes(lasts.lifetime, lasts.growth, lasts.ranks)
    each = (macs, units, 64 * words) if fades else (macs, 0, 0)
    return kernels.Macs(
        numbers=mac_kernels.numbers(mac.selection),
        limits=_limits(level, model.persistences[j]),
        kinds=kinds,
        spans=spans,
        sources=heard,
        rows=np.ascontiguousarray(rows),
        features=features,
        weights=np.zeros((macs, words, units), np.uint64),
        held=np.zeros((macs, 3, units), np.int32),
        totals=np.zeros((macs, 3), np.int64),
        frozen=frozen,
        single=generators(seed, j, macs),
        lives=lives,
        ranks=np.zeros(each, np.uint8),
        expiry=np.full(each, NEVER, np.int64),
        earliest=np.full((macs, 3, units if fades else 0), NEVER, np.int64),
        clock=np.zeros(macs, np.int64),
        winners=np.full((macs, modules), -1, np.int32),
        bits=np.zeros((macs, _words(units)), np.uint64),
        age=np.zeros(macs, np.int64),
        zeta=np.zeros(macs, np.int64),
        factor=np.ones(macs),
        g=np.zeros(macs),
        learned=np.zeros(macs, np.bool_),
        used=np.zeros(macs, np.int64),
        drawn=np.zeros(macs, np.bool_),
        v=np.zeros((macs, units)),
        inputs=np.zeros((macs, words), np.uint64),
        heard=np.full((macs, len(spans)), -1.0),
        sums=np.zeros((macs, 3, units)),
        pi=np.zeros((macs, 3)),
        trial=np.zeros(units),
    )


def clear(level: kernels.Macs) -> None:
    """Take all codes of a level away, as between sequences."""
    level.winners[...] = -1
    level.factor[...] = 1.0
    for array in (level.bits, level.age, level.zeta, level.g, level.learned, level.used):
        array[...] = 0
    level.drawn[...] = False
    for array in (level.v, level.sums, level.pi):
        array[...] = 0.0


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
        for s in range(level.kinds[k, 0], level.kinds[k, 1]):
            if level.sources[m, s] >= 0 or j == k == 0:
                words = level.weights[m, slice(*level.spans[s])].T
                octets = np.ascontiguousarray(words).astype("<u8").view(np.uint8)
                bits = np.unpackbits(octets, axis=1, count=size, bitorder="little")
                parts.append(bits.T.astype(np.bool_))
        found["uhd"[k]] = np.concatenate(parts).reshape(-1, mac.n_modules, mac.n_units)
    return found


def allowed(model: Hierarchy, j: int) -> np.ndarray:
    """Words of afferents that exist, of each mac of a level: uint64 (macs, words)."""
    kinds, spans, heard = _segments(model, j)
    bits = np.zeros((len(heard), int(kinds[-1, 3]) * 64), np.uint8)
    for kind, size in enumerate(_sizes(model, j)):
        for s in range(kinds[kind, 0], kinds[kind, 1]):
            there = (heard[:, s] >= 0) | (j == kind == 0)
            bits[there, 64 * spans[s, 0] : 64 * spans[s, 0] + size] = 1
    return np.packbits(bits, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _fading_right(level: kernels.Macs) -> bool:
    """Whether weights that fade are set, later than now, and ranks and first times go with them."""
    octets = np.ascontiguousarray(level.weights.transpose(0, 2, 1)).astype("<u8").view(np.uint8)
    there = np.unpackbits(octets, axis=2, bitorder="little").view(np.bool_)
    fading = level.expiry != NEVER
    if np.any((fading | (level.ranks > 0)) & ~there) or level.ranks.max() >= len(level.lives):
        return False
    if np.any(level.expiry <= level.clock[:, None, None]):
        return False
    for kind, (_, _, first, last) in enumerate(level.kinds):
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
    for kind, (_, _, first, last) in enumerate(level.kinds):
        held = np.empty((macs, level.weights.shape[2]), np.int32)
        count_held(level.weights, first, last, held)
        if not np.array_equal(held, level.held[:, kind]):
            return "numbers of weights that differ from those set"
    if not np.array_equal(level.held.sum(axis=2), level.totals):
        return "numbers of weights that do not add up"
    if level.lives.size and not _fading_right(level):
        return "times to fade that do not go with weights"
    active = level.age > 0
    inside = (level.winners >= 0) & (level.winners < n_units)
    if not np.array_equal(inside, np.broadcast_to(active[:, None], inside.shape)):
        return "winners out of range"
    dense = np.zeros((macs, level.bits.shape[1] * 64), np.uint8)
    places = np.arange(modules) * n_units + level.winners
    for m in np.flatnonzero(active):
        dense[m, places[m]] = 1
    if not np.array_equal(np.packbits(dense, axis=1, bitorder="little").view("<u8"), level.bits):
        return "codes that differ from their winners"
    if np.any(level.age < 0) or np.any(level.zeta < 0) or not np.all(level.single.any(axis=1)):
        return "ages, hypotheses or generators that cannot be"
    if not all(np.all(np.isfinite(x)) for x in (level.g, level.v, level.sums, level.pi)):
        return "supports that are no numbers"
    return ""
