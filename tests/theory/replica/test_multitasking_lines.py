"""Lines and regimes of multitasking networks against sums over all words written out here."""

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

from assocmem import Multitasking, Supervised
from assocmem.theory.lines import project
from assocmem.theory.regimes import RegimeDiagram, blocks_of, signature_text
from assocmem.theory.replica.multitasking_blocks import SIGNS, blocks
from assocmem.theory.replica.multitasking_cold import cold_lines
from assocmem.theory.replica.multitasking_diagram import phase_diagram
from assocmem.theory.replica.multitasking_intervals import ground_intervals
from assocmem.theory.replica.multitasking_lines import (
    _symmetric,
    condensation,
    full,
    stability_of_parallel,
    symmetric_stability,
)
from assocmem.theory.replica.multitasking_map import Surface
from assocmem.theory.replica.multitasking_seeds import _small_jump
from assocmem.theory.replica.multitasking_zero import fixed_points


def law_of(number, d):
    """All 3^K words and their probabilities."""
    words = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=number)))
    chance = np.prod(np.where(words == 0.0, d, 0.5 * (1.0 - d)), axis=1)
    return words, chance


def free_energy(m, d, temperature):
    words, chance = law_of(len(m), d)
    h = words @ m / temperature
    return 0.5 * m @ m - temperature * chance @ np.logaddexp(h, -h)


def gradient(m, d, temperature):
    words, chance = law_of(len(m), d)
    return m - (chance * np.tanh(words @ m / temperature)) @ words


def hessian(m, d, temperature):
    words, chance = law_of(len(m), d)
    weight = chance * (1.0 - np.tanh(words @ m / temperature) ** 2) / temperature
    return np.eye(len(m)) - words.T @ (words * weight[:, None])


def lowest(number, d, temperature, seed, n_starts=25):
    """Lowest minimum of f from random starts, descending."""
    rng = np.random.default_rng(seed)
    best = None
    for _ in range(n_starts):
        found = minimize(
            free_energy, (1.0 - d) * rng.random(number), (d, temperature), jac=gradient,
            method="BFGS", options={"gtol": 1e-10},
        )  # fmt: skip
        if best is None or found.fun < best.fun - 1e-13:
            best = found
    return np.sort(np.abs(best.x))[::-1], best.fun


@pytest.fixture(scope="module")
def diagram():
    return phase_diagram(Multitasking(n_patterns=3), n_points=40)


@pytest.mark.parametrize("sizes", [(1,), (3,), (2, 1), (1, 1, 2)])
def test_reduced_system_is_that_of_all_words(sizes):
    d, t = 0.57, 0.41
    x = np.linspace(0.9, 0.4, len(sizes))
    m = (1.0 - d) * np.append(np.repeat(x, sizes), 0.0)
    one, temperature = blocks(sizes), (1.0 - d) * t
    full = gradient(m, d, temperature) / (1.0 - d)
    first = np.cumsum(sizes) - sizes
    np.testing.assert_allclose(one.residual(x, d, t), full[first], atol=1e-14)
    matrix = hessian(m, d, temperature)
    assert one.condensation(x, d, t) == pytest.approx(matrix[-1, -1], abs=1e-13)
    for i, n in enumerate(sizes):
        if n > 1:
            k = first[i]
            assert one.split(i, x, d, t) == pytest.approx(
                matrix[k, k] - matrix[k, k + 1], abs=1e-13
            )
    low = free_energy(m, d, temperature) - free_energy(0.0 * m, d, temperature)
    assert one.free_energy(x, d, t) * (1.0 - d) ** 2 == pytest.approx(low, abs=1e-14)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_stability_of_the_parallel_state_by_its_whole_hessian(number):
    d = 0.8
    temperature = symmetric_stability(d, number)
    m = np.full(number, 1.0 - d)
    for _ in range(3000):
        m = m - gradient(m, d, temperature)
    np.testing.assert_allclose(m, m[0])
    eigenvalues = np.linalg.eigvalsh(hessian(m, d, temperature))
    np.testing.assert_allclose(eigenvalues[: number - 1], 0.0, atol=1e-10)
    assert eigenvalues[-1] > 0.1


@pytest.mark.parametrize("number", [2, 4, 30])
def test_parallel_state_loses_stability_at_two_thirds(number):
    line = stability_of_parallel(number, 60)
    assert np.max(line.residual) < 1e-10
    near = int(np.argmax(line.temperature))
    d, t = line.dilution[near], line.temperature[near] / (1.0 - line.dilution[near])
    assert 1.0 - t < 3e-3
    # d = 2/3 - (8/15) (1 - t)/K + O((1 - t)^2), from the expansion of f to sixth order
    assert (2.0 / 3.0 - d) / (1.0 - t) == pytest.approx(8.0 / (15.0 * number), abs=6e-3)


