"""Trials of macs under random inputs: sets of features drawn, learned, and asked for again.

Macs are `Arrays` as in `assocmem.sdr.kernels.presenting`, of q modules of k units, and learn and
choose by the kernels there. Inputs are rising arrays of features. Each trial empties the mac first.
"""

from __future__ import annotations

import numpy as np

from ...montecarlo.kernels.rng import kernel
from .draws import draw_part, draw_subset
from .mac import EXPECTED, LEAST, MOST
from .noise import choose, kill, merge_outside, replace, swap
from .packed import ctpop, pack
from .permanence import NEVER
from .presenting import HELD, present, select

_6 = np.uint64(6)
DROP, REPLACE, SWAP, KILL = range(4)


@kernel
def clear_words(words, features, count):
    """Set the words in which features[:count] are to 0."""
    for e in range(count):
        words[np.uint64(features[e]) >> _6] = 0


@kernel
def similar(single, first, n, common, marks, chosen, kept, out):
    """As many features as in ``first``, ``common`` of them from it: every such set equally likely.

    Rising, to the front of ``out``. ``chosen`` and ``kept`` have room for as many.
    """
    a = len(first)
    choose(single, 0, first, common, marks, chosen, kept)
    draw_subset(single, 0, n - a, a - common, marks, chosen, 0)
    merge_outside(kept, common, chosen, a - common, first, out)


@kernel
def empty(mac):
    """Leave a mac as if it had learned nothing; its generator goes on."""
    mac.weights[:] = 0
    mac.held[:] = 0
    mac.counters[:] = 0
    mac.ranks[:] = 0
    mac.expiry[:] = NEVER
    mac.earliest[:] = NEVER


@kernel
def overlap_trials(mac, q, k, n, a, common, items, marks, sets, out):
    """Trials of a `CodeOverlap`: out[t] becomes (fraction of common winners, G).

    ``marks`` is scratch of `draws`, and ``sets`` int32 (4, a) too.
    """
    words = np.zeros((1, mac.weights.shape[0]), np.uint64)
    codes, g = np.empty((2, q), np.int32), np.empty(1)
    first, shown = sets[0], sets[1]
    for t in range(out.shape[0]):
        empty(mac)
        for item in range(items + 1):
            now = first if item == 0 else shown
            if item < items:
                draw_subset(mac.single, 0, n, a, marks, now, 0)
            else:
                similar(mac.single, first, n, common, marks, sets[2], sets[3], shown)
            pack(now, words[0])
            present(mac, words, q, k, True, True, codes[:1] if item == 0 else codes[1:], g)
            clear_words(words[0], now, a)
        same = 0
        for j in range(q):
            same += codes[0, j] == codes[1, j]
        out[t, 0] = same / q
        out[t, 1] = g[0]


@kernel
def store(mac, words, q, k, n, a, marks, items, codes, g):
    """Empty a mac and let it learn new inputs, which ``items`` receive, as ``codes`` do theirs."""
    empty(mac)
    for s in range(items.shape[0]):
        draw_subset(mac.single, 0, n, a, marks, items[s], 0)
        pack(items[s], words[0])
        present(mac, words, q, k, True, True, codes[s : s + 1], g)
        clear_words(words[0], items[s], a)


@kernel
def stored_trials(mac, q, k, n, a, kind, bits, recalls, marks, sets, items, codes, out):
    """Trials of a `StoredItems`: out[t] becomes (load, crosstalk, recalled), means over recalls.

    ``items`` int32 (S, a) and ``codes`` int32 (S, q) receive what is stored; ``recalls`` items
    drawn without replacement are recalled. ``marks`` is scratch of `draws`, and ``sets`` int32
    (4, a) too.
    """
    stored, units, limits = items.shape[0], mac.held.shape[0], mac.limits
    words = np.zeros((1, mac.weights.shape[0]), np.uint64)
    found, g = np.empty(q, np.int32), np.empty(1)
    order = np.arange(stored)
    cue, sums = sets[1], mac.scratch[0]
    for t in range(out.shape[0]):
        store(mac, words, q, k, n, a, marks, items, codes, g)
        draw_part(mac.single, 0, order, stored, recalls)
        crosstalk, right = 0.0, 0
        for e in range(recalls):
            code = codes[order[e]]
            count = _disturb(mac.single, items[order[e]], n, kind, bits, marks, sets, cue)
            if count == 0:
                continue
            pi = limits[EXPECTED] if limits[EXPECTED] else np.float64(count)
            pack(cue[:count], words[0])
            select(mac, words[0], pi, q, k, False, found)
            clear_words(words[0], cue, count)
            for i in range(units):
                crosstalk += sums[i]
            for j in range(q):
                crosstalk -= sums[j * k + code[j]]
            if limits[LEAST] <= count <= limits[MOST]:  # elsewhere the mac is not active
                for j in range(q):
                    right += found[j] == code[j]
        out[t, 0] = mac.counters[HELD] / (np.float64(n) * units)
        out[t, 1] = crosstalk / (np.float64(recalls) * a * (units - q))
        out[t, 2] = right / (np.float64(recalls) * q)


@kernel
def read_trials(mac, q, k, n, a, reads, marks, items, codes, out):
    """Trials of a `ReadItems`: out[t, 0] becomes the mean fraction of features read wrongly.

    As `stored_trials`; codes of ``reads`` items are read, a word of Q weights for each 64 features.
    """
    stored = items.shape[0]
    words = np.zeros((1, mac.weights.shape[0]), np.uint64)
    order, g = np.arange(stored), np.empty(1)
    for t in range(out.shape[0]):
        store(mac, words, q, k, n, a, marks, items, codes, g)
        draw_part(mac.single, 0, order, stored, reads)
        wrong = 0
        for e in range(reads):
            item, code = items[order[e]], codes[order[e]]
            pack(item, words[0])
            for w in range(mac.weights.shape[0]):
                read = mac.weights[w, code[0]]
                for j in range(1, q):
                    read &= mac.weights[w, j * k + code[j]]
                wrong += np.int64(ctpop(read & ~words[0, w]))
            clear_words(words[0], item, a)
        out[t, 0] = wrong / (np.float64(reads) * max(n - a, 1))


@kernel
def _disturb(single, item, n, kind, bits, marks, sets, cue):
    """What noise leaves of an item, rising, to the front of ``cue``; how many."""
    if kind == DROP:
        return choose(single, 0, item, len(item) - bits, marks, sets[2], cue)
    if kind == REPLACE:
        return replace(single, 0, item, n, bits, marks, sets[2], sets[3], cue)
    if kind == SWAP:
        return swap(single, 0, item, n, bits, marks, sets[2], sets[3], cue)
    return kill(single, 0, item, n, bits, cue)
