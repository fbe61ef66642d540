"""Temporal memory against a plain one in dicts, hand-made cases, files, refusals."""

import numpy as np
import pytest
from plain_temporal_memory import ONE, PlainMemory
from scipy import stats

from assocmem import TemporalMemory
from assocmem.dendrites.kernels import growing_index as index
from assocmem.dendrites.sequence_memory import SequenceMemory
from assocmem.dendrites.sequence_streams import high_order_stream, random_stream
from assocmem.sdr import SDR
from assocmem.serial import from_json, to_json


def content(memory):
    """As PlainMemory.content."""
    found = memory.synapses()
    units = np.rint(found.permanence * ONE).astype(int)
    assert np.array_equal(units / ONE, found.permanence)
    rows = [slice(*found.indptr[k : k + 2]) for k in range(len(found.cell))]
    synapses = [
        list(zip(found.source[row].tolist(), units[row].tolist(), strict=True)) for row in rows
    ]
    heads = (found.serial.tolist(), found.cell.tolist(), found.used.tolist())
    return list(zip(*heads, synapses, strict=True))


def check_index(memory):
    """Both sides of the index name each other, and lists of cells hold their segments by use."""
    m = memory._arrays
    held = listed = members = belonging = 0
    for segment in range(m.state[index.SEGMENT_TOP]):
        cell, start, _, size = m.segments[segment, :4]
        if cell == index.UNUSED:
            continue
        sources = m.sources[start : start + size]
        if cell == index.IS_BUNDLE:
            member = m.segments[segment, index.AFTER]
            assert member >= 0
            while member >= 0:
                assert m.segments[member, index.BUNDLE] == segment
                begin, _, number = m.segments[member, 1:4]
                assert np.isin(m.sources[begin : begin + number], sources).all()
                members += 1
                member = m.segments[member, index.AFTER]
        else:
            held += size
            if m.segments[segment, index.BUNDLE] >= 0:
                belonging += 1
                continue
        listed += size
        for i, source in enumerate(sources):
            place = m.places[start + i]
            at = m.cells[source, index.START] + place
            assert place < m.cells[source, index.SIZE] and m.returns[at] == i
            strong = m.strengths[start + i] >= round(memory.model.connected_permanence * ONE)
            assert m.entries[at] >> 1 == segment
            assert m.entries[at] & 1 == strong or cell == index.IS_BUNDLE
    assert held == memory.n_synapses and members == belonging
    assert listed == m.cells[:, index.SIZE].sum()
    seen = 0
    for cell in range(len(m.cells)):
        segment, last = m.cells[cell, index.FIRST], -1
        while segment >= 0:
            assert m.segments[segment, index.CELL] == cell
            assert m.ages[segment, index.USED] >= last
            last = m.ages[segment, index.USED]
            seen += 1
            segment = m.segments[segment, index.NEXT]
    assert seen == memory.n_segments


def random_case(seed):
    rng = np.random.default_rng(seed)
    threshold = int(rng.integers(2, 7))
    model = TemporalMemory(
        n_columns=int(rng.integers(12, 40)),
        cells_per_column=int(rng.integers(1, 6)),
        activation_threshold=threshold,
        min_threshold=int(rng.integers(1, threshold + 1)),
        initial_permanence=rng.choice([0.05, 0.21, 0.35, 0.5]),
        connected_permanence=rng.choice([0.2, 0.3, 0.5]),
        max_new_synapses=int(rng.integers(3, 12)),
        permanence_increment=rng.choice([0.05, 0.1, 0.2]),
        permanence_decrement=rng.choice([0.0, 0.02, 0.1, 0.15]),
        predicted_segment_decrement=rng.choice([0.0, 0.01, 0.05, 0.2]),
        max_segments_per_cell=int(rng.integers(1, 5)),
        max_synapses_per_segment=int(rng.integers(5, 16)),
    )
    return model, rng


def test_equals_plain_memory(tmp_path):
    """Twelve random cases, in which every rule plays a part."""
    happened = dict.fromkeys(("recycled", "pruned", "full", "punished", "several", "killed"), 0)
    for seed in range(12):
        compare_random_case(seed, happened, tmp_path)
    assert all(happened.values()), happened


