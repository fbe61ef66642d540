"""The gated layer: against formulas written out unit by unit, and gradients by differences."""

import numpy as np
import pytest

from assocmem import from_json, to_json
from assocmem.dendrites.gating import (
    GATES,
    DendriticLayer,
    k_winners,
    prototype_context,
    strongest_segment,
)


def plain_output(units, x, c):
    """One unit at a time, as section 12 of the papers' reading says it."""
    m = units.model
    out = np.zeros((len(x), m.n_units))
    for b, row in enumerate(x):
        context = c[b if len(c) > 1 else 0]
        for i in range(m.n_units):
            dots = [float(u @ context) for u in units.segments[i]]
            d = max(dots, key=abs) if m.gate == "absolute-max" else max(dots)
            inner = float(units.weights[i] @ row) + units.bias[i]
            out[b, i] = inner + d if m.gate == "bias" else inner / (1.0 + np.exp(-d))
        losers = sorted(range(m.n_units), key=lambda i: (-out[b, i], i))[m.n_winners :]
        out[b, losers] = 0.0
    return out


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("shared", [True, False])
def test_forward(gate, shared):
    model = DendriticLayer(7, 9, n_segments=3, n_context=5, winners=0.4, density=0.6, gate=gate)
    units = model.start(3)
    rng = np.random.default_rng(0)
    x, c = rng.normal(size=(4, 7)), rng.normal(size=(1 if shared else 4, 5))
    np.testing.assert_allclose(units.forward(x, c), plain_output(units, x, c), rtol=1e-13)
    assert np.all(np.count_nonzero(units.forward(x, c), axis=1) == 4)


@pytest.mark.parametrize("gate", GATES)
@pytest.mark.parametrize("shared", [True, False])
def test_gradients(gate, shared):
    """Central differences of a random linear loss: errors of the order of h^2 = 1e-10."""
    model = DendriticLayer(6, 8, n_segments=3, n_context=4, winners=0.5, gate=gate)
    units = model.start(1)
    rng = np.random.default_rng(2)
    x, c = rng.normal(size=(5, 6)), rng.normal(size=(1 if shared else 5, 4))
    loss_weights = rng.normal(size=(5, 8))
    units.forward(x, c)
    found, by_input = units.backward(loss_weights)

    def slopes(array, where):
        h, old = 1e-5, array[where]
        ends = []
        for sign in (1, -1):
            array[where] = old + sign * h
            ends.append(np.sum(loss_weights * units.forward(x, c)))
        array[where] = old
        return (ends[0] - ends[1]) / (2 * h)

    for name, array in units.parameters.items():
        free = np.ones(array.shape, bool) if name != "weights" else units.mask
        assert np.abs(found[name]).max() > 0.0
        for where in zip(*np.nonzero(free), strict=True):
            assert slopes(array, where) == pytest.approx(found[name][where], abs=1e-8)
    assert np.all(found["weights"][~units.mask] == 0.0)
    for where in np.ndindex(x.shape):
        assert slopes(x, where) == pytest.approx(by_input[where], abs=1e-8)


def test_k_winners_against_sorting():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, size=(200, 12)).astype(float)  # many ties
    for k in (1, 5, 11, 12):
        expected = np.zeros(y.shape, bool)
        for row, out in zip(y, expected, strict=True):
            out[np.lexsort((np.arange(12), -row))[:k]] = True
        np.testing.assert_array_equal(k_winners(y, k), expected)


def test_a_sparse_context_is_its_dense_form():
    from assocmem.sdr import SDR

    units = DendriticLayer(3, 6, n_segments=2, n_context=20).start(0)
    context = SDR(20, [3, 4, 17])
    dense = np.zeros((1, 20))
    dense[0, [3, 4, 17]] = 1.0
    x = np.ones((2, 3))
    np.testing.assert_array_equal(units.forward(x, context), units.forward(x, dense))
    index, d = strongest_segment(units.segments, dense)
    sums = units.segments[:, :, [3, 4, 17]].sum(axis=2)
    np.testing.assert_allclose(d[0], sums.max(axis=1), rtol=1e-14)
    np.testing.assert_array_equal(index[0], sums.argmax(axis=1))


def test_prototypes():
    examples = np.array([[0.0, 1.0, 0.5, 0.9], [0.0, 0.8, 0.7, 0.9]])
    assert list(prototype_context(examples, on=0.5).sparse) == [1, 3]


def test_big_activations_do_not_overflow():
    units = DendriticLayer(1, 2, n_context=1, winners=1.0).start(0)
    units.segments[:] = np.array([[[1e4]], [[-1e4]]])
    out = units.forward(np.array([[1.0]]), np.array([[1.0]]))
    inner = units.weights[:, 0] + units.bias
    assert out[0, 0] == inner[0] and out[0, 1] == 0.0


def test_mask_and_seed():
    model = DendriticLayer(10, 4, density=0.3)
    units, again, other = model.start(5), model.start(5), model.start(6)
    assert np.all(np.count_nonzero(units.weights, axis=1) == 3)
    np.testing.assert_array_equal(units.weights, again.weights)
    assert not np.array_equal(units.weights, other.weights)
    assert from_json(to_json(model)) == model


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"n_inputs": 0}, "n_inputs"),
        ({"winners": 0.0}, "winners"),
        ({"winners": 1.1}, "winners"),
        ({"density": 0.0}, "density"),
        ({"gate": "min"}, "gate"),
    ],
)
def test_refusals(arguments, named):
    with pytest.raises(ValueError, match=named):
        DendriticLayer(**{"n_inputs": 2, "n_units": 3, **arguments})


def test_refusals_of_arrays():
    units = DendriticLayer(2, 3, n_context=4).start()
    with pytest.raises(ValueError, match="forward pass"):
        units.backward(np.ones((1, 3)))
    with pytest.raises(ValueError, match="x must have shape"):
        units.forward(np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(ValueError, match="context must have 1 or 2 rows"):
        units.forward(np.ones((2, 2)), np.ones((3, 4)))
    with pytest.raises(ValueError, match="finite"):
        units.forward(np.full((1, 2), np.nan), np.ones((1, 4)))
    with pytest.raises(ValueError, match="k must be"):
        k_winners(np.ones(3), 4)
