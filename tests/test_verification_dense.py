"""Dense networks verified: theory and simulation agree, and wrong theories are found out.

Each right theory fails its table with probability 1e-3, by fixed seeds.
"""

from dataclasses import replace

import pytest

from assocmem import Dense, FullPower, LogSumExp, Separable, Supervised, Unsupervised, solve, verify
from assocmem._sizes import default_sizes

FAST = {"disorder": 12, "sweeps": 300, "seed": 5, "progress": False, "workers": 2}


def test_storing_at_high_load():
    report = verify(Dense(load=0.05, p=3), temperature=0.12, n_spins=(120, 160, 200), **FAST)
    assert report, str(report)
    assert {claim.quantity for claim in report.claims} >= {"overlap", "q", "energy"}


@pytest.mark.parametrize(
    ("learning", "p", "load", "sizes"),
    [
        (Supervised(20, 0.7), 3, 0.02, (120, 160, 200)),
        (Unsupervised(20, 0.8), 3, 0.02, (80, 120, 160)),
        (Supervised(20, 0.7), 2, 0.02, (200, 400, 800)),
        (Unsupervised(10, 0.7), 2, 0.01, (200, 400, 800)),
    ],
)
def test_learning_from_examples(learning, p, load, sizes):
    model = Dense(load=load, p=p, learning=learning)
    report = verify(model, temperature=0.08 if p == 3 else 0.2, n_spins=sizes, **FAST)
    assert report, str(report)


def test_a_field_on_the_pattern():
    report = verify(
        Dense(load=0.08, p=3, field=(0.2,)), temperature=0.25, **FAST | {"n_spins": (120, 200)}
    )
    assert report, str(report)


@pytest.mark.parametrize("energy", [FullPower(4), Separable("m**4/24 + m**6/720")])
def test_energies_with_self_interactions(energy):
    model = Dense(load=0.004, energy=energy, field=(0.06,))
    sizes = (40, 60, 80)
    report = verify(model, temperature=0.08, **FAST | {"n_spins": sizes})
    assert report, str(report)
    claim = next(claim for claim in report.claims if claim.quantity == "energy")
    # Over all configurations E M^4 = 3 N^2 - 2 N: it tells, and is no part of the limit.
    for n, predicted, error in zip(
        sizes, claim.finite_size_prediction, claim.by_size_error, strict=True
    ):
        mean = -model.count(n) * (3 * n * n - 2 * n) / (24.0 * n**4)
        limit = solve(replace(model, load=model.count(n) / n**3), 0.08).energy
        assert abs(mean) > 5.0 * error
        assert predicted - limit == pytest.approx(mean, rel=0.01)
    assert claim.predicted == solve(model, 0.08).energy


def _wrong(model, changes):
    """Predictions of the theory of another model."""

    def theory(given, temperature):
        other = replace(given, **changes.get("model", {}))
        load = other.load * changes.get("noise", 1.0)
        found = solve(replace(other, load=load), temperature * changes.get("heat", 1.0))
        return {"overlap": found.overlaps[0], "q": found.q, "energy": found.energy}

    options = FAST | {"disorder": 48, "n_spins": (120, 160, 200)}
    return verify(model, temperature=0.3, theory=theory, **options)


@pytest.mark.parametrize(
    "changes",
    [
        {"noise": 2.0},
        {"heat": 0.5},
        {"model": {"p": None, "energy": FullPower(3)}},
    ],
)
def test_wrong_theories_are_found_out(changes):
    # With a field the state is not metastable, and the noise shows in it.
    report = _wrong(Dense(load=0.06, p=3, field=(0.2,)), changes)
    assert any(claim.verdict == "DISAGREES" for claim in report.claims), str(report)


def test_default_sizes_follow_the_cost():
    for model in (Dense(load=0.05, p=3), Dense(load=0.001, p=6)):
        sizes = default_sizes(model, 1e6)
        largest = sizes[-1]
        assert largest * model.count(largest) <= 1e6
        assert (largest + 20) * model.count(largest + 20) > 1e6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "load", "temperatures", "sizes"),
    [
        (3, 0.05, (0.08, 0.12, 0.16), (200, 300, 400)),
        (3, 0.02, (0.1, 0.2), (200, 300, 400)),
        (4, 0.012, (0.02, 0.03), (80, 120, 160)),
        (4, 0.004, (0.03, 0.05), (80, 120, 160)),
    ],
)
def test_overlaps_at_three_sizes(p, load, temperatures, sizes):
    report = verify(
        Dense(load=load, p=p), temperature=temperatures, n_spins=sizes, **FAST | {"sweeps": 600}
    )
    assert report, str(report)


def test_logarithms_of_exponentials():
    model = Dense(load=0.1, energy=LogSumExp(1.0))
    report = verify(model, temperature=0.5, n_spins=(40, 60, 80), **FAST)
    assert report, str(report)


@pytest.mark.slow
def test_the_paramagnet_with_two_corrections():
    # The fourth cumulant of He_3 makes corrections of several 100/N percent of the energy here:
    # one power of 1/N does not do.
    model, options = Dense(load=0.05, p=3), FAST | {"n_spins": (150, 200, 250, 350)}
    options |= {"sweeps": 600, "disorder": 24}
    poor = verify(model, temperature=0.3, state="paramagnet", **options)
    assert poor.claims[0].verdict != "agrees"
    report = verify(model, temperature=0.3, state="paramagnet", corrections=2, **options)
    assert report, str(report)


@pytest.mark.slow
def test_six_bodies():
    # A field keeps such small networks in the state.
    report = verify(
        Dense(load=1e-4, p=6, field=(0.003,)),
        temperature=(0.002, 0.003),
        n_spins=(40, 50, 60),
        **FAST | {"sweeps": 400},
    )
    assert report, str(report)


def test_states_that_small_networks_do_not_have_are_refused_at_the_temperature_given():
    model = Dense(n_patterns=2, p=4)
    with pytest.raises(ValueError, match=r"does not exist at temperature 0\.5 "):
        verify(model, temperature=0.5, n_spins=(20, 30))
    with pytest.raises(ValueError, match=r"n_spins=8 at temperature=0\.05 "):
        verify(model, temperature=0.05, n_spins=(8, 2000))
