"""Admissible growth of noise: exponents against large N, constants against simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from assocmem import Dense, Supervised, Unsupervised, solve
from assocmem.figures.detection import factor_step
from assocmem.hopfield.noisy import NoisyDense
from assocmem.montecarlo.tensor import sample_tensor
from assocmem.theory.noise import one_step_overlap
from assocmem.theory.scaling import admissible_noise, equivalent_load, factor_noise


def test_published_exponent():
    # Phys. Rev. Lett. 124 (2020) 028301: p = 4, K ~ N, noise of order sqrt(N).
    assert admissible_noise(4, 1, "factors").delta == 0.5
    assert admissible_noise(4, 1, "factors").regime == "ultra-detection"
    # At p = 2 a factor is an entry of a pattern: at K ~ N its noise may not grow.
    assert admissible_noise(2, 1, "factors").delta == 0.0
    for p in (3, 5):
        storage = admissible_noise(p, p - 1)
        assert storage.regime == "ultra-storage"
        assert storage.delta == (p - 1) / 2


@pytest.mark.parametrize("how", [Supervised, Unsupervised])
@pytest.mark.parametrize(
    ("p", "b", "c"), [(3, 1.0, 1.0), (3, 2.0, 1.0), (3, 0.5, 0.4), (4, 1.0, 0.5), (4, 3.0, 1.5)]
)
def test_exponents_of_examples_at_large_size(how, p, b, c):
    # One step from the archetype where there are 10^5 and 10^9 examples, by theory.noise.
    delta = admissible_noise(p, b, how.__name__.lower(), examples=c).delta

    def overlaps(growth):
        out = []
        for number in (10**5, 10**9):
            size = number ** (1.0 / c)
            load = 0.02 * size ** (b - p + 1)
            model = Dense(load=load, p=p, learning=how(number, size**-growth))
            out.append(one_step_overlap(model, law="gaussian"))
        return out

    slower, at, faster = (overlaps(delta + shift) for shift in (-0.15, 0.0, 0.15))
    limit = math.erf(1.0 / math.sqrt(2.0 * 0.02 * math.factorial(p - 1))) if b == p - 1 else 1.0
    assert slower[1] > 0.98 * limit
    assert slower[1] >= slower[0] - 1e-12
    assert 0.3 < at[1] <= limit
    assert at[1] == pytest.approx(at[0], abs=0.05)
    assert faster[1] < 0.6 * faster[0] < 0.3


@pytest.mark.parametrize(("p", "b"), [(2, 0.5), (4, 0.0), (4, 1.0), (4, 2.5), (6, 1.0), (6, 5.0)])
def test_exponents_of_factors_at_large_size(p, b):
    delta = admissible_noise(p, b, "factors").delta
    for size in (10**8, 10**12):
        at = factor_noise(p, size, size**b, size**delta)
        assert 0.1 < at < 1e3
    sizes = np.array([10**8, 10**12])
    for shift in (-0.1, 0.1):
        found = [factor_noise(p, int(n), n**b, n ** (delta + shift)) for n in sizes.astype(float)]
        assert (found[1] > found[0]) == (shift > 0)


def test_fields_of_factors_are_energy_differences():
    size, number, noise = 8, 3, 0.9
    state, fields = factor_step(size, number, noise, np.random.default_rng(3))
    rng = np.random.default_rng(3)  # the same numbers, summed over pairs
    pairs = list(itertools.combinations(range(size), 2))
    factors = []
    for mu in range(number):
        pattern = np.ones(size) if mu == 0 else rng.choice((-1.0, 1.0), size)
        normal = rng.standard_normal(len(pairs))
        entries = zip(pairs, normal, strict=True)
        factors.append([pattern[i] * pattern[j] + noise * x for (i, j), x in entries])

    def energy(spins):
        sums = [sum(f * spins[i] * spins[j] for f, (i, j) in zip(fs, pairs, strict=True))
                for fs in factors]  # fmt: skip
        return -sum(a * a for a in sums) * 4.0 / (24.0 * size**3)

    start = np.ones(size)
    for i in range(size):
        other = start.copy()
        other[i] = -1.0
        assert 0.5 * (energy(other) - energy(start)) == pytest.approx(fields[i], rel=1e-11)
    np.testing.assert_array_equal(state, np.sign(fields))


@pytest.mark.parametrize(("number", "noise"), [(1, 5.0), (60, 5.0), (250, 3.5)])
def test_one_step_with_noise_on_factors(number, noise):
    # Student's t over 40 samples, false-alarm rate 1e-5 each. Omega^2 is 9 or more: what the
    # patterns add to the noise, 1 + omega^2 for omega^2, is put into the number of patterns.
    size = 80
    children = np.random.SeedSequence(5).spawn(40)
    found = np.array(
        [factor_step(size, number, noise, np.random.default_rng(c))[0].mean() for c in children]
    )
    effective = (number - 1) * (1.0 + noise**-2) ** 2
    variance = factor_noise(4, size, effective, noise)
    expected = math.erf(1.0 / math.sqrt(2.0 * variance))
    error = found.std(ddof=1) / math.sqrt(40)
    # Corrections of order 1/N to the variance, C(N-1, k) for N^k/k! and the like: up to 4/N.
    slack = abs(math.erf(1.0 / math.sqrt(2.0 * variance * (1.0 + 4.0 / size))) - expected)
    assert abs(found.mean() - expected) < stats.t.isf(5e-6, 39) * error + slack
    # Either term left out would be seen.
    if number > 1:
        alone = math.erf(1.0 / math.sqrt(2.0 * factor_noise(4, size, 0, noise)))
        assert abs(found.mean() - alone) > stats.t.isf(5e-6, 39) * error


@pytest.mark.parametrize(("p", "size", "load"), [(3, 140, 0.08), (4, 48, 0.1 / 6)])
def test_noise_in_couplings_is_a_load(p, size, load):
    # m(T) of the noisy network against theory at alpha_eff; Student's t over 40 samples with a
    # false-alarm rate of 1e-5. At q near 1 fields have (N-1)..(N-p+1) terms for N^(p-1): in units
    # of that signal, load and temperature are larger by the ratio.
    temperature = 0.2 / math.factorial(p - 1)
    model = NoisyDense(Dense(n_patterns=4, p=p), math.sqrt(load))
    run = {"sweeps": 200, "burn_in": 100, "disorder": 40, "progress": False}
    found = sample_tensor(model, n_spins=size, temperature=temperature, **run).overlap.values
    ratio = math.perm(size - 1, p - 1) / size ** (p - 1)
    load = model.at_size(size).load
    assert load == pytest.approx(equivalent_load(p, size, 4, model.omega(size)), rel=1e-14)
    expected = solve(Dense(load=load / ratio, p=p), temperature / ratio).overlaps[0]
    error = found.std(ddof=1) / math.sqrt(40)
    assert abs(found.mean() - expected) < stats.t.isf(5e-6, 39) * error
    without = solve(Dense(load=4 / size ** (p - 1), p=p), temperature).overlaps[0]
    assert without - found.mean() > stats.t.isf(5e-6, 39) * error


def test_refusals():
    with pytest.raises(ValueError, match="kind"):
        admissible_noise(4, 1, "spins")
    with pytest.raises(ValueError, match="b must"):
        admissible_noise(4, 3.5)
    with pytest.raises(ValueError, match="p must"):
        admissible_noise(3, 1, "factors")
    with pytest.raises(ValueError, match="examples"):
        admissible_noise(3, 1, "supervised")
    with pytest.raises(ValueError, match="examples"):
        admissible_noise(3, 1, "couplings", examples=1)
    with pytest.raises(ValueError, match="p must"):
        equivalent_load(2, 10, 1, 1.0)
    with pytest.raises(ValueError, match="omega"):
        equivalent_load(3, 10, 1, -1.0)
    with pytest.raises(ValueError, match="p must"):
        factor_noise(3, 10, 1, 1.0)
