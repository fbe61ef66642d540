"""Faults that an audit of the classes of Sparsey found, one short case each."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from assocmem.sdr import (
    Hierarchy,
    HierarchyMemory,
    ItemMemory,
    Level,
    Mac,
    MacMemory,
    Selection,
    Tiling,
)  # fmt: skip
from assocmem.sdr.sparsey import LabelField, Layer, disturbances, pictures, streams
from assocmem.sdr.sparsey.encoding import grey_levels, oriented_edges
from assocmem.sdr.sparsey.picture_experiments import picture_experiment
from assocmem.sdr.sparsey.recognition_experiments import recognition_experiment
from assocmem.sdr.sparsey.sequence_capacity import capacity_experiment
from assocmem.sdr.sparsey.sequence_experiments import recall_experiment
from assocmem.sdr.sparsey.stored_codes import StoredCodes


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
        (lambda: Layer(Mac(2, 3), Tiling((2, 2), 2)).learn([[1], [1, 0]]), "inputs"),
        (lambda: LabelField(2, 1, 2, 3).evidence([[1], [1, 0]]), "codes"),
        (lambda: StoredCodes(2, 1, 2, 3).evidence(np.zeros((1, 1, 2), int), workers=0), "workers"),
        (lambda: StoredCodes(2, 1, 2, 3).evidence(None), "codes"),
        (lambda: grey_levels(np.full((1, 2, 2), np.nan), 0.5), "images"),
        (lambda: oriented_edges(np.full((1, 4, 4), 1e300)), "images"),
        (lambda: oriented_edges(np.ones((1, 4, 4)), stride=2**70), "stride"),
        (lambda: pictures.draw_inspection(None), "inspection"),
        (lambda: pictures.code_intersections([[0], [1, 2]]), "codes"),
    ],
)
def test_refusals_name_the_argument(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


def test_no_frame_is_skipped_to_but_the_first_at_any_speed():
    assert disturbances.paced(np.eye(3), 1e300).moments.tolist() == [0]


def test_batches_without_an_item():
    layer = Layer(Mac(2, 3), Tiling((4, 4), 3))
    codes = layer.codes(np.zeros((0, 4, 4), bool))
    assert codes.shape == (0, 4, 2)
    assert layer.bits(codes).shape == (0, 1)
    assert layer.read(codes).shape == (0, 4, 4, 1)
    for field in (LabelField(2, 4, 2, 3), StoredCodes(2, 4, 2, 3)):
        field.learn(codes, np.zeros(0, int))
        field.learn(codes, [])
        assert field.evidence(codes).shape == (0, 2)
        assert field.n_learned == 0
    assert ItemMemory(Mac(2, 3), 9, labels=2).store(np.zeros((0, 9), bool), []).shape == (0,)


def test_codes_of_another_byte_order():
    layer = Layer(Mac(2, 3), Tiling((4, 4), 3))
    codes = layer.learn(np.random.default_rng(0).random((5, 4, 4)) < 0.5)
    swapped = codes.astype(codes.dtype.newbyteorder(">"))
    np.testing.assert_array_equal(layer.bits(swapped), layer.bits(codes))
    np.testing.assert_array_equal(layer.read(swapped), layer.read(codes))


def test_classifiers_are_as_before_after_an_error():
    """A refused first fit left columns counted, and a refused later one new edges or classes."""
    pytest.importorskip("sklearn")
    from sklearn.exceptions import NotFittedError

    from assocmem.sdr import SparseyClassifier

    X, y = np.random.default_rng(0).random((40, 3)), np.arange(40) % 2
    model = SparseyClassifier(2, 8, random_state=0, smoothing=-1.0)
    with pytest.raises(ValueError, match="smoothing"):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    expected = model.set_params(smoothing=0.1).fit(X, y).predict_proba(X)
    for wrong in ({"smoothing": -1.0}, {"levels": 1}, {"workers": 0}, {"labelled": "never"}):
        usual = {name: model.get_params()[name] for name in wrong}
        with pytest.raises(ValueError, match=next(iter(wrong))):
            model.set_params(**wrong).fit(X[:, :2] * 9.0, y)
        if wrong.keys() & {"workers", "labelled"}:
            with pytest.raises(ValueError, match=next(iter(wrong))):
                model.partial_fit(X, y + 1, classes=[2])
        model.set_params(**usual)
        assert model.classes_.tolist() == [0, 1]
        np.testing.assert_array_equal(model.predict_proba(X), expected)


@pytest.mark.parametrize("mac", [Mac(4, 8), Mac(4, 8, nu=0.5)])
def test_items_stay_as_they_are_where_familiarity_is_asked_for(mac):
    """It took random numbers of ties from later draws."""
    one, other = (ItemMemory(mac, 50, seed=2) for _ in range(2))
    for memory in (one, other):
        memory.store([[1, 2, 3]])
    other.familiarity([[4, 5], [1]])
    np.testing.assert_array_equal(one.code([4, 5]), other.code([4, 5]))


def test_files_of_stored_codes(tmp_path):
    rng = np.random.default_rng(0)
    codes = StoredCodes(3, 2, 4, 5)
    codes.learn(rng.integers(-1, 5, (20, 2, 4)), rng.integers(0, 3, 20))
    codes.save(tmp_path / "codes.npz")
    found = StoredCodes.restore(tmp_path / "codes.npz")
    np.testing.assert_array_equal(found.evidence(codes.codes), codes.evidence(codes.codes))
    LabelField(2, 1, 2, 3).save(tmp_path / "field.npz")
    with pytest.raises(ValueError, match="StoredCodes"):
        StoredCodes.restore(tmp_path / "field.npz")


@pytest.mark.parametrize("nu", [0.0, 1e-9])
def test_items_freeze_at_the_very_fraction(nu):
    """3/35 of 5 x 35 weights are 15, but not where it is multiplied by 5 first."""
    memory = ItemMemory(Mac(5, 7, freeze=3 / 35, nu=nu), 5)
    memory.store([[0], [1], [2], [3]])
    assert memory.load == 15 / 175


@pytest.mark.parametrize(
    ("call", "name"),
    [
        # Recall by chance is never below 1/K: stored for ever.
        (lambda: capacity_experiment([(3, 4)], level=0.2, repeats=2), "level"),
        (lambda: capacity_experiment([(3, 4)], size=0, repeats=2), "size"),
        (lambda: capacity_experiment([3]), r"macs\[0\]"),
        (lambda: recall_experiment({}, numbers=[2]), "models"),
        (lambda: recall_experiment(numbers=[]), "numbers"),
        (lambda: recall_experiment(lengths=12), "lengths"),
        (lambda: recognition_experiment(changed=[17]), r"changed\[0\]"),
        (lambda: recognition_experiment(speeds=[1.0, 0.0]), r"speeds\[1\]"),
        (lambda: recognition_experiment(mac=(4,)), "mac"),
        (lambda: picture_experiment(kinds="moving"), "kinds"),
        (lambda: picture_experiment(data="letters"), "data"),
        (lambda: picture_experiment(numbers=[2], prompt=99), "prompt"),
    ],
)
def test_experiments_refuse_before_they_begin(call, name):
    with pytest.raises((TypeError, ValueError), match=name):
        call()


@pytest.mark.parametrize("kind", ["counts", "binary"])
def test_files_of_label_fields_that_contradict_themselves(kind, tmp_path):
    """A number of items that does not go with the counts gave logarithms of nothing."""
    field = LabelField(2, 1, 2, 3, kind=kind)
    field.learn(np.array([[[0, 1]], [[2, 1]], [[-1, -1]]]), np.array([0, 1, 1]))
    field.save(tmp_path / "field.npz")
    assert LabelField.restore(tmp_path / "field.npz").items.tolist() == [1, 2]
    for items in ([1, 0], [2**62, 2**62] if kind == "counts" else [0, 0]):
        held = dict(np.load(tmp_path / "field.npz"))
        held["items"] = np.array(items)
        np.savez(tmp_path / "wrong.npz", **held)
        with pytest.raises(ValueError, match=r"counts must be|items must be"):
            LabelField.restore(tmp_path / "wrong.npz")


def test_files_of_items_without_a_generator(tmp_path):
    memory = ItemMemory(Mac(2, 3), 9)
    memory.save(tmp_path / "items.npz")
    held = dict(np.load(tmp_path / "items.npz"))
    held["state_single"][:] = 0
    np.savez(tmp_path / "items.npz", **held)
    with pytest.raises(ValueError, match="generator"):
        ItemMemory.restore(tmp_path / "items.npz")


@pytest.mark.parametrize(
    ("shape", "name", "value"),
    [
        (None, "classes", np.array([0, 0, 1])),
        (None, "places", np.array([0.0, 1.0, 2.0])),
        (None, "edges_", np.zeros((2, 31))),
        (None, "edges_", None),
        (None, "n_features_in_", np.array(2)),
        ((4, 4), "window_", np.array(0)),
        ((4, 4), "step_", None),
        ((4, 4), "threshold_", np.array(np.nan)),
    ],
)
def test_files_of_classifiers_that_make_other_features(shape, name, value, tmp_path):
    pytest.importorskip("sklearn")
    from assocmem.sdr import SparseyClassifier

    X = np.random.default_rng(0).random((30, 3 if shape is None else 16))
    SparseyClassifier(2, 4, shape=shape, random_state=0).fit(X, np.arange(30) % 3).save(
        tmp_path / "model.npz"
    )
    held = dict(np.load(tmp_path / "model.npz"))
    if value is None:
        del held[name]
    else:
        held[name] = value
    np.savez(tmp_path / "model.npz", **held)
    with pytest.raises(ValueError, match=f"SparseyClassifier.*({name.strip('_')}|edges_)"):
        SparseyClassifier.restore(tmp_path / "model.npz")


@pytest.mark.parametrize(
    "made",
    [
        lambda: ItemMemory(Mac(3, 8), 100, labels=2),
        lambda: ItemMemory(Mac(3, 8, nu=0.5), 100),
        lambda: Hierarchy((10, 10), Level(Mac(3, 8), 10)).memory(),
        lambda: Mac(3, 8).memory(100),
    ],
)
def test_pickles_whose_arrays_are_read_only(made):
    """As those that joblib maps from files: stores after them failed."""
    memory, rows = made(), np.random.default_rng(0).random((6, 100)) < 0.2
    memory.store(rows)
    buffers: list = []
    given = pickle.dumps(memory, protocol=5, buffer_callback=buffers.append)
    found = pickle.loads(given, buffers=[bytes(buffer.raw()) for buffer in buffers])
    for other in (memory, found):
        other.store(rows[::-1])
    asked = "code" if isinstance(memory, ItemMemory) else "codes"
    np.testing.assert_array_equal(getattr(found, asked)(rows), getattr(memory, asked)(rows))


def _rows(*sets):
    rows = np.zeros((len(sets), 300), bool)
    for row, features in zip(rows, sets, strict=True):
        row[list(features)] = True
    return rows


def _learned(mac, rows):
    """Weights set by each class of memory after it was presented rows once each."""
    item, unit = ItemMemory(mac, 300), ItemMemory(replace(mac, nu=1e-12), 300)
    plain, layer = MacMemory(mac, 300), Layer(mac, Tiling((1, 300), (1, 300)))
    level = Hierarchy((1, 300), Level(mac, (1, 300), reach=None)).memory()
    for memory in (item, unit, plain):
        memory.store(rows)
    layer.learn(rows)
    level.store(rows)
    loads = [item.load, unit.load, plain.load, layer.load, level.load[0]["u"]]
    return np.rint(np.array(loads) * 300 * mac.n_code).astype(int).tolist()


@pytest.mark.parametrize(
    ("novelty", "u", "a"),
    [(0.8, 28, 35), (0.5, 49, 98), (0.9, 99, 110), (0.3, 3, 10), (0.7, 7, 10)],
)
def test_an_input_as_familiar_as_novelty_is_not_learned(novelty, u, a):
    """28/35 were less than 0.8 to some memories, not to others."""
    rows = _rows(range(a), [*range(u), *range(150, 150 + a - u)])
    assert _learned(Mac(1, 2, novelty=novelty), rows) == [a] * 5
    assert min(_learned(Mac(1, 2, novelty=novelty + 1e-6), rows)) > a


def test_a_unit_that_has_reached_its_cap_learns_nothing():
    """1.1 times 10 are more than 11, in double precision."""
    mac = Mac(1, 2, Selection(chi=1e12, g_minus=0.0), cap=1.1, expected=10)
    for row, wanted in ((range(11), 11), (range(12), 12)):
        memory = MacMemory(mac, 300)
        code = memory.learn(list(row))
        memory.learn([*range(9), 20, 21], choice="maximum")
        assert memory.inspect(list(row)).held[0, code[0]] == wanted


def test_a_support_of_v_zeta_is_no_hypothesis():
    """19 of 20 features are 0.95, the usual v_zeta, but 19 times 1/20 is more."""
    memory = MacMemory(Mac(1, 2), 300)
    memory.learn(range(20))
    assert memory.inspect(list(range(20))).zeta == 1
    assert memory.inspect([*range(19), 99]).zeta == 0
    level = Hierarchy((1, 300), Level(Mac(1, 2), (1, 300))).memory()
    level.store([range(20)])
    assert level.step([*range(19), 99]).zeta[0].tolist() == [0]
