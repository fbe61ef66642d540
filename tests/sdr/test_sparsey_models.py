"""Models of Sparsey: what they refuse, fields of grids, how they print and are written."""

import itertools

import numpy as np
import pytest

from assocmem import from_json, to_json
from assocmem.sdr import (
    CodeOverlap,
    Drop,
    Hierarchy,
    Kill,
    Level,
    Mac,
    Permanence,
    ReadItems,
    Replace,
    Selection,
    StoredItems,
    Swap,
    Tiling,
)

MAC = Mac(8, 4)


def _models():
    chosen = Selection(g_minus=0.2, chi=7.0, most_hypotheses=2, back_off=0.5)
    mac = Mac(8, 4, chosen, pi_minus=2, pi_plus=9, expected=5, nu=0.5, cap=1.0, freeze=0.3,
              novelty=0.7, permanence=Permanence(10))  # fmt: skip
    yield from (chosen, mac, Mac(1, 2), Permanence(1, 1.0, 255), Tiling((5, 7), (2, 3), 2, 4))
    yield Level(mac, (2, 3), 2, persistence=3, reach=None, top_down=False)
    yield Hierarchy((9, 9), (Level(mac, 3, 3), Level(MAC, 2)), channels=2)
    yield ReadItems(mac, 100, 10, 5)
    yield CodeOverlap(mac, 100, 10, 3, n_items=4)
    yield from (StoredItems(mac, 100, 10, 5, noise) for noise in (Drop(2), Swap(1), Kill(50)))


@pytest.mark.parametrize("model", list(_models()), ids=repr)
def test_models_survive_json_and_print_what_makes_them(model):
    assert from_json(to_json(model)) == model
    assert eval(repr(model)) == model
    assert hash(model) == hash(from_json(to_json(model)))


def test_what_is_usual_is_not_printed():
    assert repr(Mac(8, 4)) == "Mac(n_modules=8, n_units=4)"
    assert repr(Selection()) == "Selection()"
    assert repr(StoredItems(MAC, 9, 2, 1, Drop(0))).endswith("size=2, n_items=1)")


@pytest.mark.parametrize(
    ("shape", "field", "stride", "channels"),
    [((28, 28), 9, 3, 1), ((5, 7), (2, 3), (2, 1), 3), ((4, 4), 4, 1, 2), ((6, 3), (1, 3), 5, 1)],
)
def test_fields_of_a_grid(shape, field, stride, channels):
    tiling = Tiling(shape, field, stride, channels)
    high, wide = tiling.field
    down, along = tiling.stride
    starts = [
        (r, c)
        for r, c in itertools.product(range(0, shape[0], down), range(0, shape[1], along))
        if r + high <= shape[0] and c + wide <= shape[1]
    ]
    wanted = [
        [
            ((r + i) * shape[1] + c + j) * channels + f
            for i, j, f in itertools.product(range(high), range(wide), range(channels))
        ]
        for r, c in starts
    ]
    assert tiling.n_macs == len(starts) == tiling.grid[0] * tiling.grid[1]
    assert tiling.n_features == len(wanted[0])
    assert tiling.n_sheet == shape[0] * shape[1] * channels
    assert np.array_equal(tiling.features, wanted)


def test_levels_see_the_grid_below():
    model = Hierarchy((12, 12), (Level(Mac(4, 8), 4, 2), Level(MAC, 3, 2), Level(MAC, 2)))
    assert [t.grid for t in model.tilings] == [(5, 5), (2, 2), (1, 1)]
    assert [t.channels for t in model.tilings] == [1, 32, 32]
    assert model.persistences == (1, 2, 4)
    assert Hierarchy((4, 4), Level(MAC, 4, persistence=3)).persistences == (3,)