def compare_random_case(seed, happened, tmp_path):
    model, rng = random_case(seed)
    memory, plain = model.start(seed), PlainMemory(model, seed)
    size = int(rng.integers(4, 9))
    known = [rng.choice(model.n_columns, size, replace=False) for _ in range(6)]
    for t in range(200):
        if rng.random() < 0.03:
            memory.reset()
            plain.reset()
        if t == 100:
            memory.save(tmp_path / "memory.npz")
            memory = SequenceMemory.load(tmp_path / "memory.npz")
        if rng.random() < 0.005:
            dying = rng.choice(model.n_cells, 3, replace=False)
            memory.kill_cells(dying)
            plain.kill(dying.tolist())
        columns = known[(t if rng.random() < 0.8 else int(rng.integers(6))) % 6]
        if rng.random() < 0.15:
            columns = rng.choice(model.n_columns, int(rng.integers(0, size + 1)), replace=False)
        learn = bool(rng.random() < 0.9)
        before = plain.created, sum(len(s.synapses) for s in plain.segments)
        step = memory.step(columns, learn)
        anomaly, bursting = plain.step(columns.tolist(), learn)
        assert step.anomaly == pytest.approx(anomaly, abs=1e-12) == memory.anomaly
        assert step.bursting.tolist() == bursting
        assert sorted(step.active_cells.tolist()) == sorted(plain.active_cells)
        assert step.winner_cells.tolist() == plain.winners
        assert step.predictive_cells.tolist() == plain.predictive()
        assert content(memory) == plain.content()
        after = sum(len(s.synapses) for s in plain.segments)
        happened["pruned"] += plain.created == before[0] and after < before[1]
        firing = [s.cell for s in plain.segments if plain.is_active(s)]
        happened["several"] += len(set(firing)) < len(firing)
    happened["recycled"] += plain.created > len(plain.segments)
    happened["punished"] += model.predicted_segment_decrement > 0
    most = model.max_synapses_per_segment
    happened["full"] += any(len(s.synapses) == most for s in plain.segments)
    happened["killed"] += len(plain.dead)
    check_index(memory)


def test_equals_plain_memory_on_high_order_stream():
    model = TemporalMemory(
        n_columns=130, cells_per_column=6, activation_threshold=4, min_threshold=3,
        max_new_synapses=5, predicted_segment_decrement=0.01,
    )  # fmt: skip
    stream = high_order_stream(300, n=130, a=5, swap_at=200, rng=3)
    memory, plain = model.start(7), PlainMemory(model, 7)
    for columns in stream.columns:
        step = memory.step(columns)
        anomaly, _ = plain.step(columns.tolist())
        assert step.anomaly == pytest.approx(anomaly, abs=1e-12)
    assert content(memory) == plain.content()
    check_index(memory)


def test_equals_plain_memory_where_counts_are_renewed():
    # 12 bits for each count leave 127 numbers of steps before counts are cleared.
    model = TemporalMemory(
        n_columns=20, cells_per_column=2, activation_threshold=4, min_threshold=3,
        max_new_synapses=6, max_synapses_per_segment=4095,
    )  # fmt: skip
    rng = np.random.default_rng(5)
    known = [rng.choice(20, 6, replace=False) for _ in range(4)]
    memory, plain = model.start(1), PlainMemory(model, 1)
    for t in range(400):
        columns = known[t % 4] if rng.random() < 0.9 else rng.choice(20, 6, replace=False)
        assert memory.step(columns).anomaly == pytest.approx(plain.step(columns.tolist())[0])
        assert memory.predictive_cells.tolist() == plain.predictive()
    assert content(memory) == plain.content()


