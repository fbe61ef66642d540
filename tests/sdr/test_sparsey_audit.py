"""Faults that an audit of the classes of Sparsey found, one short case each."""

import pickle

import numpy as np
import pytest

from assocmem.sdr import Hierarchy, HierarchyMemory, ItemMemory, Level, Mac, MacMemory, Tiling
from assocmem.sdr.sparsey import disturbances, pictures, streams


def digest(memory: HierarchyMemory) -> bytes:
    return pickle.dumps(memory._levels)


def hierarchy() -> tuple[HierarchyMemory, np.ndarray, list]:
    model = Hierarchy((10, 10), (Level(Mac(4, 8), 5, 5), Level(Mac(4, 8), 2)))
    memory = model.memory(seed=1)
    films = np.random.default_rng(0).random((3, 6, 100)) < 0.2
    return memory, films, [memory.store(film) for film in films]


def test_item_memories_recruit_where_the_mac_does():
    """They left the parameter unread: all units then learned, whatever they held."""
    mac = Mac(4, 16, novelty=0.7, cap=0.5, recruit=1.0)
    items, plain = ItemMemory(mac, 100, seed=3), MacMemory(mac, 100, seed=3)
    rows = np.random.default_rng(1).random((40, 100)) < 0.1
    items.store(rows)
    np.testing.assert_array_equal(items.codes, plain.learn(rows))
    assert items.load == plain.load


@pytest.mark.parametrize(
    "wrong",
    [
        lambda memory, film, codes: memory.recognise(film, codes, level=2),
        lambda memory, film, codes: memory.recognise(film, [codes[0], codes[1][::-1]]),
        lambda memory, film, codes: memory.recognise(film, []),
        lambda memory, film, codes: memory.recognise(film, 3),
        lambda memory, film, codes: memory.recognise(film, [tuple(c[:0] for c in codes[0])]),
        lambda memory, film, codes: memory.recall(film, 2**62),
    ],
)
def test_nothing_is_presented_before_an_error(wrong):
    memory, films, codes = hierarchy()
    before = digest(memory)
    with pytest.raises((TypeError, ValueError), match=r"stored_codes|level|steps"):
        wrong(memory, films[0], codes)
    assert digest(memory) == before


def test_recognition_of_frames_that_come_one_by_one():
    """Iterables were read twice, so that nothing was left the second time."""
    memory, films, codes = hierarchy()
    other, _, _ = hierarchy()
    found = memory.recognise((frame for frame in films[1]), iter(codes))
    np.testing.assert_array_equal(found.shares, other.recognise(films[1], codes).shares)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: Hierarchy((4, 4), 3), "levels"),
        (lambda: Hierarchy((4, 4), None), "levels"),
        (lambda: Hierarchy((4, 4), Level(Mac(2, 2), 4, 2**70)), "stride"),
        (lambda: Tiling((2**16, 2**16), 2), "features"),
        (lambda: hierarchy()[0].store(np.array(3)), "sequence"),
        (lambda: MacMemory(Mac(2, 2), 9).learn([[[1], [2, 3]]]), "patterns"),
        (lambda: MacMemory(Mac(2, 2), 9).read([[0], [0, 1]]), "code"),
        (lambda: ItemMemory(Mac(2, 2), 9, labels=2**70), "labels"),
        (lambda: streams.moving_image(np.ones((2, 2)), 4, 3, velocity=(1, 1)), "shape"),
        (lambda: streams.moving_image(np.ones((2, 2)), (4, 4), 3, velocity=1), "velocity"),
        (lambda: streams.moving_image(np.ones((2, 2)), (4, 4), 3, velocity=(1e30, 0)), "velocity"),
        (
            lambda: streams.moving_image(np.ones((2, 2)), (4, 4), 3, velocity=(1, 1), start=()),
            "sta",
        ),
        (lambda: streams.strokes(np.ones((1, 4)), 2, 2**70), "step"),
        (lambda: streams.random_frames(2**70, 3, 1, 0), "count"),
        (
            lambda: streams.complex_sequences(3, 9, 20, 4, alphabet=6, own_head=-1, rng=0),
            "own_head",
        ),
        (lambda: disturbances.noisy([[1], [1, 0]], 0, 0, 0), "frames"),
        (lambda: disturbances.omitted(np.eye(3), 3, 0), "count"),
        (lambda: disturbances.paced(np.eye(3), 1e-300), "speed"),
        (lambda: pictures.draw_code([0, 1], 2.5), "n_units"),
        (lambda: pictures.draw_inspection(None), "inspection"),
        (lambda: pictures.code_intersections([[0], [1, 2]]), "codes"),
    ],
)
def test_refusals_name_the_argument(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


def test_no_frame_is_skipped_to_but_the_first_at_any_speed():
    assert disturbances.paced(np.eye(3), 1e300).moments.tolist() == [0]
