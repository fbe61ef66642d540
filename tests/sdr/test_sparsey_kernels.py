"""Kernels of the mac against Python integers, mpmath, plain NumPy and exact chances."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats

from assocmem.montecarlo.kernels.rng import kernel
from assocmem.sdr import Permanence, Selection
from assocmem.sdr.kernels import mac as kernels
from assocmem.sdr.kernels import permanence
from assocmem.sdr.kernels.elementary import exponential, inverse_root, logarithm, softplus
from assocmem.sdr.kernels.presenting import count_weights


def words(rng, *shape, thin=1):
    """Random bits, each set with chance 2^-thin."""
    found = rng.integers(0, 2**64, shape, dtype=np.uint64)
    for _ in range(thin - 1):
        found &= rng.integers(0, 2**64, shape, dtype=np.uint64)
    return found


def generator(seed):
    return np.random.default_rng(seed).integers(1, 2**64, (1, 4), dtype=np.uint64)


@kernel
def exponentials(x, out):
    for i in range(len(x)):
        out[i] = exponential(x[i])


def test_exponential():
    x = np.concatenate([np.linspace(-708, 708, 3001), np.random.default_rng(0).normal(size=500)])
    found = np.empty_like(x)
    exponentials(x, found)
    with mpmath.workdps(40):
        exact = [mpmath.exp(mpmath.mpf(float(value))) for value in x]
        worst = max(abs(float(one / other - 1)) for one, other in zip(found, exact, strict=True))
    assert worst < 4.5e-16  # two units in the last place
    beyond = np.array([-1e300, -np.inf, -709.0, 709.0, np.inf, 1e300])
    out = np.empty(6)
    exponentials(beyond, out)
    np.testing.assert_allclose(out, np.exp(np.clip(beyond, -708, 708)), rtol=1e-15)


@kernel
def inverse_roots(x, out):
    for i in range(len(x)):
        out[i] = inverse_root(x[i])


def test_inverse_root():
    rng = np.random.default_rng(1)
    x = np.concatenate([np.arange(1.0, 3000.0), np.exp(rng.uniform(-600, 600, 500)), [2.0**31]])
    found = np.empty_like(x)
    inverse_roots(x, found)
    with mpmath.workdps(40):
        exact = [1 / mpmath.sqrt(mpmath.mpf(float(value))) for value in x]
        worst = max(abs(float(one / other - 1)) for one, other in zip(found, exact, strict=True))
    assert worst < 4.5e-16  # two units in the last place


@kernel
def logarithms(x, out):
    for i in range(len(x)):
        out[i] = logarithm(x[i])


def test_logarithm():
    rng = np.random.default_rng(3)
    x = np.concatenate([np.arange(1.0, 3000.0), np.exp(rng.uniform(-690, 700, 500))])
    x = np.concatenate(
        [x, np.linspace(0.5, 2.0, 301), 1.0 + 2.0 ** -np.arange(20.0, 53.0), [1e-300]]
    )
    found = np.empty_like(x)
    logarithms(x, found)
    with mpmath.workdps(40):
        exact = [mpmath.log(mpmath.mpf(float(value))) for value in x]
    for one, other in zip(found, exact, strict=True):
        assert abs(float(one - other)) <= 4.5e-16 * max(math.log(2.0), abs(float(other)))
    assert found[0] == 0.0


@kernel
def softpluses(x, out):
    for i in range(len(x)):
        out[i] = softplus(x[i])


def test_softplus():
    x = np.concatenate([np.linspace(-700, 700, 1001), np.random.default_rng(2).normal(size=500)])
    found = np.empty_like(x)
    softpluses(x, found)
    with mpmath.workdps(340):  # beyond the 304 digits that 1 + e^-700 has
        exact = [mpmath.log1p(mpmath.exp(mpmath.mpf(float(value)))) for value in x]
        worst = max(abs(float(one / other - 1)) for one, other in zip(found, exact, strict=True))
    assert worst < 9e-16  # four units in the last place


@pytest.mark.parametrize("units", [3, 8, 40, 131])
@pytest.mark.parametrize("spare", [0, 5])
def test_sums_are_those_of_python_integers(units, spare):
    rng = np.random.default_rng(units)
    weights = words(rng, 11, units + spare)
    for active in range(12):  # all lengths of runs of words that are not 0
        x = words(rng, 11)
        x[rng.permutation(11)[active:]] = 0
        out = np.arange(units, dtype=np.float64)
        kernels.add_sums(weights, x, 0, 11, 1.0, out)
        exact = [
            i + sum((int(weights[w, i]) & int(x[w])).bit_count() for w in range(11))
            for i in range(units)
        ]
        np.testing.assert_array_equal(out, exact)
        out[:] = 0.0
        kernels.add_sums(weights, x, 2, 9, 2.5, out)
        some = [
            2.5 * sum((int(weights[w, i]) & int(x[w])).bit_count() for w in range(2, 9))
            for i in range(units)
        ]
        np.testing.assert_array_equal(out, some)


@pytest.mark.parametrize("nu", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_support_of_a_kind(nu, power):
    rng = np.random.default_rng(3)
    sums = np.append(rng.integers(0, 30, 60).astype(float), [0.0, 20.0, 27.5])
    held = np.append(rng.integers(0, 60, 60), [0, 20, 21]).astype(np.int32)
    before = rng.random(63)
    out = before.copy()
    kernels.times_support(sums, held, 20.0, nu, power, out)
    exact = [
        b * (min(1.0, u / 20.0) * ((20.0 / w) ** nu if w > 20 else 1.0)) ** power
        for b, u, w in zip(before, sums, held, strict=True)
    ]
    np.testing.assert_allclose(out, exact, rtol=1e-14)
    assert np.all(out <= before)
    # An input known by heart: exactly 1, for any number of active afferents.
    for pi in range(1, 300):
        one = np.ones(2)
        kernels.times_support(
            np.full(2, float(pi)), np.full(2, pi, np.int32), float(pi), nu, power, one
        )
        assert np.all(one == 1.0)


def test_familiarity_and_hypotheses():
    rng = np.random.default_rng(4)
    for q, k in ((1, 2), (3, 8), (24, 8), (2, 77)):
        v = rng.random((q, k))
        assert kernels.familiarity(v.ravel(), q, k) == pytest.approx(
            math.fsum(v.max(axis=1)) / q, rel=1e-14
        )
        for level in (0.0, 0.5, 0.9):
            mean = Fraction(int((v > level).sum()), q)
            wanted = math.floor(mean + Fraction(1, 2))  # halves up
            assert kernels.hypotheses(v.ravel(), q, k, level) == wanted
    assert kernels.hypotheses(np.array([1.0, 0.0, 0.0, 0.0]), 2, 2, 0.5) == 1
    assert kernels.hypotheses(np.array([0.5, 0.5]), 1, 2, 0.5) == 0  # above, not at
    assert kernels.familiarity(np.zeros(8), 2, 4) == 0.0
    assert kernels.familiarity(np.ones(8), 2, 4) == 1.0


SELECTIONS = [
    Selection(),
    Selection(g_minus=0.0, gamma=0.3, chi=5.0),
    Selection(sigma_2=200.0, sigma_3=0.2),
    Selection(sigma_2=0.0),
    Selection(sigma_1=1e-5, sigma_4=7.0),
    Selection(sigma_2=3000.0, sigma_4=0.01),  # e^x overflows, its small power does not
    Selection(chi=1e12),
    Selection(chi=0.0),
]


@pytest.mark.parametrize("selection", SELECTIONS, ids=str)
def test_chances_against_arbitrary_precision(selection):
    number = kernels.numbers(selection)
    v = np.append(np.linspace(0.0, 1.0, 21), [1.0, 0.5, 0.5])
    with mpmath.workdps(30):
        for g in (0.0, 0.1, 0.100001, 0.4, 0.9, 1.0):
            eta = kernels.expansivity(g, number, 8)
            low = mpmath.mpf(selection.g_minus)
            above = max(mpmath.mpf(0), (mpmath.mpf(g) - low) / (1 - low))
            exact = 1 + above ** mpmath.mpf(selection.gamma) * mpmath.mpf(selection.chi) * 8
            # Near g_minus the difference g - g_minus has few digits.
            assert abs(eta / float(exact) - 1.0) < 1e-12 + 1e-9 * (g == 0.100001)
            rho, psi = np.empty(24), np.empty(24)
            kernels.chances(v, eta, number, 3, 8, rho)
            kernels.sigmoids(v, eta, number, psi)
            for q in range(3):
                s1, s2, s3, s4 = (getattr(selection, f"sigma_{n}") for n in (1, 2, 3, 4))
                wanted = [
                    1
                    + (mpmath.mpf(float(eta)) - 1)
                    / (1 + s1 * mpmath.exp(-s2 * (mpmath.mpf(float(x)) - s3))) ** s4
                    for x in v[8 * q : 8 * q + 8]
                ]
                for i, value in enumerate(wanted):
                    assert abs(float(psi[8 * q + i] / value - 1)) < 1e-12
                    assert abs(float(rho[8 * q + i] / (value / sum(wanted)) - 1)) < 1e-12


def test_limits_of_chances():
    number = kernels.numbers(Selection(g_minus=0.3, chi=50.0))
    for g in (0.0, 0.2, 0.3):
        assert kernels.expansivity(g, number, 8) == 1.0
    assert kernels.expansivity(1.0, number, 8) == 401.0
    rho = np.empty(8)
    kernels.chances(np.linspace(0, 1, 8), 1.0, number, 1, 8, rho)
    np.testing.assert_array_equal(rho, 1 / 8)
    # Expansivity beyond all bounds, and beyond those of double precision.
    for chi in (1e12, 1e308):
        eta = kernels.expansivity(1.0, kernels.numbers(Selection(chi=chi)), 1000)
        kernels.chances(np.array([0, 0, 1.0, 0, 0, 0, 0, 0]), eta, number, 1, 8, rho)
        assert np.all(np.isfinite(rho)) and rho[2] > 1 - 1e-4 and rho.sum() == pytest.approx(1)


def test_draws_stop_where_the_sum_passes_the_level():
    rng = np.random.default_rng(5)
    for length in (1, 2, 7, 15, 16, 17, 18, 33, 100):
        psi = rng.integers(1, 9, length).astype(np.float64)
        psi[-1] += 2.0 ** np.ceil(np.log2(psi.sum())) - psi.sum()  # sums and shares are exact
        total = psi.cumsum()
        for level in (0.0, 0.5, *total[:-1], *(total - 0.5), total[-1]):
            wanted = min(int(np.searchsorted(total, level, side="right")), length - 1)
            assert kernels._drawn(psi, level / total[-1]) == wanted
            assert kernels._drawn_few(psi.copy(), level / total[-1]) == wanted


@pytest.mark.parametrize(("q", "k"), [(3, 8), (1, 32), (1, 50)])
@pytest.mark.parametrize("eta", [1.0, 9.0])
def test_winners_are_drawn_by_their_chances(q, k, eta):
    number = kernels.numbers(Selection(sigma_2=6.0))
    v = np.random.default_rng(6).random(q * k)
    single, psi, exact = generator(7), np.empty(q * k), np.empty(q * k)
    kernels.chances(v, eta, number, q, k, exact)
    count, winners, draws = np.zeros((q, k)), np.empty(q, np.int16), 20_000
    for _ in range(draws):
        kernels.draw_code(v, eta, number, q, k, single, 0, psi, winners)
        count[np.arange(q), winners] += 1
    wanted = draws * exact.reshape(q, k)
    assert wanted.min() > 20
    square = ((count - wanted) ** 2 / wanted).sum()
    assert stats.chi2.sf(square, q * (k - 1)) > 1e-4  # false alarm 1e-4


def test_hopeless_units_are_not_drawn():
    # Chances of 1e-280 or so: none in 2000 draws, whichever end of the module the best is at.
    number = kernels.numbers(Selection(chi=1e300, sigma_2=5000.0))
    for best in (0, 3, 7):
        v = np.zeros(8)
        v[best] = 1.0
        eta = kernels.expansivity(1.0, number, 8)
        single, rho, winners = generator(1), np.empty(8), np.empty(1, np.int32)
        for _ in range(2000):
            kernels.draw_code(v, eta, number, 1, 8, single, 0, rho, winners)
            assert winners[0] == best


def test_best_units_and_their_generator():
    rng = np.random.default_rng(8)
    for k in (2, 8, 16, 17, 40, 64):
        v = rng.random((5, k))
        single, winners = generator(2), np.empty(5, np.int16)
        before = single.copy()
        kernels.best_code(v.ravel(), 5, k, single, 0, winners)
        np.testing.assert_array_equal(winners, v.argmax(axis=1))
        np.testing.assert_array_equal(single, before)  # no ties, no numbers


@pytest.mark.parametrize("k", [6, 45])
def test_ties_are_even(k):
    v = np.random.default_rng(9).random((2, k)) * 0.5
    tied = [[0, 2, k - 1], [1, 3]]
    for row, places in zip(v, tied, strict=True):
        row[places] = 0.6
    v[0, 2] *= 1.0 + 1e-15  # equal but for rounding
    single, winners, count = generator(3), np.empty(2, np.int16), np.zeros((2, k))
    draws = 9000
    for _ in range(draws):
        kernels.best_code(v.ravel(), 2, k, single, 0, winners)
        count[[0, 1], winners] += 1
    for row, places in zip(count, tied, strict=True):
        assert row[places].sum() == draws
        assert stats.chisquare(row[places]).pvalue > 1e-4  # false alarm 1e-4
    nothing = np.zeros(2 * k)
    for _ in range(50 * k):
        kernels.best_code(nothing, 2, k, single, 0, winners)
        count[[0, 1], winners] += 1
    assert np.all(count > 0)  # false alarm 2 k e^-50


def test_learning_sets_bits_and_counts_them():
    rng = np.random.default_rng(10)
    weights = words(rng, 3, 12, thin=2)
    dense = np.array([[[int(w) >> b & 1 for b in range(64)] for w in row] for row in weights])
    held = dense.sum(axis=(0, 2)).astype(np.int32)
    for limit in (np.inf, 60.0, 0.0):
        for _ in range(6):
            x, winners = words(rng, 3, thin=3), rng.integers(-1, 4, 3).astype(np.int16)
            x[rng.integers(3)] = 0
            active = np.array([[int(w) >> b & 1 for b in range(64)] for w in x])
            new = 0
            for q, k in enumerate(winners):
                if k >= 0 and dense[:, 4 * q + k].sum() < limit:
                    new += int((active & ~dense[:, 4 * q + k] & 1).sum())
                    dense[:, 4 * q + k] |= active
            assert kernels.learn(weights, held, x, winners, 4, limit) == new
            found = [[[int(w) >> b & 1 for b in range(64)] for w in row] for row in weights]
            np.testing.assert_array_equal(found, dense)
            np.testing.assert_array_equal(held, dense.sum(axis=(0, 2)))


def test_weights_of_a_code_are_counted():
    rng = np.random.default_rng(11)
    weights = words(rng, 2, 12, thin=2)
    dense = np.array([[[int(w) >> b & 1 for b in range(64)] for w in row] for row in weights])
    dense = dense.transpose(0, 2, 1).reshape(128, 12)
    for winners in ([0, 3, 1], [-1, 2, 2], [-1, -1, -1]):
        counts = np.empty(128, np.int64)
        count_weights(weights, np.array(winners, np.int32), 4, counts)
        units = [4 * q + k for q, k in enumerate(winners) if k >= 0]
        np.testing.assert_array_equal(counts, dense[:, units].sum(axis=1))


@pytest.mark.parametrize("model", [Permanence(3), Permanence(1, 1.0, 5), Permanence(7, 1.3, 12)])
def test_lifetimes_are_whole_ticks(model):
    lives = permanence.lifetimes(model.lifetime, model.growth, model.ranks)
    assert lives[-1] == permanence.NEVER
    for rank, life in enumerate(lives[:-1]):
        exact = model.lifetime * Fraction(model.growth) ** rank
        assert life == math.ceil(exact - Fraction(1, 10**9) * exact)


def test_lifetimes_beyond_all_bounds_are_for_ever():
    lives = permanence.lifetimes(2**31 - 1, 1e300, 255)
    assert lives[0] == 2**31 - 1 and np.all(lives[1:] == permanence.NEVER)
    lives = permanence.lifetimes(1, 2.0, 255)
    assert lives[61] == 2**61 and np.all(lives[62:] == permanence.NEVER)
