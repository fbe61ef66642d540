"""Willshaw memory: what it stores and recalls, against a plain matrix; its simulation."""

import numpy as np
import pytest

from assocmem import from_json, to_json
from assocmem.estimates import Counted, Replicated
from assocmem.memory import Memory
from assocmem.sdr import SDR, Drop, Kill, Replace, Swap, Willshaw, WillshawMemory
from assocmem.sdr.willshaw_trials import simulate

KINDS = [
    {"n_in": 70, "n_out": 130},
    {"n_in": 128, "n_out": 64},
    {"n_in": 100, "auto": True},
    {"n_in": 100, "auto": True, "diagonal": False},
    {"n_in": 64, "auto": True, "diagonal": False},
]


def stored(counts=False, pairs=60, seed=0, **kind):
    """A memory of random pairs, the pairs, and the counts of a dense matrix."""
    rng = np.random.default_rng(seed)
    memory = WillshawMemory(**kind, counts=counts)
    x = [rng.choice(memory.n_in, rng.integers(0, 9), replace=False) for _ in range(pairs)]
    y = [rng.choice(memory.n_out, rng.integers(0, 8), replace=False) for _ in range(pairs)]
    if memory.auto:
        y = x
    memory.store(x, None if memory.auto else y)
    return memory, x, y


def dense(memory, x, y):
    found = np.zeros((memory.n_out, memory.n_in), dtype=int)
    for one, other in zip(x, y, strict=True):
        found[np.ix_(other, one)] += 1
    if not memory.diagonal:
        np.fill_diagonal(found, 0)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_matrix_sums_and_thresholds(kind):
    memory, x, y = stored(**kind)
    ones = (dense(memory, x, y) > 0).astype(int)
    np.testing.assert_array_equal(memory.matrix, ones)
    synapses = ones.size - (0 if memory.diagonal else memory.n_in)
    assert memory.load == ones.sum() / synapses
    rng = np.random.default_rng(1)
    for size in (0, 1, 2, 4, 7, 40):
        cue = rng.choice(memory.n_in, size, replace=False)
        sums = ones[:, cue].sum(axis=1)
        np.testing.assert_array_equal(memory.sums(cue), sums)
        wanted = np.full(memory.n_out, size)
        if not memory.diagonal:
            wanted[cue] -= 1
        np.testing.assert_array_equal(memory.recall(cue).sparse, np.flatnonzero(sums >= wanted))
        for threshold in (0, 1, 2, 3, 5, 8, 1000):
            found = memory.recall(cue, threshold=threshold)
            np.testing.assert_array_equal(found.sparse, np.flatnonzero(sums >= threshold))
    for size in (0, 1, 3):
        cue = rng.choice(memory.n_out, size, replace=False)
        sums = ones[cue].sum(axis=0)
        wanted = np.full(memory.n_in, size)
        if not memory.diagonal:
            wanted[cue] -= 1
        found = memory.recall_input(cue)
        np.testing.assert_array_equal(found.sparse, np.flatnonzero(sums >= wanted))
        found = memory.recall_input(cue, threshold=2)
        np.testing.assert_array_equal(found.sparse, np.flatnonzero(sums >= 2))


@pytest.mark.parametrize("kind", KINDS)
def test_winners_and_ties(kind):
    memory, x, y = stored(**kind)
    ones = (dense(memory, x, y) > 0).astype(int)
    rng = np.random.default_rng(2)
    for size in (0, 3, 6):
        cue = rng.choice(memory.n_in, size, replace=False)
        sums = ones[:, cue].sum(axis=1)
        order = np.lexsort((np.arange(memory.n_out), -sums))
        for k in (1, 5, memory.n_out):
            lowest = memory.recall(cue, winners=k).sparse
            np.testing.assert_array_equal(lowest, np.sort(order[:k]))
            last = sums[order[k - 1]]
            tied = memory.recall(cue, winners=k, ties="all").sparse
            np.testing.assert_array_equal(tied, np.flatnonzero(sums >= last))
            drawn = memory.recall(cue, winners=k, ties="random", rng=3).sparse
            assert len(drawn) == k and set(np.flatnonzero(sums > last)) <= set(drawn) <= set(tied)
        back = ones[y[0][:2]].sum(axis=0)
        first = np.lexsort((np.arange(memory.n_in), -back))[:4]
        found = memory.recall_input(y[0][:2], winners=4).sparse
        np.testing.assert_array_equal(found, np.sort(first))


