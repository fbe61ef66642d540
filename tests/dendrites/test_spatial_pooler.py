"""The spatial pooler, against a plain version of each of its steps, and what it learns."""

import numpy as np
import pytest

from assocmem import from_json, to_json
from assocmem.dendrites import PooledColumns, SpatialPooler
from assocmem.sdr import SDR, Metrics


class Plain:
    """The same algorithm over dense arrays and Python loops."""

    def __init__(self, columns):
        m = self.model = columns.model
        state = columns._state
        self.perm = np.full((m.n_columns, m.n_inputs), np.nan, np.float32)
        for c in range(m.n_columns):
            row = slice(state["indptr"][c], state["indptr"][c + 1])
            self.perm[c, state["indices"][row]] = state["permanence"][row]
        self.priority = state["priority"]
        self.active_duty, self.overlap_duty = np.zeros(m.n_columns), np.zeros(m.n_columns)
        self.least, self.steps = np.zeros(m.n_columns), 0

    def neighbours(self, c):
        m = self.model
        if m.inhibition_radius is None:
            return list(range(m.n_columns))
        rows, cols = m.columns if isinstance(m.columns, tuple) else (1, m.columns)
        y, x = divmod(c, cols)
        out = []
        for dy in range(-m.inhibition_radius, m.inhibition_radius + 1):
            for dx in range(-m.inhibition_radius, m.inhibition_radius + 1):
                v, u = y + dy, x + dx
                if m.wrap:
                    out.append(v % rows * cols + u % cols)
                elif 0 <= v < rows and 0 <= u < cols:
                    out.append(v * cols + u)
        return out

    def step(self, active, learn):
        m = self.model
        on = np.zeros(m.n_inputs, bool)
        on[active] = True
        overlap = np.array(
            [(row[on] >= np.float32(m.connected_permanence)).sum() for row in self.perm]
        )
        takes = overlap >= max(1, m.stimulus_threshold)
        # Sums in the order of the kernel, and one call of exp: scores that are equal but for
        # rounding would be put in another order.
        targets = np.full(m.n_columns, m.density)
        if m.inhibition_radius is not None:
            for c in range(m.n_columns):
                near, total = self.neighbours(c), 0.0
                for o in near:
                    total += self.active_duty[o]
                targets[c] = total / len(near)
        score = takes * (overlap * np.exp(m.boost * (targets - self.active_duty)))
        winners = []
        for c in range(m.n_columns):
            near = self.neighbours(c)
            ahead = sum((-score[o], self.priority[o]) < (-score[c], self.priority[c]) for o in near)
            if score[c] > 0 and ahead < max(1, int(0.5 + m.density * len(near))):
                winners.append(c)
        if learn:
            for c in winners:
                self.perm[c] = np.where(
                    on,
                    self.perm[c] + np.float32(m.increment),
                    self.perm[c] - np.float32(m.decrement),
                )
                self.perm[c] = np.clip(self.perm[c], 0, 1)
            self.steps += 1
            period = min(m.duty_period, self.steps)
            won = np.isin(np.arange(m.n_columns), winners)
            self.active_duty += (won - self.active_duty) / period
            self.overlap_duty += (takes - self.overlap_duty) / period
            if self.steps % 50 == 0 or self.steps == 1:
                for c in range(m.n_columns):
                    top = max(self.overlap_duty[self.neighbours(c)])
                    self.least[c] = m.min_overlap_duty * top
            for c in np.flatnonzero(self.overlap_duty < self.least):
                by = np.float32(0.1 * m.connected_permanence)
                self.perm[c] = np.minimum(self.perm[c] + by, np.float32(1.0))
        return winners


