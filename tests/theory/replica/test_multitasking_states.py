"""States at low load: against sums written out, finite networks, closed forms and other solvers."""

import itertools
import math

import numpy as np
import pytest
from scipy import optimize, special

from assocmem import Hopfield
from assocmem.errors import ConvergenceError
from assocmem.hopfield.learning import Supervised, Unsupervised
from assocmem.hopfield.multitasking import Multitasking
from assocmem.theory import solve
from assocmem.theory.replica.multitasking import ground
from assocmem.theory.replica.multitasking_states import states
from assocmem.theory.replica.multitasking_zero import fixed_points


def _law(k, d, m=1, r=1.0):
    """Words xi, those of the K M examples, and probabilities, all of them."""
    entries = [(0, (0,) * m, d)]
    for xi in (1, -1):
        for chi in itertools.product((1, -1), repeat=m):
            p = math.prod((1 + r * c) / 2 for c in chi) * (1 - d) / 2
            if p > 0:
                entries.append((xi, tuple(xi * c for c in chi), p))
    words = list(itertools.product(entries, repeat=k))
    xi = np.array([[e[0] for e in w] for w in words], float)
    eta = np.array([sum((e[1] for e in w), ()) for w in words], float)
    return xi, eta, np.array([math.prod(e[2] for e in w) for w in words])


def _plain(k, d, nu, t):
    """f, gradient and Hessian over all 3^K words."""
    xi, _, p = _law(k, d)
    x = np.clip(np.nan_to_num(xi @ nu) / t, -300.0, 300.0)  # wherever root finders go
    f = nu @ nu / 2 - t * p @ np.logaddexp(x, -x)
    slope = nu - (p * np.tanh(x)) @ xi
    return f, slope, np.eye(k) - (xi * (p / np.cosh(x) ** 2)[:, None]).T @ xi / t


@pytest.mark.parametrize(("k", "d", "t"), [(3, 0.55, 0.05), (3, 0.4, 0.2), (4, 0.5, 0.1)])
def test_states_are_all_stationary_points(k, d, t):
    found = states(Multitasking(n_patterns=k, dilution=d), t)
    assert found.complete and found.euler == 1
    assert sum((-1) ** i * n for i, n in zip(found.indices, found.copies, strict=True)) == 1
    listed = []
    for i, state in enumerate(found):
        nu = np.pad(state.overlaps, (0, k))[:k]
        f, slope, hessian = _plain(k, d, nu, t)
        assert np.max(np.abs(slope)) < 1e-12
        assert state.free_energy == pytest.approx(f, abs=1e-14)
        values = np.linalg.eigvalsh(hessian)
        assert found.eigenvalues[i] == pytest.approx(values[0], abs=1e-10)
        assert found.indices[i] == np.sum(values < 0)
        kinds = [e for e in state.stability.values()]
        assert min(kinds) == pytest.approx(values[0], abs=1e-10)
        assert state.energy == pytest.approx(state.free_energy + t * state.entropy, abs=1e-14)
        listed.append(nu)
    # Another root finder, from random points of the whole space, meets no other.
    rng = np.random.default_rng(5)
    met = set()
    for _ in range(300):
        start = rng.normal(size=k) * 0.4
        root = optimize.root(
            lambda x: _plain(k, d, x, t)[1], start, jac=lambda x: _plain(k, d, x, t)[2], tol=1e-13
        )
        if root.success and np.max(np.abs(root.fun)) < 1e-10:
            nu = np.sort(np.abs(root.x))[::-1]
            gaps = [np.max(np.abs(nu - other)) for other in listed]
            assert min(gaps) < 1e-6
            met.add(int(np.argmin(gaps)))
    assert len(met) > len(found) // 2


@pytest.mark.parametrize(("k", "d"), [(2, 0.5), (3, 0.5), (3, 0.56), (4, 0.5), (4, 0.57)])
def test_cold_minima_are_the_exact_ones_at_zero(k, d):
    t = 0.004
    exact = [point for point in fixed_points(k, d) if point.stable and point.margin > 8 * t]
    cold = states(Multitasking(n_patterns=k, dilution=d), t)
    assert cold.complete
    free = d**k * math.log(2)
    energies = [state.free_energy + t * free for state in cold.stable]
    for point in exact:  # corrections of order exp(-2 margin/T)
        gap = np.min(np.abs(np.array(energies) - float(point.energy)))
        assert gap < 10 * t * math.exp(-2 * float(point.margin) / t) + 1e-15
    assert len(cold.stable) >= len(exact) >= 1