def test_random_ties_backwards_are_even():
    memory = WillshawMemory(9, 4)
    memory.store([2, 3, 5, 7], [0, 1])
    rng, count = np.random.default_rng(8), np.zeros(9)
    for _ in range(2000):
        count[memory.recall_input([0], winners=2, ties="random", rng=rng).sparse] += 1
    assert set(np.flatnonzero(count)) == {2, 3, 5, 7}
    # Each is binomial, 2000 times 1/2: five standard deviations, false alarm 2e-6.
    assert np.all(np.abs(count[[2, 3, 5, 7]] - 1000) < 5 * np.sqrt(500))


def test_no_ties_where_winners_are_just_enough():
    memory = WillshawMemory(6, 3)
    memory.store([[0, 1, 2], [3, 4]], [[0, 1], [0]])
    for ties in ("lowest", "random", "all"):
        found = memory.recall_input([0, 1], winners=3, ties=ties)
        assert found.sparse.tolist() == [0, 1, 2]


def test_random_ties_are_uniform():
    memory = WillshawMemory(4, 10)
    memory.store([0, 1], [2, 3, 5, 7])
    rng, count = np.random.default_rng(4), np.zeros(10)
    draws = 4000
    for _ in range(draws):
        count[memory.recall([0], winners=2, ties="random", rng=rng).sparse] += 1
    assert set(np.flatnonzero(count)) == {2, 3, 5, 7}
    from scipy import stats

    # Of each draw two of four, without replacement: the counts vary by 2/3 of multinomial ones.
    square = ((count[[2, 3, 5, 7]] - draws / 2) ** 2 / (draws / 2)).sum() * 3 / 2
    assert stats.chi2.sf(square, 3) > 1e-4  # false alarm 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_forgetting_leaves_the_matrix_of_the_rest(kind):
    memory, x, y = stored(counts=True, **kind)
    target = None if memory.auto else y[:30]
    memory.forget(x[:30], target)
    rest, _, _ = stored(counts=True, pairs=1, **kind)
    rest = WillshawMemory(**kind)
    rest.store(x[30:], None if memory.auto else y[30:])
    np.testing.assert_array_equal(memory.matrix, rest.matrix)
    assert memory.n_stored == 30
    memory.store(x[:30], target)
    np.testing.assert_array_equal(memory.matrix, (dense(memory, x, y) > 0).astype(int))


def test_forgetting_refused():
    memory = WillshawMemory(20)
    memory.store([1, 2], [3])
    with pytest.raises(ValueError, match="counts must be True"):
        memory.forget([1, 2], [3])
    counted = WillshawMemory(20, counts=True)
    counted.store([[1, 2], [4, 5]], [[3], [6]])
    before = counted.matrix
    with pytest.raises(ValueError, match=r"pattern\[1\].*not stored"):
        counted.forget([[1, 2], [1, 2]], [[3], [6]])
    np.testing.assert_array_equal(counted.matrix, before)
    counted.forget([[1, 2], [4, 5]], [[3], [6]])  # the refusal changed no counter
    assert counted.load == 0.0


def test_counters_do_not_overflow():
    memory = WillshawMemory(3, counts=True)
    memory.store(np.zeros((65_535, 1), int), np.ones((65_535, 1), int))
    with pytest.raises(ValueError, match="65535"):
        memory.store([[1], [0]], [[1], [1]])
    assert memory.n_stored == 65_535
    assert memory.matrix[1, 1] == 0
    memory.forget(np.zeros((65_535, 1), int), np.ones((65_535, 1), int))
    assert memory.load == 0.0


def test_patterns_are_recalled_from_fragments():
    model = Willshaw(2000, 2000, 11, 11, n_patterns=2000)
    memory = model.memory()
    rng = np.random.default_rng(5)
    x, y = (rng.permuted(np.tile(np.arange(2000), (200, 1)), axis=1)[:, :11] for _ in range(2))
    memory.store(x, y)
    found = memory.recall(x[:, :6])
    assert all(set(one.sparse) == set(two) for one, two in zip(found, y, strict=True))
    sdr = SDR(2000, np.sort(x[3]))
    assert memory.recall(sdr) == SDR(2000, np.sort(y[3]))


