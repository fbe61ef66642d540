"""Small points of Sparsey that other tests left open: ties, resets, rounding, one case each."""

import numpy as np
import pytest

from assocmem.sdr import (
    Hierarchy,
    HierarchyMemory,
    ItemMemory,
    Level,
    Mac,
    Permanence,
    Selection,
    Tiling,
)
from assocmem.sdr.kernels.level import CLOCK
from assocmem.sdr.sparsey import streams
from assocmem.sdr.sparsey._unit_mac import UnitMac
from assocmem.sdr.sparsey.encoding import oriented_edges
from assocmem.sdr.sparsey.hierarchy_arrays import contradiction
from assocmem.sdr.sparsey.hierarchy_recall import Recognised
from assocmem.sdr.sparsey.item_labels import ItemLabels
from assocmem.sdr.sparsey.labels import LabelField
from assocmem.sdr.sparsey.layer import Layer
from assocmem.sdr.sparsey.sliced_mac import SlicedMac
from assocmem.sdr.sparsey.stored import CodeOverlap, StoredItems
from assocmem.sdr.sparsey.stored_codes import StoredCodes
from assocmem.sdr.sparsey.trials import simulate

UNIFORM = Selection(chi=0.0)


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

    Within 5 standard errors of theory, which chance leaves once in 10^6 times.
    """
    from assocmem.theory.sparsey import predict

    model = StoredItems(Mac(4, 2, Selection(chi=0), cap=1.0), n_features=60, size=4, n_items=12)
    found = simulate(model, trials=200, seed=3)["recalled"]
    assert abs(found.mean - predict(model)["recalled"]) < 5.0 * found.error


def test_layers_do_not_learn_what_is_as_familiar_as_novelty_says():
    """G must be less than ``novelty``: at 1 an input that is wholly known is not learned again."""
    layer = Layer(Mac(4, 8, novelty=1.0), Tiling((1, 10), (1, 10)))
    layer.learn(np.array([[1, 1, 1, 0, 0, 0, 0, 0, 0, 0]] * 3, bool))
    assert layer.n_presented.tolist() == [3]
    assert layer.n_learned.tolist() == [1]


def test_frozen_layers_recruit_no_more():
    """A mac that has ``freeze`` of its weights set learns nothing, new units being left or not."""
    mac = Mac(2, 50, novelty=0.9, cap=0.5, recruit=1.0, freeze=0.05)
    layer = Layer(mac, Tiling((1, 40), (1, 40)))
    layer.learn(np.random.default_rng(0).random((60, 40)) < 0.1)
    assert 0.05 <= layer.loads[0] < 0.05 + 2 * 12 / 4000  # at most 12 features in an input
    assert layer.n_learned[0] < layer.n_presented[0]


def test_layers_take_supports_to_a_power_below_one():
    """V = (u/pi)^lambda_u: 2 of 4 features known give G = (1/2)^(1/2)."""
    layer = Layer(Mac(3, 8, Selection(lambda_u=0.5)), Tiling((1, 8), (1, 8)))
    layer.learn(np.array([[1, 1, 1, 1, 0, 0, 0, 0]], bool))
    found = layer.familiarity(np.array([[1, 1, 0, 0, 1, 1, 0, 0]], bool))
    assert found[0, 0] == pytest.approx(0.5**0.5, rel=1e-6)


def test_inputs_break_ties_by_their_words_and_places():
    """Ties of two inputs are independent even where words are the same but for place or factor."""
    from assocmem.sdr.kernels.layer import seed_by_input

    inputs = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [2, 0, 0], [6, 0, 0], [1, 1, 0]], np.uint64)
    states = np.empty((len(inputs), 1, 4), np.uint64)
    for words, state in zip(inputs, states, strict=True):
        seed_by_input(words, np.uint64(7), state)
    assert len(np.unique(states)) == states.size


def test_stored_codes_are_compared_block_by_block():
    """4096 columns leave room for 8 items in a block: of 20 items none is left out."""
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(-1, 3, (20, 64, 64)), rng.integers(0, 2, 20)
    stored = StoredCodes(2, 64, 64, 3)
    stored.learn(codes, labels)
    found = stored.histograms(codes[:3])
    for i in range(3):
        shared = ((codes == codes[i]) & (codes >= 0)).sum(axis=(1, 2))
        for label in range(2):
            wanted = np.bincount(shared[labels == label], minlength=4097)
            np.testing.assert_array_equal(found[i, label], wanted)


def test_thresholds_above_what_few_winners_can_reach():
    """A code with one winner has no feature with weights to 64, nor to 16, winners."""
    memory = ItemMemory(Mac(64, 4), 50)
    memory.store([1, 2, 3])
    code = np.full(64, -1)
    code[0] = memory.codes[0, 0]
    assert memory.read(code, threshold=1.0).sparse.tolist() == [1, 2, 3]
    codes = code[None].astype(memory.codes.dtype)
    for level, bits in ((1, 0b1110), (16, 0), (32, 0), (64, 0)):
        assert memory._state.read(codes, level, np.zeros(1, np.int64))[0, 0] == bits


def test_sliced_macs_draw_by_supports_to_a_power():
    """With lambda_u = 2 an input that shares half of its features has V = 1/4.

    The number of modules that give it the old winner is within 5 standard deviations, which chance
    leaves once in 10^6 times.
    """
    mac = Mac(4000, 4, Selection(g_minus=0.05, gamma=0.5, sigma_3=0.3, lambda_u=2.0))
    memory = SlicedMac(mac, 40, seed=2)
    inputs = np.array([[0b1111], [0b110011]], np.uint64)
    codes, g = memory.learn(inputs)
    assert g.tolist() == [0.0, 0.25]
    s = mac.selection
    eta = 1.0 + ((0.25 - 0.05) / 0.95) ** 0.5 * s.chi * 4
    psi = 1.0 + (eta - 1.0) / (1.0 + np.exp(-s.sigma_2 * (np.array([0.25, 0.0]) - s.sigma_3)))
    rho = psi[0] / (psi[0] + 3.0 * psi[1])
    assert 0.35 < rho < 0.95
    same = (codes[0] == codes[1]).mean()
    assert abs(same - rho) < 5.0 * (rho * (1.0 - rho) / 4000) ** 0.5


@pytest.mark.parametrize("rule", [{"novelty": 0.5}, {"freeze": 0.1}])
def test_sliced_macs_stop_at_the_very_point(rule):
    """At G = ``novelty``, or just ``freeze`` of all weights set, nothing is learned."""
    memory = SlicedMac(Mac(6, 5, **rule), 8)
    memory.learn(np.array([[0b1111]], np.uint64))  # sets 24 of 240 weights
    assert memory.n_set == 24
    _, g = memory.learn(np.array([[0b111100]], np.uint64))
    assert g.tolist() == [0.5]
    assert memory.n_set == 24


def test_gradients_of_just_the_threshold_are_no_edges():
    """A step by 1 has a gradient of 1/2 on both of its sides."""
    image = np.zeros((1, 6, 6), np.float32)
    image[:, :, 3:] = 1.0
    inner = (slice(None), slice(1, 5), slice(1, 5))
    ask = {"directions": 4, "window": 1, "stride": 1}
    assert not oriented_edges(image, threshold=0.5, **ask)[inner].any()
    assert oriented_edges(image, threshold=0.499, **ask)[inner].any()


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


def test_evidence_is_that_of_all_learned_until_now():
    """Asking for evidence before more items, or classes, are learned changes nothing."""
    rng = np.random.default_rng(0)
    codes, labels = rng.integers(0, 4, (20, 2, 3)), rng.integers(0, 2, 20)
    asked, whole = LabelField(2, 2, 3, 4), LabelField(2, 2, 3, 4)
    for part in (slice(0, 8), slice(8, 20)):
        asked.learn(codes[part], labels[part])
        asked.evidence(codes)
        whole.learn(codes[part], labels[part])
    np.testing.assert_array_equal(asked.evidence(codes), whole.evidence(codes))
    asked.add_classes(1)
    larger = LabelField(3, 2, 3, 4)
    larger.learn(codes, labels)
    np.testing.assert_array_equal(asked.evidence(codes), larger.evidence(codes))


def test_stored_codes_by_several_threads():
    """Evidence for 600 codes, more than two blocks of 256, is the same with two threads."""
    rng = np.random.default_rng(0)
    stored = StoredCodes(2, 1, 3, 4)
    stored.learn(rng.integers(0, 4, (30, 1, 3)), rng.integers(0, 2, 30))
    asked = rng.integers(0, 4, (600, 1, 3))
    one = stored.evidence(asked)
    assert one.shape == (600, 2)
    np.testing.assert_array_equal(stored.evidence(asked, workers=2), one)


def test_classes_that_come_one_by_one():
    """Read-outs number classes as they come, here 2, 0, 1: each row still has its own."""
    pytest.importorskip("sklearn")
    from assocmem.sdr.sparsey.classifier import SparseyClassifier

    model = SparseyClassifier(4, 16, encoding="threshold", threshold=0.5, random_state=0)
    rows = np.eye(3)
    for label, known in ((2, [2]), (0, [0]), (1, [1])):
        model.partial_fit(rows[[label]], [label], known)
    assert model.classes_.tolist() == [0, 1, 2]
    assert model.predict(rows).tolist() == [0, 1, 2]


@pytest.mark.parametrize("readout", ["counts", "items"])
def test_probabilities_allow_for_macs_that_see_the_same(readout):
    """9 macs of 16 places each see the 64 places 2.25-fold: so much less does each of them say."""
    pytest.importorskip("sklearn")
    from assocmem.sdr.sparsey.classifier import SparseyClassifier

    rng = np.random.default_rng(0)
    rows, labels = rng.random((40, 64)), rng.integers(0, 3, 40)
    common = {
        "shape": (8, 8), "encoding": "threshold", "field": 4, "stride": 2, "readout": readout,
        "random_state": 1,
    }  # fmt: skip
    usual = SparseyClassifier(3, 20, **common).fit(rows, labels)
    value = {"counts": ("temperature", 3 * 2.25), "items": ("sharpness", np.log(19.0) / 2.25)}
    name, number = value[readout]
    other = SparseyClassifier(3, 20, **common, **{name: number}).fit(rows, labels)
    found = usual.predict_proba(rows[:10])
    np.testing.assert_allclose(found, other.predict_proba(rows[:10]), rtol=1e-9)
    assert len(np.unique(found.round(6))) > 6


def test_parameters_changed_after_fitting_leave_the_encoding_as_it_was():
    """Runs of bits keep the width that the layer was made for."""
    pytest.importorskip("sklearn")
    from assocmem.sdr.sparsey.classifier import SparseyClassifier

    rng = np.random.default_rng(0)
    rows, labels = rng.random((30, 3)), rng.integers(0, 2, 30)
    model = SparseyClassifier(3, 20, levels=6, width=3, random_state=1).fit(rows, labels)
    before = model.predict_proba(rows)
    np.testing.assert_array_equal(model.set_params(width=2).predict_proba(rows), before)


def two_items(second):
    """Items of 10 and 2 features, and a code of the first with one winner of the second."""
    memory = ItemMemory(Mac(16, 64, UNIFORM), 40, seed=1)
    numbers = [memory.store(list(range(10))), memory.store(second)]
    assert numbers == [0, 1]
    code = memory.codes[0].copy()
    other = np.flatnonzero(memory.codes[1] != code)[0]
    code[other] = memory.codes[1, other]
    return memory, code


def test_items_of_several_sizes_are_read_by_all_winners():
    """Also where the last item was the smallest; items of one size by as many features as that."""
    memory, code = two_items([0, 30])
    assert memory.read(code).sparse.tolist() == [0]
    single = ItemMemory(Mac(16, 64), 40, seed=1)
    single.store([1, 2, 3])
    single.store([4, 5, 6])
    mixed = single.codes[0].copy()
    mixed[:4] = single.codes[1, :4]
    assert single.read(mixed).sparse.tolist() == [1, 2, 3]


def test_codes_settle_by_items_of_mean_size():
    """The features that both items have are in each of them: only 6 tell which is meant."""
    memory, code = two_items([0, 1])
    assert memory.read(code, size=2).sparse.tolist() == [0, 1]
    np.testing.assert_array_equal(memory._settled(code[None], 1)[0], memory.codes[0])


def test_recall_looks_up_what_it_read():
    """A cue of two items in equal parts wakes a mixture, of which a second look makes one item."""
    memory = ItemMemory(Mac(17, 64, UNIFORM), 40, seed=1)
    memory.store([[0, 1, 2, 3], [4, 5, 6, 7]])
    cue = [0, 1, 4, 5]
    assert memory.recall(cue, threshold=1.0).sparse.tolist() == []
    assert memory.recall(cue, threshold=1.0, turns=1).sparse.tolist() in (
        [0, 1, 2, 3],
        [4, 5, 6, 7],
    )


def test_items_are_made_of_units_of_their_class():
    """All of an item of class 0 is part of one of class 1, whose units are not to win."""
    memory = ItemMemory(Mac(17, 64, UNIFORM), 40, seed=1, labels=2)
    memory.store([[0, 1, 2, 3], [0, 1, 2, 3, 4, 5]], [0, 1])
    for seed in range(5):
        assert memory.generate(0, seed, size=6).sparse.tolist() == [0, 1, 2, 3]


def test_items_are_made_of_the_size_of_their_class():
    """Two items of 6 share 3 features: those of both are too few, though as many as class 0 has."""
    memory = ItemMemory(Mac(17, 64, UNIFORM), 40, seed=1, labels=2)
    memory.store([[9, 10, 11], [0, 1, 2, 3, 4, 5], [0, 1, 2, 6, 7, 8]], [0, 1, 1])
    for seed in range(5):
        found = memory.generate(1, seed, turns=0).sparse.tolist()
        assert found in ([0, 1, 2, 3, 4, 5], [0, 1, 2, 6, 7, 8])


def test_sizes_and_classes_of_items():
    """Items of one class in a batch are all counted; means are rounded; silence has no class."""
    labels = ItemLabels(Mac(2, 4), 2)
    labels.add(np.zeros((4, 2), np.int32), np.array([0, 1, 1, 1]), np.array([9, 3, 4, 4]))
    assert [labels.mean_size(label) for label in range(2)] == [9, 4]
    assert labels.classify(np.array([[0, 0], [-1, -1]])).tolist() == [1, -1]


@pytest.mark.parametrize("kind", [SlicedMac, UnitMac])
def test_familiarity_where_one_module_may_win(kind):
    """G is the mean over all modules, of which those without any unit to win give 0."""
    memory = kind(Mac(4, 8), 20)
    codes, _ = memory.learn(np.array([[0b111]], np.uint64))
    found, g = memory.select(np.array([[0b111]], np.uint64), np.arange(8))
    assert found.tolist() == [[codes[0, 0], -1, -1, -1]]
    assert g.tolist() == [0.25]


@pytest.mark.parametrize("length", [7, 8, 9, 10])
def test_a_symbol_must_part_the_head_from_what_is_shared(length):
    """3 shared symbols begin at (length - 3)//2, which must be more than the head of 2 or 3."""
    for head in (2, 3):

        def made(head=head):
            return streams.complex_sequences(
                2, length, 20, 4, alphabet=9, shared=3, head=head, rng=1
            )

        if (length - 3) // 2 > head:
            assert made().shared.start == (length - 3) // 2
        else:
            with pytest.raises(ValueError, match="shared"):
                made()