def test_stability_of_the_parallel_state_at_strong_dilution():
    assert symmetric_stability(0.9999, 4) / (4 * 1e-4**2 / 2) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(("sizes", "split"), [((2, 1), 0), ((1, 3), 0), ((1, 2, 1), 1)])
@pytest.mark.parametrize("e", [1e-3, 0.1, 0.9])
def test_chord_is_the_difference_of_two_states(sizes, split, e):
    d, t = 0.7, 0.2
    one, x = blocks(sizes), np.full(len(sizes), 0.6)
    u = np.zeros(len(sizes))
    u[split], u[split + 1] = 0.3, -0.7
    slope, cubic = one.chord(x, u, e, d, t)
    first, last = one.residual(x, d, t), one.residual(x + e * u, d, t)
    np.testing.assert_allclose(slope, (last - first) / e, atol=1e-15 / e)
    rise = one.free_energy(x + e * u, d, t) - one.free_energy(x, d, t)
    trapezoid = 0.5 * e * (np.array(sizes) * (first + last)) @ u
    assert rise - trapezoid == pytest.approx(-0.5 * e**3 * cubic, abs=1e-15)
    assert one.chord(x, u, 0.0, d, t)[1] == pytest.approx(one.third(x, u, d, t) / 6.0, rel=1e-12)


@pytest.mark.parametrize("number", [3, 4, 5])
def test_cubic_invariant_of_the_parallel_state_vanishes_nowhere(number):
    """Third differences of f over all words along (1, .., 1, 1 - K): negative, so of first order.

    The state with one overlap below the others is met first; the cubic goes to 0 with 1 - d.
    """
    v = np.append(np.ones(number - 1), 1.0 - number) / np.sqrt(number * (number - 1.0))
    sums = []
    for d in (0.67, 0.75, 0.85, 0.95):
        temperature = symmetric_stability(d, number)
        m = np.full(number, 1.0 - d)
        for _ in range(1000):
            m = m - gradient(m, d, temperature)
        assert np.max(np.abs(gradient(m, d, temperature))) < 1e-12
        words, chance = law_of(number, d)
        z = words @ m / temperature
        sums.append(
            2.0 * chance @ ((words @ v) ** 3 * np.tanh(z) / np.cosh(z) ** 2) / temperature**2
        )
    assert np.all(np.array(sums) < 0.0)
    assert sums[-1] > 0.1 * sums[1]


@pytest.mark.parametrize(("number", "d"), [(3, 0.7), (3, 0.8), (4, 0.8), (5, 0.75)])
def test_parallel_state_ends_above_its_instability(number, d):
    line = jump_at(number, d)
    temperature, (lower, parallel), e = line
    unstable = symmetric_stability(d, number)
    assert temperature > unstable
    for m in (lower, parallel):
        assert np.max(np.abs(gradient(m, d, temperature))) < 1e-12
        assert np.linalg.eigvalsh(hessian(m, d, temperature))[0] > 0.0
    gap = free_energy(lower, d, temperature) - free_energy(parallel, d, temperature)
    assert abs(gap) < 1e-15
    # c3^2/(3 c4) and -2 c3/c4 along the chord, by differences of the least eigenvalue
    m = np.full(number, parallel[0])
    v = np.append(np.ones(number - 1), 1.0 - number) / np.sqrt(number * (number - 1.0))
    h = 2e-4
    bent = [v @ hessian(m + k * h * v, d, temperature) @ v for k in (-1, 0, 1)]
    third, fourth = (bent[2] - bent[0]) / (2 * h), (bent[2] - 2 * bent[1] + bent[0]) / h**2
    assert bent[1] == pytest.approx(third**2 / (3.0 * fourth), rel=0.15)
    size = (1.0 - d) * e * np.sqrt((number - 1.0) / number)
    assert size == pytest.approx(-2.0 * third / fourth, rel=0.15)


def jump_at(number, d):
    """Where the parallel state ceases to be the lowest at d: T, both states, difference."""
    y = np.array([_symmetric(d, number, SIGNS)[0]])
    t = _symmetric(d, number, SIGNS)[-1]
    condition, states, _ = _small_jump(SIGNS, (number,), 0, y, d, t)
    start = condition.start(states, d, t)
    found = project(condition.system(), start, np.eye(len(start))[-2], None, 1e-13, 30)[0]
    assert found[-2] == pytest.approx(d, abs=1e-13)
    both = [
        (1.0 - d) * full(sizes, x, number)
        for sizes, x in zip(
            (condition.sizes, condition.other), condition.states(found), strict=True
        )
    ]
    return (1.0 - d) * found[-1], both, found[-3]