CASES = {
    "global": {"inputs": 70, "columns": 30, "density": 0.1, "boost": 3.0, "stimulus_threshold": 4},
    "line": {"inputs": 60, "columns": 40, "potential_radius": 8, "inhibition_radius": 4,
             "density": 0.2, "boost": 5.0, "wrap": False},
    "torus": {"inputs": (8, 9), "columns": (5, 7), "potential_radius": 2, "inhibition_radius": 2,
              "potential_fraction": 0.8, "density": 0.15, "boost": 2.0, "min_overlap_duty": 0.8},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_every_step(case):
    """Winners and permanences, to the last bit, over 120 steps of learning and without."""
    model = SpatialPooler(**CASES[case])
    columns = model.start(4)
    plain = Plain(columns)
    rng = np.random.default_rng(1)
    for t in range(120):
        active = np.flatnonzero(rng.random(model.n_inputs) < 0.2)
        assert list(columns.step(active, learn=t % 7 != 0)) == plain.step(active, t % 7 != 0)
    held = ~np.isnan(plain.perm)
    np.testing.assert_array_equal(columns._state["permanence"], plain.perm[held])
    np.testing.assert_allclose(columns._state["least_duty"], plain.least, rtol=1e-12)
    bound = np.float32(model.connected_permanence)
    np.testing.assert_array_equal(columns.connected(), held & (plain.perm >= bound))


def test_potential_pools():
    model = SpatialPooler(inputs=(10, 10), columns=(5, 5), potential_radius=1, wrap=False,
                          potential_fraction=1.0)  # fmt: skip
    state = model.start()._state
    first = state["indices"][: state["indptr"][1]]  # centre (1, 1)
    assert sorted(first) == [y * 10 + x for y in (0, 1, 2) for x in (0, 1, 2)]
    whole = SpatialPooler(inputs=50, columns=4, potential_fraction=0.5).start()._state
    assert np.all(np.diff(whole["indptr"]) == 25)
    for inputs, count in ((7, 3), (8, 3), (1, 1)):  # of 2.8, 3.2 and 0.4
        few = SpatialPooler(inputs=inputs, columns=4, potential_fraction=0.4).start()._state
        assert np.all(np.diff(few["indptr"]) == count)


def test_half_of_the_synapses_start_connected():
    """20,000 of them; |z| < 4.5 fails a right draw with probability 7e-6."""
    columns = SpatialPooler(inputs=400, columns=100).start(0)
    count = columns.connected().sum()
    assert abs(count - 10_000) < 4.5 * np.sqrt(5000.0)


def test_boost_spreads_activity_and_learning_resists_noise():
    """Two things a pooler is for, on inputs of 40 of 400 bits, some of them frequent."""
    rng = np.random.default_rng(3)
    inputs = [SDR(400, np.sort(rng.choice(200 + 200 * (k % 4 == 0), 40, False))) for k in range(60)]
    entropies = {}
    for boost in (0.0, 30.0):
        columns = SpatialPooler(400, 300, boost=boost, duty_period=200, density=0.04).start(1)
        before = _agreement(columns, inputs, rng)
        for _ in range(20):
            for given in inputs:
                columns.step(given)
        measured = Metrics(300)
        for given in inputs:
            measured.add(SDR(300, columns.step(given, learn=False)))
        entropies[boost] = measured.entropy
        if boost == 0.0:
            assert _agreement(columns, inputs, rng) > before + 0.1
    assert entropies[30.0] > entropies[0.0]


def _agreement(columns, inputs, rng):
    """Mean share of winners that stay when 30 % of the active inputs are replaced."""
    from assocmem.sdr import Replace

    shares = []
    for given in inputs:
        noisy = given.with_noise(Replace(12), rng)
        first, second = (columns.step(x, learn=False) for x in (given, noisy))
        shares.append(len(np.intersect1d(first, second)) / len(first))
    return np.mean(shares)


def test_saved_columns_go_on_alike(tmp_path):
    model = SpatialPooler(100, 50, boost=1.0)
    columns = model.start(2)
    rng = np.random.default_rng(0)
    stream = [np.flatnonzero(rng.random(100) < 0.1) for _ in range(40)]
    for active in stream[:20]:
        columns.step(active)
    columns.save(tmp_path / "columns.npz")
    again = PooledColumns.load(tmp_path / "columns.npz")
    for active in stream[20:]:
        assert list(again.step(active)) == list(columns.step(active))
    assert from_json(to_json(model)) == model


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"columns": 0}, "columns"),
        ({"inputs": (3, 3)}, "columns must be a sheet"),
        ({"potential_fraction": 0.0}, "potential_fraction"),
        ({"density": 1.5}, "density"),
        ({"boost": -1.0}, "boost"),
        ({"duty_period": 0}, "duty_period"),
    ],
)
def test_refusals(arguments, named):
    with pytest.raises(ValueError, match=named):
        SpatialPooler(**{"inputs": 10, "columns": 10, **arguments})


def test_inputs_are_checked():
    columns = SpatialPooler(10, 10).start()
    with pytest.raises(ValueError, match="10"):
        columns.step([3, 10])
    with pytest.raises(ValueError, match="n=10 cells"):
        columns.step(SDR(11, [1]))


@pytest.mark.parametrize(
    ("columns", "density", "count"), [(55, 0.05, 3), (45, 0.05, 2), (9, 0.05, 1)]
)
def test_number_of_winners_is_the_nearest(columns, density, count):
    """2.75, 2.25 and 0.45 of the columns: at least one wins."""
    model = SpatialPooler(inputs=200, columns=columns, density=density)
    assert len(model.start(1).step(range(100))) == count