def test_settling():
    memory = WillshawMemory(60, auto=True)
    pattern = np.arange(5, 15)
    memory.store([pattern, np.arange(30, 38)])
    found = memory.settle(pattern[:4])
    assert (found.end, found.period) == ("fixed point", 1)
    assert set(found.state.sparse) == set(pattern) and len(found.states) == 3
    assert memory.settle(pattern[:4], max_steps=1).end == "limit"
    # A ring of two: each alone recalls the other, by one winner.
    ring = WillshawMemory(4)
    ring.store([[0], [1]], [[1], [0]])
    both = ring.settle([0])
    assert both.end == "fixed point" and both.state.sparse.tolist() == [0]
    loop = WillshawMemory(4, auto=True, diagonal=False)
    loop.store([0, 1])
    cycle = loop.settle([0], threshold=1)
    assert (cycle.end, cycle.period) == ("cycle", 2)
    with pytest.raises(ValueError, match="ties"):
        loop.settle([0], winners=1, ties="random")


def test_both_directions():
    memory = WillshawMemory(200, 100)
    rng = np.random.default_rng(6)
    x, y = (rng.permuted(np.tile(np.arange(n), (12, 1)), axis=1)[:, :8] for n in (200, 100))
    memory.store(x, y)
    assert set(memory.settle(x[0][:4]).state.sparse) == set(x[0])
    assert set(memory.recall_input(y[0]).sparse) >= set(x[0])


def test_saved_and_restored(tmp_path):
    for counts in (False, True):
        memory, x, y = stored(counts=counts, n_in=70, n_out=130)
        memory.save(tmp_path / "memory.npz")
        again = WillshawMemory.restore(tmp_path / "memory.npz")
        np.testing.assert_array_equal(again.matrix, memory.matrix)
        assert again.n_stored == memory.n_stored
        if counts:
            again.forget(x, y)
            assert again.load == 0.0
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(ValueError, match="path"):
        WillshawMemory.restore(tmp_path / "other.npz")


@pytest.mark.parametrize("data", [b"", b"abc", b"PK\x03\x04", "array"])
def test_other_files_are_refused_by_name(tmp_path, data):
    path = tmp_path / "other.npz"
    if data == "array":
        with open(path, "wb") as file:
            np.save(file, np.arange(3))
    else:
        path.write_bytes(data)
    with pytest.raises(ValueError, match="path"):
        WillshawMemory.restore(path)
    with pytest.raises(OSError):
        WillshawMemory.restore(tmp_path / "none.npz")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("counts", lambda x: x[:, :3]),  # counters of too few synapses
        ("counts", lambda x: x.astype(np.int64)),
        ("counts", lambda x: x * 0),
        ("rows", lambda x: x[:-1]),
        ("rows", lambda x: x | np.uint64(1 << 63)),  # outputs there are not
        ("sizes", lambda x: x[:2]),
    ],
)
def test_damaged_files_are_refused(tmp_path, name, change):
    memory, _, _ = stored(counts=True, n_in=70, n_out=50)
    memory.save(tmp_path / "memory.npz")
    with np.load(tmp_path / "memory.npz") as archive:
        entry = dict(archive)
    np.savez(tmp_path / "bad.npz", **{**entry, name: change(entry[name])})
    with pytest.raises(ValueError, match="path"):
        WillshawMemory.restore(tmp_path / "bad.npz")


def test_one_cell_without_synapses():
    memory = WillshawMemory(1, auto=True, diagonal=False)
    memory.store([0])
    assert memory.load == 0.0 and "load 0" in repr(memory)


def test_capacity_in_auto_association():
    # A synapse between two different cells is set with probability a(a - 1)/(n(n - 1)).
    memory = WillshawMemory(300, auto=True)
    number = memory.capacity(10, load=0.4)
    assert 1 - (1 - 90 / 89_700) ** number == pytest.approx(0.4, rel=1e-12)
    with pytest.raises(ValueError, match="a_out must be a_in=10"):
        memory.capacity(10, 9)
    with pytest.raises(ValueError, match=r"a_out must be an integer in \[1, 8\], got 9"):
        WillshawMemory(20, 8).capacity(9)