def test_run_is_many_steps():
    model = TemporalMemory(n_columns=300, cells_per_column=4)
    stream = random_stream(300, 25, 60, rng=2)[np.arange(120) % 60]
    resets = np.arange(120) % 30 == 0
    one, many, listed = (model.start(3) for _ in range(3))
    anomaly, segments = [], []
    for columns, resetting in zip(stream, resets, strict=True):
        if resetting:
            one.reset()
        anomaly.append(one.step(columns).anomaly)
        segments.append(one.n_segments)
    run = many.run(stream, resets=resets)
    np.testing.assert_allclose(run.anomaly, anomaly, atol=1e-15)
    assert run.n_segments.tolist() == segments
    assert content(one) == content(many)
    rows = (np.arange(121) * 25, stream.reshape(-1))
    listed.run([SDR(300, columns.tolist()) for columns in stream[:60]], resets=resets[:60])
    listed.run((rows[0][:61], rows[1][60 * 25 :]), resets=resets[60:])
    assert content(listed) == content(one)
    assert len(model.start(0).run([]).anomaly) == 0


def test_anomaly_by_hand():
    # Connected at once: after A, B once the memory expects B exactly.
    model = TemporalMemory(
        n_columns=60, cells_per_column=2, activation_threshold=8, min_threshold=8,
        initial_permanence=0.6, max_new_synapses=10,
    )  # fmt: skip
    memory = model.start(0)
    first, second = np.arange(10), np.arange(20, 30)
    assert memory.step(first).anomaly == 1.0 and memory.n_segments == 0
    assert memory.step(second).anomaly == 1.0 and memory.n_segments == 10
    memory.reset()
    step = memory.step(first, learn=False)
    assert step.bursting.tolist() == first.tolist() and len(step.active_cells) == 20
    assert step.predicted_columns.tolist() == second.tolist()
    assert len(step.predictive_cells) == 10
    # Seven of ten expected columns and three others: three are anomalous, and they burst.
    step = memory.step(np.r_[second[:7], 40, 41, 42], learn=False)
    assert step.anomaly == pytest.approx(0.3) and step.bursting.tolist() == [40, 41, 42]
    assert len(step.active_cells) == 7 + 3 * 2 and len(step.winner_cells) == 10
    # With three of ten synapses silent a segment has 7 < 8 active ones.
    memory.reset()
    assert len(memory.step(first[:7], learn=False).predictive_cells) == 0
    memory.reset()
    assert len(memory.step(first[:8], learn=False).predictive_cells) == 10
    step = memory.step([], learn=False)
    assert step.anomaly == 0.0 and not len(step.active_cells)
    assert memory.step(second, learn=False).anomaly == 1.0