def test_descent_ends_in_no_state_that_is_not_listed():
    """Minima at T = 0.02 (1 - d) come with saddles that cancel in the sum of signs."""
    k, d = 5, 1 / 3
    t = 0.02 * (1 - d)
    found = states(Multitasking(n_patterns=k, dilution=d), t)
    listed = np.array([np.pad(state.overlaps, (0, k))[:k] for state in found.stable])
    xi, _, p = _law(k, d)
    nu = np.abs(np.random.default_rng(8).normal(size=(300, k))) * 0.4
    for _ in range(400):
        nu = (np.tanh(nu @ xi.T / t) * p) @ xi
    slope = np.max(np.abs((np.tanh(nu @ xi.T / t) * p) @ xi - nu), axis=1)
    ends = -np.sort(-np.abs(nu[slope < 1e-9]), axis=1)
    assert len(ends) > 150 and len(np.unique(np.round(ends, 5), axis=0)) > 5
    assert np.max(np.min(np.max(np.abs(ends[:, None] - listed), axis=2), axis=1)) < 1e-5


def test_crossing_of_hierarchical_and_mixed_states():
    """At T = 0 and K = 3 they have equal energies at d = 0.54691816 (specification)."""

    def gap(d, t=1e-3):
        stable = states(Multitasking(n_patterns=3, dilution=d), t).stable
        f = {state.regime: state.free_energy for state in stable}
        return f["hierarchical"] - f["mixed"]

    assert gap(0.54691816) == pytest.approx(0.0, abs=1e-8)
    assert gap(0.5459) < 0.0 < gap(0.5479)


@pytest.mark.parametrize(("k", "end"), [(3, 0.6180339887), (4, 0.5436890127)])
def test_end_of_the_hierarchical_state(k, end):
    for t in (0.0, 1e-4):
        assert solve(Multitasking(n_patterns=k, dilution=end - 5e-3), t, "hierarchical").exists
        lost = solve(Multitasking(n_patterns=k, dilution=end + 5e-3), t, "hierarchical")
        assert not lost.exists and lost.reason
    model = Multitasking(n_patterns=k, dilution=0.5)
    found, zero = solve(model, 0.01, "hierarchical"), solve(model, 0.0, "hierarchical")
    np.testing.assert_allclose(zero.overlaps, 0.5 ** np.arange(1, k + 1), rtol=1e-15)
    np.testing.assert_allclose(found.overlaps, zero.overlaps, atol=2e-3)
    assert zero.q == pytest.approx(1 - 0.5**k) and zero.regime == "hierarchical"
    assert solve(model, 0.0).free_energy == pytest.approx(zero.free_energy, abs=1e-15)


def test_near_the_ergodic_state():
    """f = (1 - u/T) |nu|^2/2 + u (3 u (|nu|^2)^2 + (1 - 3 u) sum nu^4)/(12 T^3), u = 1 - d."""
    for d in (0.6, 0.64, 0.7, 0.75):
        u = 1 - d
        t = 0.999 * u
        found = ground(Multitasking(n_patterns=3, dilution=d), t)
        n = 1 if d < 2 / 3 else 3
        assert len(found.overlaps) == n
        assert found.regime == ("hierarchical" if n == 1 else "parallel")
        square = 3 * t**3 * (u / t - 1) / (u * (3 * u + (1 - 3 * u) / n))  # |nu|^2
        assert np.sum(np.square(found.overlaps)) == pytest.approx(square, rel=5e-3)
        assert not solve(Multitasking(n_patterns=3, dilution=d), u).exists
        flat = solve(Multitasking(n_patterns=3, dilution=d), 1.01 * u, "paramagnet")
        assert flat.stable and flat.stability["uncondensed"] == pytest.approx(1 - 1 / 1.01)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("t", [0.0, 0.3, 0.9])