def thinned_plainly(image):
    """Zhang and Suen's rules, pixel by pixel."""
    on = set(map(tuple, np.argwhere(image).tolist()))
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    while True:
        before = set(on)
        for turn in range(2):
            gone = set()
            for r, c in on:
                ring = [(r + down, c + right) in on for down, right in around]
                rises = sum(not ring[k] and ring[(k + 1) % 8] for k in range(8))
                north, east, south, west = ring[::2]
                if turn == 0:
                    kept = (north and east and south) or (east and south and west)
                else:
                    kept = (north and east and west) or (north and south and west)
                if 2 <= sum(ring) <= 6 and rises == 1 and not kept:
                    gone.add((r, c))
            on -= gone
        if on == before:
            return on


def test_thinning_by_plain_rules():
    """Blots with dents, of which pixels have any number of neighbours."""
    rng = np.random.default_rng(0)
    for density in np.linspace(0.5, 0.97, 30):
        image = rng.random((10, 12)) < density
        found = set(map(tuple, np.argwhere(streams.thinned(image)).tolist()))
        assert found == thinned_plainly(image)


def test_the_pen_starts_at_the_end_of_a_slanting_line():
    """A roof, whose uppermost pixel is in its middle, is drawn from its upper end, on the left."""
    roof = [(3, 0), (2, 1), (1, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7)]
    image = np.zeros((5, 8), bool)
    image[tuple(zip(*roof, strict=True))] = True
    assert streams.pen_path(image).tolist() == [list(place) for place in roof]