def test_permanence_is_exact_in_decimals():
    # 0.2 + 3 x 0.1 = 0.5 is connected after the fourth pass, which binary fractions might miss.
    model = TemporalMemory(
        n_columns=40, cells_per_column=1, activation_threshold=10, min_threshold=10,
        initial_permanence=0.2, max_new_synapses=10,
    )  # fmt: skip
    memory = model.start(0)
    anomaly = []
    for _ in range(6):
        memory.reset()
        memory.step(np.arange(10))
        anomaly.append(memory.step(np.arange(20, 30)).anomaly)
    assert anomaly == [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert set(memory.synapses().permanence) == {0.7}


@pytest.mark.parametrize("cells", [1, 8])
def test_order_of_sequences(cells):
    # XABCDE and YABCFG: what follows C depends on what was seen three elements before. Segments
    # that were made before contexts differed lose 0.01 a pass, of a permanence of 1 at most, and
    # so fall below 0.5 within 50 passes or so of having been replaced.
    letters = {c: np.arange(12 * k, 12 * k + 12) for k, c in enumerate("ABCDEFGXY")}
    model = TemporalMemory(
        n_columns=108, cells_per_column=cells, activation_threshold=9, min_threshold=7,
        max_new_synapses=12, predicted_segment_decrement=0.01,
    )  # fmt: skip
    memory = model.start(1)
    for _ in range(100):
        for word in ("XABCDE", "YABCFG"):
            memory.reset()
            for c in word:
                memory.step(letters[c])
    for start, ending, other in (("XABC", "D", "F"), ("YABC", "F", "D")):
        memory.reset()
        for c in start:
            step = memory.step(letters[c], learn=False)
        expected = letters[ending] if cells > 1 else np.union1d(letters[ending], letters[other])
        assert step.predicted_columns.tolist() == expected.tolist()


def test_goes_on_after_loading(tmp_path):
    model, rng = random_case(3)
    known = [rng.choice(model.n_columns, 6, replace=False) for _ in range(5)]
    stream = [known[k] for k in rng.integers(5, size=200)]
    memory = model.start(9)
    memory.run(stream[:100])
    memory.kill(0.05)
    memory.run(stream[100:120])
    memory.save(tmp_path / "memory.npz")
    other = SequenceMemory.load(tmp_path / "memory.npz")
    assert other.model == model and other.n_dead == memory.n_dead > 0
    assert content(other) == content(memory)
    assert other.predictive_cells.tolist() == memory.predictive_cells.tolist()
    assert other.anomaly == memory.anomaly and other.n_steps == memory.n_steps == 120
    assert other.run(stream[120:]).anomaly.tolist() == memory.run(stream[120:]).anomaly.tolist()
    assert content(other) == content(memory)
    check_index(other)
    empty = model.start(0)
    empty.save(tmp_path / "empty.npz")
    assert SequenceMemory.load(tmp_path / "empty.npz").n_segments == 0


def test_files_keep_what_is_indexed_together(tmp_path):
    model = TemporalMemory(n_columns=200, cells_per_column=4)
    memory, stream = model.start(1), random_stream(200, 20, 60, rng=5)
    memory.run(stream[:30])
    memory.save(tmp_path / "memory.npz")
    other = SequenceMemory.load(tmp_path / "memory.npz")
    bundles = [
        np.sum(m._arrays.segments[:, index.CELL] == index.IS_BUNDLE) for m in (memory, other)
    ]
    assert bundles[0] == bundles[1] > 20
    check_index(other)
    for m in (memory, other):
        m.run(stream[np.arange(120) % 60])
    assert content(other) == content(memory)
    check_index(other)


def test_equals_plain_memory_with_more_winners_than_counts_hold():
    # 300 winners of a step are more than 8 bits count: segments are not indexed together then.
    model = TemporalMemory(n_columns=600, cells_per_column=1)
    memory, plain = model.start(1), PlainMemory(model, 1)
    for _ in range(6):
        for columns in (np.arange(300), np.arange(300, 310)):
            memory.step(columns)
            plain.step(columns.tolist())
        memory.reset()
        plain.reset()
    assert content(memory) == plain.content()
    check_index(memory)


def test_added_segments_count_at_once_and_in_files(tmp_path):
    memory = TemporalMemory(30, 1, 3, 2).start(0)
    memory.step([0, 1, 2])
    memory.connect([9, 11], [0, 3, 5], [0, 1, 2, 0, 1])
    assert memory.predictive_cells.tolist() == [9]
    memory.save(tmp_path / "memory.npz")
    other = SequenceMemory.load(tmp_path / "memory.npz")
    assert other.predictive_cells.tolist() == [9]
    assert other.step([9]).anomaly == memory.step([9]).anomaly == 0.0
    assert content(other) == content(memory)
    half = 0.5 / ONE  # of the unit: would be rounded to 0
    with pytest.raises(ValueError, match="permanence"):
        memory.connect([9], [0, 1], [4], permanence=half)
    with pytest.raises(ValueError, match=r"permanence_increment.* more than"):
        TemporalMemory(permanence_increment=half)


@pytest.mark.parametrize("data", [b"", b"abc", b"PK\x03\x04"])
def test_other_files_are_refused_by_name(tmp_path, data):
    (tmp_path / "other.npz").write_bytes(data)
    with pytest.raises(ValueError, match="path"):
        SequenceMemory.load(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source", lambda x: x * 0 - 1),
        ("source", lambda x: x[:-1]),
        ("units", lambda x: x * 0),
        ("indptr", lambda x: x[::-1]),
        ("serial", lambda x: x * 0),
        ("active", lambda x: np.array([10**6])),
        ("counters", lambda x: x[:2]),
        ("model", lambda x: '{"type": "Rademacher"}'),
    ],
)
def test_refuses_damaged_files(tmp_path, name, value):
    model, rng = random_case(2)
    memory = model.start(0)
    memory.run([rng.choice(model.n_columns, 6, replace=False) for _ in range(30)])
    memory.save(tmp_path / "memory.npz")
    with np.load(tmp_path / "memory.npz") as archive:
        entry = dict(archive)
    entry[name] = value(entry[name])
    np.savez(tmp_path / "bad.npz", **entry)
    with pytest.raises(ValueError):
        SequenceMemory.load(tmp_path / "bad.npz")
    del entry[name]
    np.savez(tmp_path / "less.npz", **entry)
    with pytest.raises(ValueError, match="path"):
        SequenceMemory.load(tmp_path / "less.npz")