def test_settling_by_a_pair_of_winners():
    rng = np.random.default_rng(7)
    memory = WillshawMemory(60, 40)
    x, y = (rng.permuted(np.tile(np.arange(n), (80, 1)), axis=1)[:, :5] for n in (60, 40))
    memory.store(x, y)
    found = memory.settle(x[0][:3], winners=(5, 3))
    forth = memory.recall(x[0][:3], winners=3)
    assert found.states[1] == memory.recall_input(forth, winners=5)
    assert len(found.states[1].sparse) == 5
    with pytest.raises(ValueError, match="winners must be an integer or a pair"):
        memory.settle([1], winners=(1, 2, 3))
    with pytest.raises(ValueError, match="winners must be an integer where auto=True"):
        WillshawMemory(60, auto=True).settle([1], winners=(1, 2))


@pytest.mark.parametrize("name", ["auto", "diagonal", "counts"])
def test_flags_are_truth_values(name):
    with pytest.raises(TypeError, match=f"{name} must be True or False, got 'no'"):
        WillshawMemory(20, **{name: "no"})


def test_capacity_is_where_the_load_is_reached():
    memory = WillshawMemory(300, 200)
    number = memory.capacity(10, 6, load=0.4)
    assert 1 - (1 - 60 / 60_000) ** number == pytest.approx(0.4, rel=1e-12)
    assert isinstance(memory, Memory)


@pytest.mark.parametrize(
    ("pattern", "error", "match"),
    [
        ([1, 1], ValueError, "1 twice"),
        ([-1], ValueError, "-1"),
        ([20], ValueError, "20"),
        ([0.5], TypeError, "integers"),
        (7, TypeError, "pattern"),
        (SDR(30, [1]), ValueError, "n=20"),
        ([[1], [1, 1]], ValueError, r"pattern\[1\]"),
        (np.zeros((2, 2, 2), int), ValueError, "dimensions"),
    ],
)
def test_wrong_patterns_are_refused(pattern, error, match):
    memory = WillshawMemory(20, auto=True)
    with pytest.raises(error, match=match):
        memory.store(pattern)
    assert memory.load == 0.0


def test_wrong_calls_are_refused():
    auto, hetero = WillshawMemory(20, auto=True), WillshawMemory(20)
    with pytest.raises(ValueError, match="target must be left out"):
        auto.store([1], [2])
    with pytest.raises(ValueError, match="target must be given"):
        hetero.store([1])
    with pytest.raises(ValueError, match="as many"):
        hetero.store([[1], [2]], [[1]])
    with pytest.raises(ValueError, match="winners"):
        hetero.recall([1], winners=3, threshold=1)
    with pytest.raises(ValueError, match="winners"):
        hetero.recall([1], winners=21)
    with pytest.raises(ValueError, match="ties"):
        hetero.recall([1], winners=2, ties="first")
    with pytest.raises(ValueError, match="diagonal"):
        WillshawMemory(20, diagonal=False)


def test_models_are_checked_and_written():
    model = Willshaw(50, 40, 5, 4, 10, noise=Replace(2), winners=4, ties="all")
    assert from_json(to_json(model)) == model
    assert "Replace(bits=2)" in repr(model) and "auto" not in repr(model)
    for wrong in (
        {"a_in": 51},
        {"a_out": 40},
        {"n_patterns": 0},
        {"auto": True},
        {"diagonal": False},
        {"noise": Drop(6)},
        {"noise": Kill(51)},
        {"threshold": 2, "winners": 2},
        {"ties": "none"},
        {"steps": 2},
    ):
        with pytest.raises(ValueError, match=next(iter(wrong)).split("_")[0]):
            Willshaw(**{"n_in": 50, "n_out": 40, "a_in": 5, "a_out": 4, **wrong})
    with pytest.raises(TypeError, match="n_in"):
        Willshaw("50", 40, 5, 4)
    assert Willshaw(10, 10, 2, 2, auto=True, diagonal=False).n_synapses == 90


def test_simulation_does_not_depend_on_workers():
    model = Willshaw(60, 50, 5, 4, 60, noise=Swap(2), threshold=4)
    one, two = (simulate(model, trials=600, seed=3, workers=w) for w in (1, 3))
    assert set(one) == {
        "spurious", "spurious_pairs", "missing", "exact", "load", "information"
    }  # fmt: skip
    for name, found in one.items():
        assert isinstance(found, Counted) == (name == "exact")
        if isinstance(found, Counted):
            assert found == two[name]
        else:
            np.testing.assert_array_equal(found.values, two[name].values)
    other = simulate(model, trials=600, seed=4)
    assert not np.array_equal(other["spurious"].values, one["spurious"].values)


