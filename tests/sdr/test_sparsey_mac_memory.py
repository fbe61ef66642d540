"""A mac as a memory: reading, recall, refusals, and what it prints and draws."""

import math
from fractions import Fraction

import numpy as np
import pytest
from plain_mac import N, inputs

from assocmem.memory import Memory
from assocmem.sdr import SDR, Codebook, Mac
from assocmem.sdr.sparsey.mac_memory import MacMemory
from assocmem.sdr.sparsey.pictures import (
    code_intersections,
    draw_code,
    draw_inspection,
    draw_intersections,
)


def test_reading_by_thresholds():
    rows = inputs(np.random.default_rng(8), 40)
    memory = Mac(7, 4).memory(N, seed=1)
    memory.learn(rows)
    rng = np.random.default_rng(9)
    for _ in range(20):
        code = rng.integers(-1, 4, 7)
        active = np.flatnonzero(code >= 0)
        have = memory.weights[:, active, code[active]]
        for threshold in (1.0, 0.9, Fraction(3, 7), 0.5, 1e-9):
            wanted = have.sum(axis=1) >= max(1, math.ceil(threshold * len(active) - 1e-9))
            found = memory.read(code, threshold=float(threshold))
            np.testing.assert_array_equal(found.dense, wanted & (len(active) > 0))
    assert memory.read([-1] * 7).size == 0


def test_recall_completes_fragments():
    rng = np.random.default_rng(10)
    rows = np.stack([rng.permutation(np.arange(2000) < 20) for _ in range(40)])
    memory = Mac(30, 16).memory(2000, seed=1)
    memory.store(rows)
    cues = rows.copy()
    for cue in cues:
        cue[np.flatnonzero(cue)[:8]] = False
    found = memory.recall(cues)
    assert [sdr.sparse.tolist() for sdr in found] == [np.flatnonzero(r).tolist() for r in rows]
    assert memory.recall(SDR.from_dense(cues[3])) == SDR.from_dense(rows[3])
    assert memory.recall(np.zeros(2000, bool)).size == 0  # not active


def test_it_is_a_memory():
    memory = Mac(6, 5).memory(30, seed=1)
    assert isinstance(memory, Memory)
    assert memory.store([1, 2, 3]) is None
    memory.store([[4, 5], [6, 7]], [[5, 4], [7, 6]])
    assert memory.n_learned == 3
    with pytest.raises(ValueError, match="target must be left out"):
        memory.store([1, 2], [1, 3])
    with pytest.raises(ValueError, match="permanence"):
        memory.forget([1, 2, 3])
    assert repr(memory).startswith("MacMemory(Mac(n_modules=6, n_units=5), 30; 3 learned, load ")


@pytest.mark.parametrize(
    ("pattern", "error", "match"),
    [
        ([1, 1], ValueError, "1 twice"),
        ([-1], ValueError, "-1"),
        ([20], ValueError, "20"),
        ([0.5], TypeError, "integers"),
        (7, TypeError, "patterns"),
        (np.zeros(19, bool), ValueError, r"\(20,\)"),
        (np.zeros((2, 2, 20), bool), ValueError, r"\(20,\)"),
        (np.full(20, 2, np.uint8), ValueError, "0 and 1"),
        (np.zeros(20), TypeError, "integers"),
        (SDR(30, [1]), ValueError, "n=20"),
        (Codebook(30), ValueError, "n=20"),
        ([[1], [1, 1]], ValueError, r"patterns\[1\]"),
    ],
)
def test_wrong_inputs_are_refused(pattern, error, match):
    memory = Mac(3, 4).memory(20)
    for method in (memory.learn, memory.codes, memory.familiarity):
        with pytest.raises(error, match=match):
            method(pattern)
    for method in (memory.store, memory.inspect, memory.present):
        with pytest.raises(error, match=match.replace("patterns", "pattern")):
            method(pattern)
    with pytest.raises(error):
        memory.recall(pattern)
    assert memory.load == 0.0 and memory.n_presented == 0


