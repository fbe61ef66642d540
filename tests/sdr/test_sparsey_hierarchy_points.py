"""Small points of hierarchies that other tests left open: back-off, resets, capacity, states."""

import numpy as np
import pytest

from assocmem.sdr import Hierarchy, HierarchyMemory, Level, Mac, Permanence, Selection
from assocmem.sdr.kernels.level import CLOCK
from assocmem.sdr.sparsey.hierarchy_arrays import contradiction
from assocmem.sdr.sparsey.hierarchy_recall import Recognised


def backing_off(back_off):
    """Two macs, one above the other, in the midst of a sequence of which nothing is learned."""
    mac = Mac(4, 8, Selection(back_off=back_off, keep_input=False))
    memory = Hierarchy((3, 3), (Level(mac, 3), Level(mac, 1, persistence=1))).memory(seed=1)
    memory.step([0, 1])
    return memory


def test_back_off_keeps_all_kinds_where_nothing_is_more_familiar():
    """Of combinations that are equally familiar the first counts, which is that of all kinds."""
    memory = backing_off(0.5)
    memory.step([0, 1])
    assert memory.inspect(0, 0).G == 0.0
    assert memory.inspect(0, 0).kinds == "uhd"


@pytest.mark.parametrize(("back_off", "kinds"), [(0.1, "uhd"), (0.2, "uh"), (0.5, "u")])
def test_back_off_takes_the_first_of_equal_combinations(back_off, kinds):
    """Half of the afferents of each kind have weights: pairs tie at G = 1/4, kinds at 1/2."""
    memory = backing_off(back_off)
    lower, upper = memory._levels
    lower.weights[0, 0] = 1  # of the features 0 and 1 that of the former
    for word, bits in ((1, lower.bits[0, 0]), (2, upper.bits[0, 0])):
        on = [k for k in range(32) if int(bits) >> k & 1]
        lower.weights[0, word] = sum(1 << k for k in on[:2])  # of four winners
    memory.step([0, 1])
    found = memory.inspect(0, 0)
    assert {
        kind: sums.max() / found.pi[kind] for kind, sums in found.sums.items()
    } == dict.fromkeys("uhd", 0.5)
    assert pytest.approx(0.5 ** len(kinds)) == found.G
    assert found.kinds == kinds


def test_a_hierarchy_that_lost_its_codes_can_be_restored(tmp_path):
    """With the winners their bits go: files in which they differ are refused."""
    memory = Hierarchy((3, 3), Level(Mac(4, 8), 3)).memory()
    assert memory.step([0, 1, 2], learn=True).active[0][0]
    assert not memory.step([]).active[0][0]
    memory.save(tmp_path / "lost.npz")
    assert not HierarchyMemory.restore(tmp_path / "lost.npz").step([]).active[0][0]


def test_fractions_of_winners_are_safe_from_rounding():
    """Of 25 winners 0.28 are 7, though the product of these numbers is more than 7."""
    assert 0.28 * 25 > 7.0
    memory = Hierarchy((1, 2), Level(Mac(25, 2), (1, 2))).memory()
    memory.step([0], learn=True)
    level = memory._levels[0]
    level.weights[0, 0] = 0
    level.weights[0, 0, np.arange(7) * 2 + level.winners[0, :7]] = 1  # from feature 0
    level.weights[0, 0, np.arange(6) * 2 + level.winners[0, :6]] |= np.uint64(2)
    np.testing.assert_array_equal(memory.read(threshold=0.28), [True, False])


def test_states_of_hierarchies_that_cannot_be():
    """Winners of a mac without a code, and weights that were to fade at this tick of the clock."""
    model = Hierarchy((3, 3), Level(Mac(4, 8, permanence=Permanence(3)), 3))
    memory = model.memory()
    level = memory._levels[0]
    assert contradiction(model, 0, level) == ""
    level.winners[:] = 1
    assert contradiction(model, 0, level) == "winners out of range"
    memory.reset()
    memory.step([0, 1], learn=True)
    assert contradiction(model, 0, level) == ""
    fading = level.expiry < 2**62
    assert fading.sum() == 8
    clock = level.tally[0, CLOCK]
    level.earliest[0, 0] = clock
    level.expiry[fading] = clock + 1
    assert contradiction(model, 0, level) == ""
    level.expiry[fading] = clock
    assert contradiction(model, 0, level) == "times to fade that do not go with weights"


def test_nothing_is_left_of_codes_that_are_taken_away():
    """After a reset a mac shows no familiarity, hypotheses, kinds or learning of its last code."""
    memory = Hierarchy((3, 3), Level(Mac(4, 8), 3)).memory()
    for frame in ([0, 1], [0, 1], [0, 1]):
        memory.step(frame, learn=True)
    assert (before := memory.inspect(0, 0)).learned
    assert before.kinds == "uh"
    memory.reset()
    found = memory.inspect(0, 0)
    assert (found.G, found.zeta, found.kinds, found.learned) == (0.0, 0, "", False)
    assert found.choice == "maximum"


def test_capacity_of_codes_that_are_shorter_than_those_below():
    """A code of one step meets one code below, not the quarter of one that lasts four steps."""
    lower = Level(Mac(2, 2), 3, persistence=4, reach=None, top_down=False)
    memory = Hierarchy((3, 3), (lower, Level(Mac(2, 8), 1, persistence=1))).memory()
    assert memory.capacity(1) == pytest.approx(np.log(0.5) / np.log(1.0 - 1.0 / 2.0 / 8.0))


def test_capacity_where_top_down_weights_fill_first():
    """A winner of 2 units above and one of 8 of its own meet with chance 1/16."""
    levels = (Level(Mac(2, 8), 3, reach=None), Level(Mac(2, 2), 1, reach=None))
    memory = Hierarchy((3, 3), levels).memory()
    assert memory.capacity(1) == pytest.approx(np.log(0.5) / np.log(1.0 - 1.0 / 16.0))


def test_a_sequence_is_recognised_by_all_of_its_steps():
    """Its winner has the largest mean share, not the single best step."""
    found = Recognised(np.array([[1.0, 0.7], [0.1, 0.7]]), np.array([[0, 1], [1, 0]]))
    assert found.winner == 1
    assert found.sequence.tolist() == [0, 1]
    assert found.time.tolist() == [0, 0]