def test_refuses_wrong_columns_and_changes_nothing():
    model = TemporalMemory(n_columns=50, cells_per_column=3, activation_threshold=4,
                           min_threshold=4)  # fmt: skip
    memory = model.start(1)
    memory.run([np.arange(10), np.arange(20, 30)])
    before = content(memory), memory.winner_cells.tolist(), memory.n_steps
    for columns, error, match in (
        ([50], ValueError, r"\[0, 49\], got 50"),
        ([-1], ValueError, "got -1"),
        ([3, 4, 3], ValueError, "differ, got 3 twice"),
        ([1.0], TypeError, "float64"),
        ([[1, 2]], ValueError, "shape"),
        (np.zeros(50, bool), TypeError, "bool"),
        (SDR(49, [1]), ValueError, "n=50"),
    ):
        with pytest.raises(error, match=match):
            memory.step(columns)
    with pytest.raises(ValueError, match="50 in step 0"):
        memory.run([[50]])
    for sequence, error in (
        (7, TypeError),
        ((np.array([0, 3]), np.array([1, 2])), ValueError),
        (([1],), ValueError),
    ):
        with pytest.raises(error, match="sequence"):
            memory.run(sequence)
    with pytest.raises(ValueError, match="resets"):
        memory.run([[1]], resets=[1])
    with pytest.raises(TypeError, match="learn"):
        memory.step([1], learn=1)
    assert before == (content(memory), memory.winner_cells.tolist(), memory.n_steps)


def test_order_of_indices_means_nothing():
    model = TemporalMemory(n_columns=100, cells_per_column=4)
    stream = random_stream(100, 20, 10, rng=1)[np.arange(40) % 10]
    sorted_, mixed = model.start(2), model.start(2)
    rng = np.random.default_rng(0)
    sorted_.run(stream)
    for columns in stream:
        mixed.step(rng.permutation(columns))
    assert content(sorted_) == content(mixed)


def test_dead_cells_stay_silent():
    model = TemporalMemory(n_columns=100, cells_per_column=4)
    memory = model.start(2)
    stream = random_stream(100, 20, 10, rng=1)
    memory.run(stream[np.arange(80) % 10])
    memory.kill(0.4)
    dead = np.flatnonzero(memory._arrays.dead)
    assert memory.n_dead == len(dead) == 160
    assert not np.isin(memory.synapses().cell, dead).any()
    assert not np.isin(memory.winner_cells, dead).any()
    for columns in stream[np.arange(60) % 10]:
        step = memory.step(columns)
        for cells in (step.active_cells, step.winner_cells, step.predictive_cells):
            assert not np.isin(cells, dead).any()
    assert not np.isin(memory.synapses().cell, dead).any()
    memory.kill(0.5)
    assert set(dead) < set(np.flatnonzero(memory._arrays.dead)) and memory.n_dead == 200
    memory.kill(0.1)
    assert memory.n_dead == 200
    memory.kill(1.0)
    step = memory.step(stream[0])
    assert step.anomaly == 1.0 and not len(step.active_cells) and memory.n_segments == 0
    with pytest.raises(ValueError, match="cells"):
        memory.kill_cells([400])
    check_index(memory)


