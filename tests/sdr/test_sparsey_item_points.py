"""Small points of memories of items that other tests left open: sizes, classes, second looks."""

import numpy as np

from assocmem.sdr import ItemMemory, Mac, Selection
from assocmem.sdr.sparsey.item_labels import ItemLabels

UNIFORM = Selection(chi=0.0)


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
