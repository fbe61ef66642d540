"""Recruiting: modules that take a new unit for what they do not know (`Mac.recruit`)."""

import numpy as np
import pytest
from scipy import stats

from assocmem import from_json, to_json
from assocmem.sdr import Hierarchy, Level, Mac, Permanence, StoredItems
from assocmem.theory.sparsey import predict

MAC = Mac(5, 6, nu=0.5, cap=1.0, novelty=0.6, recruit=0.5)
N, SIZE = 60, 8


def _inputs(count, seed):
    rng = np.random.default_rng(seed)
    dense = np.zeros((count, N), bool)
    for row in dense:
        row[rng.choice(N, SIZE, replace=False)] = True
    return dense


@pytest.mark.parametrize("mac", [MAC, Mac(4, 5, cap=1.6, novelty=0.8, recruit=1.0)], ids=repr)
def test_rule_against_a_plain_version(mac):
    """Every input: a unit that was free and of a module that did not know it, or the largest V."""
    memory = mac.memory(N, seed=3)
    plain = np.zeros((N, mac.n_modules, mac.n_units), bool)
    recruited = 0
    for x in _inputs(120, 4):
        u, held = plain[x].sum(axis=0), plain.sum(axis=0)
        v = u / SIZE * np.minimum(1.0, (SIZE / np.maximum(held, 1)) ** mac.nu)
        code = memory.learn(x)
        learned = plain.copy()
        learned[np.ix_(x, range(mac.n_modules))] |= np.arange(mac.n_units) == code[:, None]
        for q, winner in enumerate(code):
            free = held[q] < mac.cap * SIZE
            changed = (memory.weights[:, q] != plain[:, q]).any()
            novel = v[q].max() < mac.novelty
            if changed:
                recruited += 1
                assert novel and free[winner]
                assert np.array_equal(memory.weights[:, q], learned[:, q])
            else:  # the same, or a free unit that held all of it already
                assert v[q, winner] == pytest.approx(v[q].max(), abs=1e-12) or free[winner]
                assert (
                    not (novel and free.any() and mac.recruit == 1.0) or plain[x, q, winner].all()
                )
        plain = memory.weights
    assert recruited > 10
    held = plain.sum(axis=0)
    assert memory.load == pytest.approx(held.sum() / plain.size)


def test_how_often_and_which():
    """One input to empty macs: each module recruits with its chance, any unit alike.

    False alarm 1e-6: two exact or chi-square tests at 5e-7.
    """
    x = _inputs(1, 0)[0]
    mac = Mac(500, 4, cap=1.0, novelty=0.5, recruit=0.3)
    counts, taken = np.zeros(4), 0
    for seed in range(8):
        memory = mac.memory(N, seed=seed)
        code = memory.learn(x)
        hit = memory.weights.any(axis=(0, 2))
        taken += hit.sum()
        counts += np.bincount(code[hit], minlength=4)
    assert stats.binomtest(int(taken), 8 * 500, 0.3).pvalue > 5e-7
    assert stats.chisquare(counts).pvalue > 5e-7


def test_a_full_module_keeps_what_it_has():
    mac = Mac(3, 2, cap=1.0, novelty=0.9, recruit=1.0)
    memory = mac.memory(N, seed=1)
    inputs = _inputs(30, 7)
    memory.learn(inputs)
    weights = memory.weights
    assert (weights.sum(axis=0) == SIZE).all()  # each unit holds one input
    memory.learn(_inputs(10, 8))
    assert np.array_equal(memory.weights, weights)
    assert memory.n_presented == 40 and memory.n_learned <= 6


def test_one_by_one_is_as_all_at_once_and_as_after_a_file(tmp_path):
    inputs = _inputs(50, 2)
    whole = MAC.memory(N, seed=5)
    codes = whole.learn(inputs)
    parts = MAC.memory(N, seed=5)
    first = [parts.learn(x) for x in inputs[:20]]
    parts.save(tmp_path / "mac.npz")
    again = type(parts).restore(tmp_path / "mac.npz")
    assert np.array_equal(codes, np.vstack([first, again.learn(inputs[20:])]))
    assert np.array_equal(whole.weights, again.weights)


def test_freeze_fading_and_maxima_by_the_caller():
    inputs = _inputs(60, 9)
    frozen = Mac(5, 6, cap=1.0, novelty=0.9, recruit=1.0, freeze=0.02).memory(N, seed=0)
    frozen.learn(inputs)
    assert 0.02 <= frozen.load < 0.02 + 5 * SIZE / (N * 30)
    fading = Mac(5, 6, cap=1.0, novelty=0.9, recruit=1.0, permanence=Permanence(3, 1.0, 9))
    memory = fading.memory(N, seed=0)
    memory.learn(inputs)
    assert memory.n_learned > 30  # units become free again as their weights fade
    assert memory.weights.sum() <= 3 * 5 * SIZE
    plain = MAC.memory(N, seed=0)
    plain.learn(inputs[0], choice="maximum")  # as without recruiting: all modules learn
    assert plain.weights.sum() == 5 * SIZE


def test_what_is_shown():
    found = MAC.memory(N, seed=0).present(_inputs(1, 0)[0], learn=True)
    assert found.choice == "recruit" and "recruited" in str(found)
    assert from_json(to_json(MAC)) == MAC and "recruit=0.5" in repr(MAC)


def test_misuse():
    with pytest.raises(ValueError, match="novelty must be given"):
        Mac(5, 6, cap=1.0, recruit=0.5)
    with pytest.raises(ValueError, match="cap must be given"):
        Mac(5, 6, novelty=0.5, recruit=0.5)
    for value in (0.0, 1.1):
        with pytest.raises(ValueError, match="recruit"):
            Mac(5, 6, cap=1.0, novelty=0.5, recruit=value)
    with pytest.raises(ValueError, match=r"mac\.recruit must be None in a hierarchy"):
        Hierarchy((8, 8), Level(MAC, 4))
    with pytest.raises(ValueError, match=r"mac\.recruit must be None for theory"):
        predict(StoredItems(MAC, N, SIZE, 5))