@pytest.mark.parametrize(
    ("noise", "threshold"),
    [(Drop(3), 4), (Drop(4), 4), (Replace(4), 3), (Swap(6), 4), (Kill(10), 5), (Kill(24), 1)],
)
def test_noise_of_one_stored_pattern(noise, threshold):
    # Alone in the memory a pattern is recalled where enough of its bits are left, all or nothing.
    from scipy import stats

    n, a = 24, 7
    if isinstance(noise, Kill):
        left = stats.hypergeom(n, a, n - noise.cells)
    elif isinstance(noise, Swap):  # of the n - a + v silent cells v come on, of which v are back
        left = stats.hypergeom(n - a + noise.bits, noise.bits, noise.bits, loc=a - noise.bits)
    else:
        left = stats.rv_discrete(values=([a - noise.bits], [1.0]))
    found = simulate(Willshaw(n, 30, a, 3, noise=noise, threshold=threshold), trials=3000, seed=5)
    wanted = float(left.cdf(threshold - 1))
    assert found["spurious"].mean == 0.0
    missing = found["missing"].mean
    if wanted in (0.0, 1.0):
        assert missing == wanted
    else:  # false alarm 1e-4
        assert stats.binomtest(round(3000 * missing), 3000, wanted).pvalue > 1e-4


def test_errors_too_few_to_average_are_counted():
    found = simulate(Willshaw(1000, 1000, 10, 10, 100), trials=300, seed=0)
    assert isinstance(found["spurious"], Counted) and found["spurious"].successes == 0
    assert isinstance(found["information"], Replicated) and found["information"].error > 0.0
    # One error among 990 outputs of 300 recalls takes next to nothing of all bits there are.
    entropy = -(0.01 * np.log2(0.01) + 0.99 * np.log2(0.99))
    assert 0.995 < found["information"].mean / (100 * entropy / 1000) < 1.0


def test_iterated_recall_completes_more():
    model = Willshaw(300, 300, 10, 10, 250, auto=True, noise=Drop(5), winners=10)
    steps = [simulate(Willshaw(**{**vars(model), "steps": k}), trials=2000, seed=1) for k in (1, 3)]
    assert steps[1]["exact"].mean > steps[0]["exact"].mean + 0.05


def test_wrong_simulations_are_refused():
    with pytest.raises(TypeError, match="model"):
        simulate("Willshaw", trials=10, seed=0)
    with pytest.raises(ValueError, match="trials"):
        simulate(Willshaw(20, 20, 2, 2), trials=0, seed=0)


def test_figure(tmp_path):
    import matplotlib.pyplot as plt

    from assocmem.figures import willshaw
    from assocmem.theory.sdr.willshaw import predict

    data = willshaw.compute(
        n=100, activities=(5, 8), loads=(0.3, 0.6), trials=1000, workers=1, progress=False
    )
    line = data.sel(activity=8)
    number = round(np.log1p(-float(line["line_load"][40])) / np.log1p(-0.0064))
    exact = predict(Willshaw(100, 100, 8, 8, number))
    assert float(line["information"][40]) == exact["information"]
    assert float(line["spurious"][40]) == float(exact["spurious"])
    # Simulated points lie on the line: 5 errors, false alarm 2e-5 for the two with most.
    for a in (5, 8):
        of = data.sel(activity=a).isel(point=1)
        bits = np.interp(float(of["point_load"]), of["line_load"], of["information"])
        error = float(of["simulated_information_error"])
        assert abs(float(of["simulated_information"]) - bits) < 5 * error + 1e-3
    ax = willshaw.draw(data)
    assert ax.get_ylabel() and len(ax.figure.axes) == 2
    ax.figure.savefig(tmp_path / "figure.png")
    assert len(willshaw.draw(data, plt.subplots()[1]).figure.axes) == 1
    plt.close("all")
    with pytest.raises(ValueError, match="loads"):
        willshaw.compute(loads=(1.2,))


@pytest.mark.parametrize("ragged", [[[[1], [2, 3]]], [[1, [2, 3]]], [[1, 2], 3]])
def test_ragged_lists_are_named(ragged):
    with pytest.raises(TypeError, match=r"pattern\[[01]\] must be an SDR or a list of integers"):
        WillshawMemory(10, auto=True).store(ragged)
