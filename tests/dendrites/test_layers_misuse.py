"""Gated units and pooled columns in the hands of a caller who errs; columns from damaged files."""

import numpy as np
import pytest

from assocmem.dendrites import DendriticLayer, SpatialPooler
from assocmem.dendrites.gating import GatedUnits, k_winners, prototype_context, strongest_segment
from assocmem.dendrites.spatial_pooler import PooledColumns

LAYER = DendriticLayer(6, 5, n_segments=3, n_context=4)
ARRAYS = np.ones((5, 6)), np.ones(5), np.ones((5, 3, 4))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GatedUnits(3, *ARRAYS), TypeError, "model must be a DendriticLayer"),
        # A mask that says otherwise than the weights was not looked at in the forward pass.
        (
            lambda: GatedUnits(LAYER, *ARRAYS, np.zeros((5, 6), bool)),
            ValueError,
            "weights must be 0 where mask",
        ),
        (lambda: k_winners(3.0, 1), TypeError, "y must be an array"),
        (lambda: k_winners(["a"], 1), TypeError, "y must be an array"),
        (lambda: strongest_segment(np.ones((2, 3)), np.ones((1, 3))), ValueError, "segments must"),
        (
            lambda: strongest_segment(np.ones((2, 3, 4)), np.ones((1, 3))),
            ValueError,
            "context must have shape",
        ),
        (lambda: prototype_context(np.empty((2, 0))), ValueError, "examples must hold"),
        (lambda: SpatialPooler(5, 5, boost=1e6), ValueError, "boost must be"),
        (lambda: SpatialPooler(9, 5).start().step([9]), ValueError, "activity must be indices"),
        (lambda: SpatialPooler(9, 5).start().step(None), TypeError, "activity must be"),
        (lambda: SpatialPooler(9, 5).start().step([1], learn="no"), TypeError, "learn must be"),
    ],
)
def test_wrong_arguments_of_layers_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_strongest_boost_gives_numbers():
    columns = SpatialPooler(64, 50, boost=700.0).start(0)
    with np.errstate(all="raise"):
        for k in range(20):
            assert len(columns.step(range(k, k + 10))) == 1
        assert np.all(np.isfinite(columns.boosts)) and np.all(columns.boosts > 0.0)


def test_files_of_columns_are_checked(tmp_path):
    columns = SpatialPooler(64, 50).start(1)
    for k in range(5):
        columns.step(range(k, k + 10))
    path = tmp_path / "columns"
    columns.save(path)
    again = PooledColumns.load(path)
    for k in range(60):
        np.testing.assert_array_equal(
            columns.step(range(k % 50, 64)), again.step(range(k % 50, 64))
        )
    whole = path.read_bytes()
    with np.load(path) as held:
        arrays = dict(held)
    for damaged in (b"", b"hello", whole[:-40]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="path must be a file of PooledColumns"):
            PooledColumns.load(path)
    for name, array in arrays.items():
        for wrong in (None, np.zeros(3), np.full(array.shape, np.nan), np.array(10**6)):
            if name == "steps" and wrong is not None and wrong.dtype.kind == "i":
                continue
            changed = {key: value for key, value in arrays.items() if key != name}
            if wrong is not None:
                changed[name] = wrong
            with open(path, "wb") as file:
                np.savez(file, **changed)
            with pytest.raises(ValueError, match="path must be a file of PooledColumns"):
                PooledColumns.load(path)
    for name, entry in (("indices", 64), ("indices", -1), ("priority", 50), ("permanence", 1.5)):
        changed = {key: value.copy() for key, value in arrays.items()}
        changed[name][0] = entry
        with open(path, "wb") as file:
            np.savez(file, **changed)
        with pytest.raises(ValueError, match="path must be a file of PooledColumns"):
            PooledColumns.load(path)
    # Kernels would read beyond the inputs, or the synapses, if these were taken.
    first = arrays["indptr"][1]
    for name, at, entry, reason in (
        ("indices", first - 1, 64, "indices are not"),  # the last of its row, which still rises
        ("indptr", 2, first - 1, "indptr does not rise"),
        ("indptr", 0, 1, "indptr does not rise"),
    ):
        changed = {key: value.copy() for key, value in arrays.items()}
        changed[name][at] = entry
        with open(path, "wb") as file:
            np.savez(file, **changed)
        with pytest.raises(ValueError, match=reason):
            PooledColumns.load(path)
