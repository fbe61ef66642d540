"""Retrieval of archetypes of images: limits that are known, scores from their definition."""

import numpy as np
import pytest

from assocmem import Dense
from assocmem.figures import real_data, real_gallery
from assocmem.patterns import Structured

pytest.importorskip("sklearn")


def small(**options):
    given = {"orders": (2, 3), "examples": (1, 50), "draws": 3, "cues": 12, **options}
    return real_data.compute("digits", **given)


def test_many_examples_of_few_random_archetypes_are_retrieved():
    # Two independent archetypes at N = 44, r = 0.7, M = 130: the mean example is the archetype but
    # for P(Binomial(130, 0.85) <= 65) < 1e-15 a site, so that it is a fixed point of p = 3.
    found = small(classes=(0, 1), examples=(1, 130), noise=0.0).sel(source="random", order=3)
    assert np.all(found["kept"].sel(examples=130) == 1.0)
    assert np.all(found["overlap"].sel(examples=130) > found["overlap"].sel(examples=1))
    assert np.all(found["overlap"].sel(examples=130) > 0.9)


def test_attributes_are_those_of_the_images():
    ensemble = Structured("digits", "half")
    given = small(orders=(2,), examples=(2,), threshold="half", varying=False).attrs
    pairs = ensemble.correlations[np.triu_indices(10, 1)]
    assert given["correlation_range"] == [pairs.min(), pairs.max()] and pairs.min() > 0.2
    assert given["correlation"] == pytest.approx(pairs.mean())
    assert given["quality"] == ensemble.quality and given["n_spins"] == 64


def test_with_one_example_the_protocols_are_one():
    found = small(orders=(3,)).sel(source="images", examples=1)
    for name in ("overlap_each", "right_each"):
        teacher, alone = (found[name].sel(protocol=x) for x in real_data.PROTOCOLS)
        np.testing.assert_array_equal(teacher, alone)


def test_numbers_depend_on_the_seed_alone():
    one, same, other = small(), small(), small(seed=1)
    assert one.identical(same)
    assert np.any(one["overlap"] != other["overlap"])
    # Other orders and points, or more of them, change nothing.
    part = small(orders=(3,), examples=(50,))
    np.testing.assert_array_equal(
        part["overlap_each"].squeeze(), one["overlap_each"].sel(order=3, examples=50)
    )


def test_errors_are_those_of_means_over_draws():
    found = small()
    each = found["overlap_each"]
    np.testing.assert_allclose(found["overlap"], each.mean("draw"))
    np.testing.assert_allclose(found["overlap_error"], each.std("draw", ddof=1) / np.sqrt(3))


def test_starts_are_test_images_with_a_fraction_flipped():
    found = small(against="noise", orders=(2,), examples=5, noise=(0.0, 0.25, 0.5), cues=150)
    # All 450 test images are used once: their mean overlap is that of the whole test part.
    ensemble = Structured("digits", "mean", varying=True)
    images, index = ensemble.images("test")
    overlap = (images * ensemble.archetypes[index].astype(float)).mean()
    starts = found["start_overlap"].sel(source="images")
    assert starts.sel(noise=0.0) == pytest.approx(overlap, abs=1e-12)
    # round(z N) of 44 sites are flipped at random: (1 - 22/44) of the overlap on average, and 0.
    # The error of the mean over 450 images of a mean of 44 entries is below 1/sqrt(450 x 44).
    for fraction in (0.25, 0.5):
        wanted = (1.0 - 2.0 * fraction) * overlap
        assert abs(starts.sel(noise=fraction) - wanted) < 6.0 / np.sqrt(450 * 44)


def test_scores_from_their_definition():
    archetypes = np.array([[1, 1, 1, 1], [1, 1, -1, -1], [-1, -1, 1, 1]], np.int8)
    spins = np.array([[1, 1, 1, 1], [1, 1, 1, -1], [1, 1, 1, 1]], np.int8)
    overlap, right = real_data._score(archetypes, spins, np.array([0, 1, 2]))
    # Overlaps 1, 1/2 and 0; the second is as near to pattern 0 as to its own.
    assert overlap == pytest.approx(0.5) and right == pytest.approx((1 + 0.5 + 0) / 3)


def test_ends_are_minima_and_lower_than_their_starts():
    ensemble = Structured("digits", varying=True)
    sample = Dense(n_patterns=10, p=5, patterns=ensemble).draw(
        ensemble.n_spins, np.random.default_rng(0)
    )
    starts = ensemble.images("test")[0][:20]
    ends, settled = real_data.retrieve(sample, starts, np.random.SeedSequence(3).spawn(20))
    assert settled == 1.0
    assert np.all(sample.energy(ends) <= sample.energy(starts))
    for state in ends:
        flipped = np.where(np.eye(len(state), dtype=bool), -state, state)
        assert np.all(sample.energy(flipped) >= sample.energy(state) - 1e-12)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"against": "p"}, "against"),
        ({"examples": 3}, "examples"),
        ({"noise": (0.1, 0.2)}, "noise"),
        ({"noise": 0.6}, "noise"),
        ({"against": "noise", "noise": 0.1, "examples": 5}, "noise"),
        ({"against": "noise"}, "examples"),
        ({"examples": (1, 500)}, "n_examples"),
        ({"orders": ()}, "orders"),
        ({"draws": 1}, "draws"),
        ({"classes": (3,)}, "classes"),
        ({"cues": 400}, "cues"),
        ({"threshold": "none"}, "threshold"),
    ],
)
def test_wrong_options_are_refused_by_name(options, name):
    with pytest.raises((ValueError, TypeError), match=name):
        small(**options)


@pytest.mark.parametrize("against", ["examples", "noise"])
def test_figures_show_what_was_computed(against):
    import matplotlib.pyplot as plt

    by_noise = against == "noise"
    found = small(
        against=against,
        examples=5 if by_noise else (1, 5),
        noise=(0.0, 0.1) if by_noise else 0.1,
    )
    ax = real_data.draw(found)
    assert len(ax.figure.axes) == 4
    # Lines of two orders by two protocols (with errors), and the start.
    assert len(ax.containers) == 4
    shown = ax.containers[0].lines[0].get_ydata(orig=False)
    first = found["overlap"].sel(source="images", protocol="supervised", order=2)
    np.testing.assert_allclose(shown, first)
    own = plt.subplots()[1]
    assert real_data.draw(found, own) is own and len(own.containers) == 4
    plt.close("all")


def test_gallery_holds_pictures_of_every_stage():
    import matplotlib.pyplot as plt

    found = real_gallery.compute("digits", orders=(2, 4), examples=10, classes=(3, 7))
    ensemble = Structured("digits", "mean", classes=(3, 7), varying=True)
    assert found["stage"].values.tolist() == ["test image", "start", "$p=2$", "$p=4$", "archetype"]
    last = found["picture"].sel(stage="archetype").values.reshape(2, 64)
    np.testing.assert_array_equal(last[:, ensemble.pixels], ensemble.archetypes)
    assert np.all(last[:, ~ensemble.pixels] == 0)
    first = found["picture"].sel(stage="test image").values.reshape(2, 64)[:, ensemble.pixels]
    start = found["picture"].sel(stage="start").values.reshape(2, 64)[:, ensemble.pixels]
    assert np.all((first != start).sum(axis=1) == round(0.15 * ensemble.n_spins))
    np.testing.assert_allclose(
        found["overlap"].sel(stage="start"),
        start.astype(float) @ ensemble.archetypes.T / ensemble.n_spins,
    )
    ax = real_gallery.draw(found)
    assert len(ax.images) == 10
    plt.close("all")