@pytest.mark.parametrize("number", [3, 4])
def test_lines_that_start_at_zero_temperature(number):
    ends = [float(ground.high) for ground in ground_intervals(number)][:-1]
    found = list(cold_lines(number))
    assert len(found) == len(ends)
    for (condition, y), d in zip(found, ends, strict=True):
        assert y[-2] == pytest.approx(d, abs=1e-10)
        one, two = (
            (1.0 - d) * full(sizes, x, number)
            for sizes, x in zip(
                (condition.sizes, condition.other), condition.states(y), strict=True
            )
        )
        assert one @ one == pytest.approx(two @ two, abs=1e-10)  # energies -|m|^2/2
        assert np.max(np.abs(one - two)) > 1e-3


@pytest.mark.slow
def test_first_line_of_six_patterns_at_zero_temperature():
    ((condition, y),) = cold_lines(6)
    assert condition.sizes == (1,) * 6
    for d, regime in ((y[-2] - 1e-6, "hierarchical"), (y[-2] + 1e-6, "mixed")):
        assert fixed_points(6, d).ground.regime == regime


@pytest.mark.parametrize("level", [2, 3, 4])
def test_further_patterns_condense_at_d_to_the_power_of_those_before(level):
    condition, curve = condensation(level)
    assert np.max(curve.residuals) < 1e-10
    x, d, t = curve.points[0][:-2], *curve.points[0][-2:]
    # Spins follow the patterns before but for exp(-gap/T), and more of d where they nearly tie.
    assert t == pytest.approx(d ** (level - 1), rel=1e-5)
    middle = curve.points[len(curve.points) // 2]
    x, d, t = middle[:-2], *middle[-2:]
    m = (1.0 - d) * np.append(x, 0.0)
    matrix = hessian(m, d, (1.0 - d) * t)
    assert np.max(np.abs(gradient(m, d, (1.0 - d) * t))) < 1e-12
    assert matrix[-1, -1] == pytest.approx(0.0, abs=1e-11)
    assert condition.sizes == (1,) * (level - 1)


@pytest.mark.slow
def test_residuals_of_all_lines(diagram):
    assert isinstance(diagram, RegimeDiagram)
    assert not any("not resolved" in note for note in diagram.notes)
    kinds = sorted(line.kind for line in diagram.lines.values())
    assert [kinds.count(k) for k in ("first order", "crossover", "spinodal")] == [3, 1, 1]
    assert kinds.count("continuous") == 6
    for line in diagram.lines.values():
        assert line.converged
        assert np.max(line.residual) < 1e-10


@pytest.mark.slow
def test_first_order_line_of_three_patterns(diagram):
    line = next(
        line
        for line in diagram.lines.values()
        if line.kind == "first order" and "critical point" in line.ended
    )
    assert line.temperature.min() == 0.0
    assert line.dilution[np.argmin(line.temperature)] == pytest.approx(0.54691816, abs=5e-9)
    one, two = line.states["overlaps"], line.states["overlaps_of_the_other_state"]
    assert np.max(np.abs(one[5] - two[5])) > 0.02
    for k in np.flatnonzero(line.temperature > 1e-3):
        d, temperature = line.dilution[k], line.temperature[k]
        gap = free_energy(one[k], d, temperature) - free_energy(two[k], d, temperature)
        assert abs(gap) < 1e-12
        assert np.max(np.abs(gradient(one[k], d, temperature))) < 1e-11
    critical = {name: value for name, value in diagram.points.items() if "critical point" in name}
    d, temperature = (
        next(value for name, value in critical.items() if name.startswith(what))
        for what in ("dilution", "temperature")
    )
    # There the two states are one, whose Hessian has a null vector along which f''' vanishes.
    k = int(np.argmin(np.hypot(line.dilution - d, line.temperature - temperature)))
    m = one[k]
    values, vectors = np.linalg.eigh(hessian(m, d, temperature))
    assert abs(values[0]) < 1e-9
    words, chance = law_of(3, d)
    z = words @ m / temperature
    third = chance @ ((words @ vectors[:, 0]) ** 3 * np.tanh(z) / np.cosh(z) ** 2)
    assert abs(third) < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize(
    ("d", "t"),
    [(0.2, 0.5), (0.3, 0.1), (0.5, 0.3), (0.57, 0.2), (0.62, 0.3), (0.63, 0.85), (0.8, 0.5)],
)
def test_map_against_minima_from_random_starts(diagram, d, t):
    """The grid point next to (d, t); none of them next to a line."""
    found = diagram.map
    i = int(np.argmin(np.abs(found.searched_dilution - d)))
    j = int(np.argmin(np.abs(found.searched_reduced - t)))
    d, t = found.searched_dilution[i], found.searched_reduced[j]
    m, low = lowest(3, d, (1.0 - d) * t, seed=1)
    assert found.free_energy[i, j] == pytest.approx(low, abs=1e-12)
    np.testing.assert_allclose(found.overlaps[i, j], m, atol=1e-5)


@pytest.mark.slow
def test_lines_are_where_regimes_change(diagram):
    """Across every line that is not a stability line, lowest states have other structures."""
    surface = Surface(3)
    starts = np.array([[1, 0, 0], [1, 1, 1e-3], [1, 0.9, 0.8], [1, 0.5, 0.25], [1, 0.6, 0.5]])

    def state(d, t):
        n = len(starts)
        x, f, _ = surface.minimise(starts.astype(float), np.full(n, d), np.full(n, t))
        return x[np.argmin(f)]

    for key in ("T_2", "T_3"):
        line = diagram.lines[key]
        k = len(line) // 3
        d, t = line.dilution[k], line.temperature[k] / (1.0 - line.dilution[k])
        level = int(key[2:])
        assert blocks_of(state(d, t + 1e-3)) == (1,) * (level - 1)
        assert blocks_of(state(d, t - 1e-3)) == (1,) * level
    for line in diagram.lines.values():
        if line.kind == "crossover":
            k = len(line) // 2
            d, t = line.dilution[k], line.temperature[k] / (1.0 - line.dilution[k])
            left, right = state(d - 1e-3, t), state(d + 1e-3, t)
            assert left[0] > left[1:].sum()
            assert right[0] < right[1:].sum()


def test_two_patterns_are_never_mixed():
    found = phase_diagram(Multitasking(n_patterns=2), n_points=20)
    assert set(found.map.share()) == {"hierarchical", "parallel"}
    assert not any(line.kind == "first order" for line in found.lines.values())
    split = next(line for key, line in found.lines.items() if key.startswith("continuous"))
    known = found.lines["T_s"]
    for d in (0.7, 0.8, 0.9):
        one, two = (
            np.interp(d, line.dilution[o := np.argsort(line.dilution)], line.temperature[o])
            for line in (split, known)
        )
        assert one == pytest.approx(two, abs=5e-3)


def test_what_is_learned_has_the_same_critical_temperature():
    model = Multitasking(n_patterns=2, learning=Supervised(3, 0.8))
    found = phase_diagram(model, n_points=10)
    np.testing.assert_allclose(found.lines["T_c"].temperature, 1.0 - found.lines["T_c"].dilution)
    assert {"hierarchical", "parallel"} <= set(found.map.share())


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="n_patterns"):
        phase_diagram(Multitasking(load=0.1))
    with pytest.raises(ValueError, match="n_patterns"):
        phase_diagram(Multitasking(n_patterns=9))
    with pytest.raises(ValueError, match="field"):
        phase_diagram(Multitasking(n_patterns=2, field=(0.1,)))
    with pytest.raises(ValueError, match="gaussian"):
        phase_diagram(Multitasking(n_patterns=2, learning=Supervised(3, 0.8)), law="gaussian")
    with pytest.raises(ValueError, match="dilution"):
        symmetric_stability(0.5, 3)