def test_capacity_of_frames_is_interpolated(monkeypatch):
    """Recall of 0.91 of three sequences and 0.88 of four is 0.9 after a third of the way, in ln."""
    from assocmem.sdr.sparsey import sequence_capacity

    def rates(memory, films, codes, prompt):
        assert len(films) == len(codes)
        return 0.0, 1.0 - 0.03 * len(films)

    monkeypatch.setattr(sequence_capacity, "recall_rates", rates)
    found = sequence_capacity.capacity_experiment([(4, 4)], length=2, side=6, size=3, repeats=2)
    wanted = 2 * 3 * (4 / 3) ** (1 / 3)
    np.testing.assert_allclose(found["capacity"], [[wanted, wanted]])


@pytest.mark.parametrize(("step", "frames"), [(1, 4), (2, 2), (3, 2), (4, 1)])
def test_the_last_stroke_reaches_the_end_of_the_path(step, frames):
    """A line of 5 pixels has (5 - 2)//step + 1 frames of 2."""
    found = streams.strokes(np.ones((1, 5)), 2, step)
    assert len(found) == frames
    assert np.argwhere(found[-1, 0]).ravel().tolist() == [step * (frames - 1) + k for k in (0, 1)]


def test_familiarity_of_what_is_wholly_known_is_not_below_one():
    """49 times 1/49 is less than 1 in doubles: it is not to be learned again at ``novelty`` 1."""
    assert 49.0 * (1.0 / 49.0) < 1.0
    layer = Layer(Mac(3, 4, novelty=1.0), Tiling((1, 60), (1, 60)))
    layer.learn(np.tile(np.arange(60) < 49, (2, 1)))
    assert layer.n_learned.tolist() == [1]


def test_only_rounding_ties():
    """Supports that differ by 1e-9 are told apart, and by 1e-14 not."""
    from assocmem.sdr._seeds import state
    from assocmem.sdr.kernels.mac import best_code

    single, winners = state(np.random.default_rng(0)), np.empty(400, np.int32)
    best_code(np.tile([1.0 - 1e-9, 1.0], 400), 400, 2, single, 0, winners)
    assert winners.tolist() == [1] * 400
    best_code(np.tile([1.0 - 1e-14, 1.0], 400), 400, 2, single, 0, winners)
    assert 0 < winners.sum() < 400
