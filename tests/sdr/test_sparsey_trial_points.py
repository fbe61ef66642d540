"""Small points of trials of stored items that other tests left open."""

import numpy as np
import pytest

from assocmem.sdr import Mac, Permanence, Selection
from assocmem.sdr.sparsey.stored import CodeOverlap, StoredItems
from assocmem.sdr.sparsey.trials import simulate


@pytest.mark.parametrize("kind", ["stored", "overlap"])
def test_each_trial_is_that_of_a_new_mac(kind):
    """Trials in a row are those of macs that hand on nothing but their generator."""
    from assocmem.sdr._seeds import state
    from assocmem.sdr.kernels.mac_trials import DROP, overlap_trials, stored_trials
    from assocmem.sdr.sparsey.trials import _mac, _sets

    mac = Mac(8, 2, nu=1.0, permanence=Permanence(2, 2.0, 2))
    common = {"n_features": 12, "size": 5, "n_items": 6}
    model = StoredItems(mac, **common) if kind == "stored" else CodeOverlap(mac, common=3, **common)

    def run(out):
        arrays = _mac(model, single)
        if kind == "overlap":
            overlap_trials(*arrays, 12, 5, 3, 6, *_sets(12, 5), out)
        else:  # all items are recalled, whose order may differ: loads and crosstalk do not
            items, codes = np.empty((6, 5), np.int32), np.empty((6, 8), np.int32)
            stored_trials(*arrays, 12, 5, DROP, 0, 6, *_sets(12, 5), items, codes, out)
        return out[:, :2]

    for seed in range(10):
        single = state(np.random.default_rng(seed))
        together = run(np.empty((3, 3)))
        single = state(np.random.default_rng(seed))
        apart = [run(np.empty((1, 3)))[0] for _ in range(3)]
        np.testing.assert_allclose(together, apart, rtol=1e-12)


def test_items_that_are_recalled_are_drawn_from_all():
    """Units that keep their first item know early ones best: recall of some is that of all.

    Within 5 standard errors of theory, of 100 macs: Student's law of 99 degrees of freedom leaves
    that 2.5 times in 10^6.
    """
    from assocmem.theory.sparsey import predict

    model = StoredItems(Mac(4, 2, Selection(chi=0), cap=1.0), n_features=60, size=4, n_items=12)
    found = simulate(model, trials=200, seed=3)["recalled"]
    assert abs(found.mean - predict(model)["recalled"]) < 5.0 * found.error