def test_signatures_in_letters():
    assert signature_text((1, 2), 4) == "(a, b, b, 0)"
    assert blocks_of(np.array([0.5, 0.3, 0.3, 0.0])) == (1, 2)


@pytest.mark.slow
def test_dataset_and_text(diagram):
    data = diagram.to_dataset()
    np.testing.assert_array_equal(data["T_2_temperature"], diagram.lines["T_2"].temperature)
    assert data["regime"].shape == data["temperature"].shape
    assert "first_order_1" in str(diagram)


def test_condensation_of_learned_patterns_ends_where_the_quartic_term_says():
    """1 - d = E etabar^4/(3 R^2) where pairs and single patterns meet at T_c; 1/3 for signs."""
    from assocmem.theory.laws import binomial_mean

    values, weights = binomial_mean(5, 0.5)
    learning = Supervised(5, 0.5)
    expected = 1.0 - (weights @ values**4) / (3.0 * learning.variance**2)
    diagram = phase_diagram(Multitasking(n_patterns=2, learning=learning))
    line = diagram.lines["T_2"]
    assert abs(line.dilution.max() - expected) < 2e-3  # traced up to T/T_c = 0.998
    assert np.all(line.temperature <= 1.0 - line.dilution)
    assert str(phase_diagram(Multitasking(n_patterns=1)))