def test_random_choices_are_even():
    # One segment on each of 64 cells, 8 of 16 winners each: over 400 seeds each winner is chosen
    # about 400 x 64/2 times. Counts of one segment sum to 8, which shrinks chi-square by
    # (1 - 1/2) x 16/15 relative to independent draws.
    model = TemporalMemory(n_columns=100, cells_per_column=1, max_new_synapses=8)
    count, winners = np.zeros(16), np.zeros(5)
    wide = TemporalMemory(n_columns=10, cells_per_column=5)
    for seed in range(400):
        memory = model.start(seed)
        memory.run([np.arange(16), np.arange(20, 84)])
        count += np.bincount(memory.synapses().source, minlength=16)[:16]
        winners += np.bincount(wide.start(seed).step(np.arange(10)).winner_cells % 5, minlength=5)
    assert count.sum() == 400 * 64 * 8
    mean = 400 * 64 * 0.5
    statistic = np.sum((count - mean) ** 2) / (mean * 0.5 * 16 / 15)
    assert 1e-4 < stats.chi2.sf(statistic, 15) < 1 - 1e-4
    assert stats.chisquare(winners).pvalue > 1e-4


def test_connect():
    model = TemporalMemory(n_columns=30, cells_per_column=2, activation_threshold=3,
                           min_threshold=2, max_segments_per_cell=2)  # fmt: skip
    memory = model.start(0)
    memory.connect([40, 40, 7], [0, 3, 6, 8], [0, 2, 4, 1, 3, 5, 0, 2], permanence=0.5)
    assert content(memory)[0] == (0, 40, 0, [(0, 30000), (2, 30000), (4, 30000)])
    step = memory.step([0, 1, 2], learn=False)  # bursts: cells 0 to 5 are active
    assert step.predictive_cells.tolist() == [40] and memory.n_segments == 3
    check_index(memory)
    for arguments, match in (
        (([1], [0, 2], [3, 3]), "differ"),
        (([1], [0, 1], [60]), "sources"),
        (([60], [0, 1], [0]), "cells"),
        (([40], [0, 1], [0]), "at most 2 segments"),
        (([1], [0, 0], []), "1 to 255"),
        (([1], [0, 2], [1]), "indptr"),
    ):
        with pytest.raises(ValueError, match=match):
            memory.connect(*arguments)
    memory.kill_cells([1])
    with pytest.raises(ValueError, match="alive"):
        memory.connect([1], [0, 1], [0])


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("n_columns", 0, ValueError),
        ("n_columns", "9", TypeError),
        ("cells_per_column", 2**30, ValueError),
        ("activation_threshold", 0, ValueError),
        ("min_threshold", 14, ValueError),
        ("initial_permanence", 0.0, ValueError),
        ("permanence_increment", 1.5, ValueError),
        ("permanence_decrement", 1e-6, ValueError),
        ("max_new_synapses", -1, ValueError),
        ("max_segments_per_cell", 0, ValueError),
        ("max_synapses_per_segment", 4096, ValueError),
    ],
)
def test_refuses_parameters(field, value, error):
    with pytest.raises(error, match=field):
        TemporalMemory(**{field: value})


def test_parameters_as_json():
    model = TemporalMemory(n_columns=100, permanence_increment=0.05)
    assert from_json(to_json(model)) == model
    with pytest.raises(ValueError, match="seed"):
        model.start(-1)
    with pytest.raises(TypeError, match="model"):
        SequenceMemory(3)


def tiled(blocks, top):
    """Whether blocks (start, length) cover the places below ``top``, each once."""
    blocks = sorted(blocks)
    ends = [0, *(start + length for start, length in blocks)]
    return [start for start, _ in blocks] == ends[:-1] and ends[-1] == top