REFUSED = [
    (lambda: Selection(g_minus=1.0), ValueError, "g_minus"),
    (lambda: Selection(gamma=0.0), ValueError, "gamma"),
    (lambda: Selection(chi=-1.0), ValueError, "chi"),
    (lambda: Selection(sigma_1=0), ValueError, "sigma_1"),
    (lambda: Selection(sigma_2=float("nan")), ValueError, "sigma_2"),
    (lambda: Selection(sigma_3="1"), TypeError, "sigma_3"),
    (lambda: Selection(v_zeta=1.0), ValueError, "v_zeta"),
    (lambda: Selection(hypotheses_power=1.5), ValueError, "hypotheses_power"),
    (lambda: Selection(most_hypotheses=0), ValueError, "most_hypotheses"),
    (lambda: Selection(back_off=2), ValueError, "back_off"),
    (lambda: Permanence(0), ValueError, "lifetime"),
    (lambda: Permanence(1, growth=0.5), ValueError, "growth"),
    (lambda: Permanence(1, ranks=256), ValueError, "ranks"),
    (lambda: Mac(0, 4), ValueError, "n_modules"),
    (lambda: Mac(8, 1), ValueError, "n_units"),
    (lambda: Mac(8.0, 4), TypeError, "n_modules"),
    (lambda: Mac(8, 4, selection=3), TypeError, "selection"),
    (lambda: Mac(8, 4, pi_minus=0), ValueError, "pi_minus"),
    (lambda: Mac(8, 4, pi_minus=5, pi_plus=4), ValueError, "pi_plus"),
    (lambda: Mac(8, 4, expected=0), ValueError, "expected"),
    (lambda: Mac(8, 4, nu=-0.1), ValueError, "nu"),
    (lambda: Mac(8, 4, cap=0.0), ValueError, "cap"),
    (lambda: Mac(8, 4, freeze=1.1), ValueError, "freeze"),
    (lambda: Mac(8, 4, novelty=0.0), ValueError, "novelty"),
    (lambda: Mac(8, 4, permanence=5), TypeError, "permanence"),
    (lambda: Tiling((28, 28), 29), ValueError, "field"),
    (lambda: Tiling((28, 28), 9, 0), ValueError, "stride"),
    (lambda: Tiling((28, 28, 1), 9), ValueError, "shape"),
    (lambda: Tiling((28, 28), 9, channels=0), ValueError, "channels"),
    (lambda: Level(3, 9), TypeError, "mac"),
    (lambda: Level(MAC, 9, persistence=0), ValueError, "persistence"),
    (lambda: Level(MAC, 9, reach=-1), ValueError, "reach"),
    (lambda: Level(MAC, 9, top_down=1), TypeError, "top_down"),
    (lambda: Hierarchy((8, 8), ()), ValueError, "levels"),
    (lambda: Hierarchy((8, 8), (MAC,)), TypeError, "levels"),
    (lambda: Hierarchy((8, 8), (Level(MAC, 4, 4), Level(MAC, 3))), ValueError, r"levels\[1\]"),
    (lambda: CodeOverlap(MAC, 10, 11, 0), ValueError, "size"),
    (lambda: CodeOverlap(MAC, 10, 6, 1), ValueError, "common"),
    (lambda: CodeOverlap(MAC, 10, 6, 7), ValueError, "common"),
    (lambda: CodeOverlap("mac", 10, 6, 3), TypeError, "mac"),
    (lambda: CodeOverlap(MAC, 10, 6, 3, 0), ValueError, "n_items"),
    (lambda: StoredItems(MAC, 10, 3, 0), ValueError, "n_items"),
    (lambda: ReadItems(MAC, 10, 3, 0), ValueError, "n_items"),
    (lambda: ReadItems(MAC, 10, 11, 1), ValueError, "size"),
    (lambda: ReadItems(3, 10, 3, 1), TypeError, "mac"),
    (lambda: StoredItems(MAC, 10, 3, 5, noise=2), TypeError, "noise"),
    (lambda: StoredItems(MAC, 10, 3, 5, noise=Drop(4)), ValueError, "noise.bits"),
    (lambda: StoredItems(MAC, 4, 3, 5, noise=Replace(2)), ValueError, "noise.bits"),
    (lambda: StoredItems(MAC, 4, 3, 5, noise=Kill(5)), ValueError, "noise.cells"),
]


@pytest.mark.parametrize(("make", "error", "name"), REFUSED)
def test_what_models_refuse(make, error, name):
    with pytest.raises(error, match=name):
        make()