def test_without_blanks_it_is_the_hopfield_model(n, t):
    model, other = Multitasking(n_patterns=4, dilution=0.0), Hopfield(n_patterns=4)
    name = "mixture" if n > 1 else "retrieval"
    a = solve(model, t, "mixture", n_mixed=n)
    b = solve(other, t, name, n_mixed=max(n, 2))
    np.testing.assert_allclose(a.overlaps, b.overlaps, atol=1e-12)
    for key in ("free_energy", "energy", "entropy", "q", "C"):
        assert getattr(a, key) == pytest.approx(getattr(b, key), abs=1e-12), key
    for key in ("symmetry", "uncondensed"):
        assert a.stability.get(key) == pytest.approx(b.stability.get(key), abs=1e-10)
    if n > 1 and t > 0:
        assert a.stability["longitudinal"] == pytest.approx(b.stability["longitudinal"], abs=1e-10)
    assert ground(model, 0.5).overlaps == pytest.approx(solve(other, 0.5).overlaps, abs=1e-12)


def test_finite_networks_have_this_free_energy():
    """Z of N spins with words in exact proportions, self-interactions in, summed exactly, K = 2.

    ln Z = -N f/T + ln(copies) - ln(det Hessian)/2 + O(1/N), by Laplace's method for the integral
    over nu. What is left, per spin, times N^2 is 1.45 and 1.38 for N = 160 and 240; an error of
    order 1/N (or 1) in f would make it grow by half (or more).
    """
    d, t = 0.5, 0.1
    found = states(Multitasking(n_patterns=2, dilution=d), t)
    _, _, hessian = _plain(2, d, np.array(found.ground.overlaps), t)
    gaps = []
    for n in (160, 240):
        sizes = [n // 4, n // 4, n // 8, n // 8]  # words (1,0), (0,1), (1,1), (1,-1), up to sign
        sums = [np.arange(-s, s + 1, 2) for s in sizes]
        ways = [special.gammaln(s + 1) - special.gammaln(k + 1) - special.gammaln(s - k + 1)
                for s in sizes for k in [np.arange(s + 1)]]  # fmt: skip
        a, b, c, e = np.meshgrid(*sums, indexing="ij", sparse=True)
        weight = sum(w.reshape([-1 if i == j else 1 for j in range(4)]) for i, w in enumerate(ways))
        total = special.logsumexp(((a + c + e) ** 2 + (b + c - e) ** 2) / (2 * n * t) + weight)
        total += n // 4 * math.log(2)
        guess = -n * found.ground.free_energy / t + math.log(found.copies[0])
        gaps.append((total - guess + math.log(np.linalg.det(hessian)) / 2) * n)
    assert 0.5 < gaps[1] < 3.0
    assert gaps[1] / gaps[0] == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("law", ["binomial", "gaussian"])
def test_thermodynamics_of_learned_states(law):
    model = Multitasking(n_patterns=3, dilution=0.4, learning=Unsupervised(4, 0.7))
    t, step = 0.2, 1e-5
    here = solve(model, t, law=law)
    assert here.exists and here.stable
    up, down = (solve(model, t + s * step, law=law).free_energy for s in (1, -1))
    assert here.entropy == pytest.approx(-(up - down) / (2 * step), abs=1e-8)
    n = np.array(here.example_overlaps)
    assert here.energy == pytest.approx(-n @ n / (2 * model.learning.variance), abs=1e-13)


def test_perfect_examples_are_the_patterns():
    for learning in (Supervised(5, 1.0), Unsupervised(5, 1.0)):
        for t in (0.0, 0.1):
            for name in ("retrieval", "hierarchical", "parallel"):
                a = solve(Multitasking(n_patterns=3, dilution=0.5, learning=learning), t, name)
                b = solve(Multitasking(n_patterns=3, dilution=0.5), t, name)
                np.testing.assert_allclose(a.overlaps, b.overlaps, atol=1e-12)
                np.testing.assert_allclose(a.example_overlaps, b.overlaps, atol=1e-12)
                assert a.free_energy == pytest.approx(b.free_energy, abs=1e-13)
    many = Multitasking(n_patterns=3, dilution=0.5, learning=Supervised(10**9, 0.5))
    a = solve(many, 0.1, law="gaussian")
    b = solve(Multitasking(n_patterns=3, dilution=0.5), 0.1)
    np.testing.assert_allclose(a.overlaps, b.overlaps, atol=1e-6)


def test_laws_of_examples_meet():
    """At fixed entropy rho of the examples the difference of the laws falls as 1/M."""
    gaps = []
    for m in (100, 400):
        learning = Supervised(m, 1 / math.sqrt(1 + 0.5 * m))
        model = Multitasking(n_patterns=2, dilution=0.4, learning=learning)
        f = {law: solve(model, 0.2, law=law).free_energy for law in ("binomial", "gaussian")}
        gaps.append(f["binomial"] - f["gaussian"])
    assert abs(gaps[1]) < 1e-3
    assert gaps[0] / gaps[1] == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize(("m", "name"), [(2, "parallel"), (3, "parallel"), (3, "mixture")])
def test_modes_of_single_examples(m, name):
    """The Hessian of f in all K M overlaps, restricted to vectors of sum 0 over the examples."""
    k, d, r, t = 2, 0.35, 0.6, 0.12
    model = Multitasking(n_patterns=k, dilution=d, learning=Unsupervised(m, r))
    found = solve(model, t, name, n_mixed=1)
    xi, eta, p = _law(k, d, m, r)
    variance = model.learning.variance
    n = np.repeat(np.pad(found.example_overlaps, (0, k))[:k], m)
    x = eta @ n / (m * variance * t)
    f = n @ n / (2 * m * variance) - t * p @ np.logaddexp(x, -x)
    assert found.free_energy == pytest.approx(f, abs=1e-13)
    np.testing.assert_allclose((p * np.tanh(x)) @ eta, n, atol=1e-12)
    m_here = (p * np.tanh(x)) @ xi
    np.testing.assert_allclose(m_here[: len(found.overlaps)], found.overlaps, atol=1e-12)
    pull = (eta * (p / np.cosh(x) ** 2)[:, None]).T @ eta / (m * variance * t)
    hessian = np.eye(k * m) - pull  # times M R
    values, vectors = np.linalg.eigh(hessian)
    sums = np.array([np.abs(v.reshape(k, m).sum(axis=1)).max() for v in vectors.T])
    single = values[sums < 1e-8]
    assert len(single) == k * (m - 1)
    assert found.stability["examples"] == pytest.approx(single.min(), abs=1e-11)
    taught = Multitasking(n_patterns=k, dilution=d, learning=Supervised(m, r))
    assert "examples" not in solve(taught, t, name, n_mixed=1).stability


@pytest.mark.parametrize("learning", [None, Supervised(3, 0.6)])
@pytest.mark.parametrize(
    ("name", "t"),
    [("retrieval", 0.2), ("hierarchical", 0.2), ("paramagnet", 0.7), ("retrieval", 0.0)],
)
def test_fields(learning, name, t):
    fields = (0.05, 0.02)
    model = Multitasking(n_patterns=3, dilution=0.4, learning=learning, field=fields)
    found = solve(model, t, name)
    assert found.exists and found.stable
    m, r = (1, 1.0) if learning is None else (learning.n_examples, learning.quality)
    root = 1.0 if learning is None else math.sqrt(learning.variance)
    xi, eta, p = _law(3, 0.4, m, r)
    y = eta.reshape(len(p), 3, m).mean(axis=2) / root
    nu = np.pad(found.overlaps if learning is None else found.example_overlaps, (0, 3))[:3] / root
    x = y @ nu + xi[:, :2] @ fields
    tanh = np.tanh(x / t) if t > 0 else np.where(np.abs(x) > 1e-12, np.sign(x), 0.0)
    log = t * np.logaddexp(x / t, -x / t) if t > 0 else np.abs(x)
    np.testing.assert_allclose((p * tanh) @ y, nu, atol=1e-11)
    overlaps = (p * tanh) @ xi
    np.testing.assert_allclose(overlaps[: len(found.overlaps)], found.overlaps, atol=1e-11)
    assert found.free_energy == pytest.approx(nu @ nu / 2 - p @ log, abs=1e-12)
    energy = -nu @ nu / 2 - np.dot(fields, overlaps[:2])
    assert found.energy == pytest.approx(energy, abs=1e-11)
    step = 1e-5  # the overlap with the archetype is the response to its field
    up, down = (
        solve(
            Multitasking(
                n_patterns=3, dilution=0.4, learning=learning, field=(0.05, 0.02 + s * step)
            ), t, name,
        ).free_energy
        for s in (1, -1)
    )  # fmt: skip
    assert found.overlaps[1] == pytest.approx(-(up - down) / (2 * step), abs=1e-7)


def test_many_patterns():
    """Levels condense one after another: 10 and 60 patterns have the states of few."""
    few = ground(Multitasking(n_patterns=4, dilution=0.5), 0.2)
    for k in (10, 60):
        many = ground(Multitasking(n_patterns=k, dilution=0.5), 0.2)
        np.testing.assert_allclose(many.overlaps, few.overlaps, atol=1e-12)
        assert many.stable
    wide = solve(Multitasking(n_patterns=200, dilution=0.95), 0.02)
    assert wide.regime == "parallel" and len(wide.overlaps) == 200 and wide.stable
    endless = solve(Multitasking(n_patterns=10**6, dilution=0.5), 0.0, "hierarchical")
    assert endless.free_energy == pytest.approx(-0.5 * 0.5 / 1.5, abs=1e-15)
    # K = 4, d = 0.9, T = 0.005 of the specification: close to parallel, but not equal
    close = ground(Multitasking(n_patterns=4, dilution=0.9), 0.005)
    np.testing.assert_allclose(close.overlaps, (0.0982, 0.0905, 0.0823, 0.0746), atol=6e-5)


@pytest.mark.parametrize(
    ("d", "learning", "fields"),
    [
        (0.5924717129, Supervised(1, 0.67), ()),
        (0.2894051839, Supervised(2, 0.3957), ()),
        (0.5072734937, Supervised(2, 0.8065), ()),
        (0.6016540750, Supervised(1, 0.8168), (0.01193265,)),
    ],
)
def test_no_start_ends_lower_at_zero_temperature(d, learning, fields):
    """Learned states at T = 0 are many: another search, of 400 random starts, finds none lower."""
    k = 4
    found = solve(
        Multitasking(n_patterns=k, dilution=d, learning=learning, field=fields), 0.0
    )  # fmt: skip
    xi, eta, p = _law(k, d, learning.n_examples, learning.quality)
    y = eta.reshape(len(p), k, -1).mean(axis=2) / math.sqrt(learning.variance)
    push = xi[:, : len(fields)] @ np.array(fields)
    nu = np.random.default_rng(3).normal(size=(400, k)) * 0.5
    for _ in range(60):
        x = nu @ y.T + push
        nu = (np.where(np.abs(x) > 1e-12, np.sign(x), 0.0) * p) @ y
    energies = 0.5 * np.sum(nu**2, axis=1) - np.abs(nu @ y.T + push) @ p
    assert found.free_energy <= energies.min() + 1e-12


def test_overlaps_too_small_to_resolve_are_no_state():
    d = 1.0 - 1e-9
    with pytest.raises(ConvergenceError, match="no minimum"):
        solve(Multitasking(n_patterns=3, dilution=d), (1.0 - d) * (1.0 - 1e-9))


def test_neighbours_as_guesses():
    model = Multitasking(n_patterns=4, dilution=0.56)
    first = ground(model, 0.03)
    second = ground(model, 0.031, [first.overlaps])
    assert second.free_energy == pytest.approx(ground(model, 0.031).free_energy, abs=1e-14)


def test_list_of_states():
    found = states(Multitasking(n_patterns=3, dilution=0.55), 0.05)
    assert found.ground is found[0] and found.ground.regime == "mixed"
    assert [state.regime for state in found.stable] == ["mixed", "hierarchical"]
    text = str(found)
    assert text.count("metastable") == 1 and text.count("global minimum") == 1
    data = found.to_dataset()
    assert data.overlap.shape == (len(found), 3) and data.attrs["euler"] == 1
    assert states(Multitasking(n_patterns=3, dilution=0.5), 0.5).ground.regime == "ergodic"
    learned = Multitasking(n_patterns=3, dilution=0.5, learning=Supervised(3, 0.7))
    assert states(learned, 0.1).complete and states(learned, 0.1, law="gaussian").complete
    assert states(learned, 0.1).to_dataset().example_overlap.shape[1] == 3


def test_arguments():
    model = Multitasking(n_patterns=3, dilution=0.5)
    with pytest.raises(ValueError, match="state"):
        solve(model, 0.1, "spin-glass")
    with pytest.raises(ValueError, match="n_mixed"):
        solve(model, 0.1, "mixture", n_mixed=4)
    with pytest.raises(ValueError, match="temperature"):
        solve(model, -0.1)
    with pytest.raises(ValueError, match="temperature"):
        states(model, 0.0)
    with pytest.raises(ValueError, match="field"):
        states(Multitasking(n_patterns=3, dilution=0.5, field=(0.1,)), 0.1)
    with pytest.raises(ValueError, match="law"):
        solve(Multitasking(n_patterns=2, learning=Supervised(3, 0.5)), 0.1, law="poisson")
    assert not solve(model, 0.0, "paramagnet").exists
    assert not solve(model, 0.5, "hierarchical").exists


@pytest.mark.parametrize("name", ["hierarchical", "retrieval"])
def test_states_in_which_more_patterns_condense_than_words_allow_are_refused(name):
    """At M = 400 the words of two patterns can be summed: three condense here."""
    learned = Multitasking(n_patterns=3, dilution=0.3, learning=Supervised(400, 0.5))
    for t in (0.05, 0.0):
        with pytest.raises(ValueError, match=r"n_patterns.*law='gaussian'"):
            solve(learned, t, name)
        found = solve(learned, t, name, law="gaussian")
        assert found.stable and len(found.overlaps) == 3
    if name == "hierarchical":
        warm = solve(learned, 0.15, name)  # two patterns condense, no more
        assert warm.stable and len(warm.overlaps) == 2


@pytest.mark.slow
def test_hierarchy_of_many_words():
    """Three levels of M = 86 examples, 3.3e5 words: as many as are not searched any more."""
    k, d, t, m, r = 3, 0.3, 0.05, 86, 0.5
    learning = Supervised(m, r)
    found = solve(Multitasking(n_patterns=k, dilution=d, learning=learning), t, "hierarchical")
    assert found.stable and len(found.overlaps) == k
    root = math.sqrt(learning.variance)
    y = (2 * np.arange(m + 1) - m) / m / root
    chance = [
        special.comb(m, np.arange(m + 1)) * 0.75 ** np.arange(m + 1) * 0.25 ** np.arange(m, -1, -1)
    ]
    p = 0.5 * (1 - d) * (chance[0] + chance[0][::-1])
    p[m // 2] += d
    nu = np.array(found.example_overlaps) / root
    x = sum(np.meshgrid(*(y * n for n in nu), indexing="ij")) / t
    mean = np.einsum("abc,a,b,c,a->", np.tanh(x), p, p, p, y, optimize=True)
    last = np.einsum("abc,a,b,c,c->", np.tanh(x), p, p, p, y, optimize=True)
    assert (mean, last) == pytest.approx((nu[0], nu[2]), abs=1e-12)


def test_more_levels_than_words_are_refused():
    cold = Multitasking(n_patterns=20, dilution=0.45)
    with pytest.raises(ValueError, match="n_patterns"):
        solve(cold, 1e-6, "hierarchical")
    assert solve(cold, 1e-2, "hierarchical").stable
    with pytest.raises(ValueError, match="n_patterns"):
        solve(Multitasking(n_patterns=20, dilution=0.45, field=(0.1,)), 0.0, "hierarchical")


@pytest.mark.parametrize("learning", [None, Supervised(1, 0.8)])
def test_fields_at_zero_temperature_leave_no_pattern_out(learning):
    """Weak fields do not change whom spins follow: E = -|nu|^2/2 - h.m with all eight levels."""
    k, d = 8, 0.45
    fields = (0.002, 0.001)
    model = Multitasking(n_patterns=k, dilution=d, learning=learning, field=fields)
    found = solve(model, 0.0, "hierarchical")
    nu = (1 - d) * d ** np.arange(k)
    r = 1.0 if learning is None else learning.quality
    if learning is None:
        np.testing.assert_allclose(found.overlaps, nu, atol=1e-14)
        energy = -0.5 * nu @ nu - r * nu[:2] @ fields
        assert found.free_energy == pytest.approx(energy, abs=1e-14)
    assert len(found.overlaps) == k and found.stable
    assert found.q == pytest.approx(1.0 - d**k, abs=1e-14)
    assert solve(model, 0.0).free_energy <= found.free_energy + 1e-14


def test_learned_states_at_zero_temperature_of_more_than_eight_patterns():
    """M = 1, r = 1 are the patterns: twice the same ground state, by integers and by descent."""
    k, d = 9, 0.3
    stored = solve(Multitasking(n_patterns=k, dilution=d), 0.0)
    learned = solve(Multitasking(n_patterns=k, dilution=d, learning=Supervised(1, 1.0)), 0.0)
    np.testing.assert_allclose(learned.overlaps, stored.overlaps, atol=1e-14)
    assert learned.stable and stored.stable