def check_blocks(memory):
    """Blocks held and those given back fill the arenas without gap or overlap; so do segments."""
    m = memory._arrays
    top = int(m.state[index.SEGMENT_TOP])
    used = m.segments[:top][m.segments[:top, index.CELL] != index.UNUSED]
    for kind, holders, arena, end in (
        (index.OF_SEGMENTS, used, m.sources, index.SYNAPSE_TOP),
        (index.OF_CELLS, m.cells[m.cells[:, index.ROOM] >= 0], m.entries, index.LIST_TOP),
    ):
        starts, rooms = holders[:, index.START].tolist(), holders[:, index.ROOM].tolist()
        blocks = [(start, 1 << room) for start, room in zip(starts, rooms, strict=True)]
        for room, start in enumerate(m.heads[kind].tolist()):
            while start >= 0:
                blocks.append((start, 1 << room))
                start = int(arena[start])
        assert tiled(blocks, m.state[end])
    free, number = m.state[index.FREE_SEGMENT], 0
    while free >= 0:
        assert m.segments[free, index.CELL] == index.UNUSED
        free, number = m.segments[free, index.NEXT], number + 1
    assert number + len(used) == top


def room_sufficed(memory):
    """Whether the last step took no more of the arenas than it had asked for beforehand."""
    state = memory._arrays.state
    return (
        state[index.SEGMENT_TOP] <= state[index.SEGMENT_NEED]
        and state[index.SYNAPSE_TOP] <= state[index.SYNAPSE_NEED]
        and state[index.LIST_TOP] <= state[index.LIST_NEED]
    )


def test_room_asked_for_suffices_and_is_used_again():
    """Kernels check no bounds, so that what a step may take must be there before it begins."""
    for seed in range(6):
        rng = np.random.default_rng(seed)
        model = TemporalMemory(
            n_columns=60, cells_per_column=2 + seed % 2, activation_threshold=3, min_threshold=2,
            initial_permanence=0.3, connected_permanence=0.2, permanence_decrement=0.1,
            max_new_synapses=(9, 17)[seed % 2], max_segments_per_cell=2,
            max_synapses_per_segment=(40, 20, 70)[seed % 3],
        )  # fmt: skip
        memory = model.start(seed)
        known = [rng.choice(60, 20, replace=False) for _ in range(5)]
        for t in range(150):
            columns = known[t % 5] if rng.random() < 0.6 else rng.choice(60, 30, replace=False)
            few = rng.random() < 0.1
            memory.step(columns[:2] if few else columns[rng.random(len(columns)) < 0.8])
            assert room_sufficed(memory), (seed, t)
            if t % 25 == 24:
                check_blocks(memory)
        check_index(memory)


def followed(memory, before):
    """Present cells of one set after another, each followed by the same 20 columns."""
    for columns in before:
        memory.reset()
        for step in (columns, np.arange(20)):
            memory.step(step)
            assert room_sufficed(memory)
    check_blocks(memory)
    check_index(memory)


def test_room_where_segments_and_lists_outgrow_theirs_at_once():
    model = TemporalMemory(
        n_columns=200, cells_per_column=1, activation_threshold=3, min_threshold=3,
        initial_permanence=0.5, permanence_decrement=0.0,
        max_new_synapses=17, max_synapses_per_segment=150,
    )  # fmt: skip
    # A set that moves on by 6 of its 20 cells: segments grow from 32 places to 64 and more.
    memory = model.start(0)
    followed(memory, [np.arange(k, k + 20) for k in range(20, 170, 6)])
    assert memory._arrays.segments[:, index.ROOM].max() >= 7
    # By 14 of 17: each of 14 cells gets 20 synapses in one step, and rooms of 4, 8, 16, 32.
    memory = model.start(0)
    followed(memory, [np.arange(k, k + 17) for k in range(20, 160, 14)])
    assert memory._arrays.cells[40:150, index.SIZE].min() >= 20
    # One cell more after few of the others: members of a bundle leave it, and fill lists of many.
    memory = model.start(0)
    followed(memory, [np.arange(20, 38), np.array([20, 21, 22, 23, 50])])
    assert memory._arrays.cells[20:38, index.ROOM].min() == 5
    # Lists of 14 new cells grow from nothing to 32 places, with none given back to take.
    memory = model.start(0)
    memory.connect(np.arange(17), np.arange(0, 52, 3), np.tile([20, 21, 22], 17))
    memory.step(np.arange(20, 37))
    memory.step(np.arange(17))
    assert room_sufficed(memory)
    assert memory._arrays.cells[23:37, index.ROOM].min() == 5