def test_wrong_calls_are_refused():
    memory = Mac(3, 4).memory(20)
    for call, error, match in (
        (lambda: MacMemory("mac", 5), TypeError, "mac must be a Mac"),
        (lambda: Mac(3, 4).memory(0), ValueError, "n_features"),
        (lambda: Mac(3, 4).memory(5, seed=-1), ValueError, "seed"),
        (lambda: memory.learn([1], choice="best"), ValueError, "choice"),
        (lambda: memory.codes([1], choice=1), ValueError, "choice"),
        (lambda: memory.present([1], choice="none"), ValueError, "choice"),
        (lambda: memory.present([1], learn="yes"), TypeError, "learn"),
        (lambda: memory.present([[1], [2]]), ValueError, "one input, got 2"),
        (lambda: memory.read([0, 1]), ValueError, "code must have shape"),
        (lambda: memory.read([0, 1, 4]), ValueError, "code must be winners"),
        (lambda: memory.read([0, 1, -2]), ValueError, "code must be winners"),
        (lambda: memory.read([0.0, 1.0, 2.0]), TypeError, "code must be integers"),
        (lambda: memory.read([0, 1, 2], threshold=0.0), ValueError, "threshold"),
        (lambda: memory.recall([1], threshold=1.5), ValueError, "threshold"),
        (lambda: memory.capacity(21), ValueError, "size"),
        (lambda: memory.capacity(5, load=1.0), ValueError, "load"),
    ):
        with pytest.raises(error, match=match):
            call()


def test_inspections_print():
    memory = Mac(20, 6, pi_minus=3, pi_plus=9).memory(50, seed=1)
    text = repr(memory.present(range(5), learn=True))
    assert "G 0.0000" in text and "100 weights set" in text and "8 modules more" in text
    assert "G 1.0000" in repr(memory.inspect(range(5)))
    assert "wants 3 to 9" in repr(memory.inspect([1]))


def test_pictures_show_what_they_are_given():
    import matplotlib.pyplot as plt

    memory = Mac(5, 6).memory(N, seed=1)
    codes = memory.learn(inputs(np.random.default_rng(12), 8))
    codes[2] = -1
    shared = code_intersections(codes, codes[:3])
    for i, j in np.ndindex(8, 3):
        both = [a == b >= 0 for a, b in zip(codes[i], codes[j], strict=True)]
        assert shared[i, j] == sum(both)
    ax = draw_code(codes[0], 6)
    shown = ax.images[0].get_array()
    np.testing.assert_array_equal(shown.argmax(axis=1), codes[0])
    assert shown.shape == (5, 6) and shown.sum() == 5
    ax = draw_intersections(codes, others=codes[:3])
    np.testing.assert_allclose(ax.images[0].get_array(), shared / 5)
    inspection = memory.inspect([*range(9)])
    _, given = plt.subplots()
    assert inspection.plot(given) is given
    up, down = (group.get_segments() for group in given.collections[:2])
    np.testing.assert_allclose([line[1][1] for line in up], inspection.V.ravel())
    np.testing.assert_allclose([line[0][1] for line in down], -inspection.rho.ravel())
    np.testing.assert_allclose(
        given.lines[0].get_ydata(), inspection.V[np.arange(5), inspection.winners]
    )
    assert "not active" in draw_inspection(memory.inspect([])).get_title()
    plt.close("all")
    for call, match in (
        (lambda: draw_code([0, 7], 6), "winners"),
        (lambda: draw_code([[0]], 6), "shape"),
        (lambda: draw_intersections([0, 1]), "shape"),
        (lambda: code_intersections(codes, [[1, 2]]), "5 modules"),
    ):
        with pytest.raises(ValueError, match=match):
            call()
    with pytest.raises(TypeError, match="integers"):
        draw_code([0.5], 6)
