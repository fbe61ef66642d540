"""Mac and hierarchy against the plain version: random models, random inputs, every number."""

from dataclasses import replace

import numpy as np
import plain_sparsey as plain
import pytest
from scipy import stats

from assocmem.sdr.sparsey import Hierarchy, Level, Mac, Permanence, Selection


def pick(rng, *values):
    return values[rng.integers(len(values))]


def random_selection(rng):
    """Thresholds are no ratios of small numbers, so that rounding cannot decide."""
    return Selection(
        g_minus=pick(rng, 0.0, 0.0931, 0.3713),
        gamma=pick(rng, 0.5, 1.0, 2.0),
        chi=pick(rng, 0.0, 0.7, 30.0, 1e4),
        sigma_1=pick(rng, 0.3, 1.0, 5.0),
        sigma_2=pick(rng, 0.0, 3.0, 25.0),
        sigma_3=pick(rng, -0.2, 0.5, 0.9),
        sigma_4=pick(rng, 0.5, 1.0, 3.0),
        lambda_u=pick(rng, 0.0, 0.6, 1.0, 1.0, 2.0),
        lambda_h=pick(rng, 0.0, 0.5, 1.0, 1.0, 3.0),
        lambda_d=pick(rng, 0.0, 0.4, 1.0, 1.0),
        v_zeta=pick(rng, 0.0, 0.2917, 0.6113, 0.9531),
        hypotheses_power=pick(rng, 0.0, 0.5, 1.0),
        most_hypotheses=pick(rng, None, None, 1, 2, 3),
        back_off=pick(rng, 0.0, 0.5137, 0.9071, 1.0),
        keep_input=bool(rng.integers(2)),
    )


def random_mac(rng, *, recruiting=False, **others):
    least = int(rng.integers(1, 3))
    model = Mac(
        n_modules=int(rng.integers(1, 5)),
        n_units=int(rng.integers(2, 6)),
        selection=random_selection(rng),
        pi_minus=least,
        pi_plus=pick(rng, None, None, least + 3, 12),
        expected=pick(rng, None, None, 2, 5),
        nu=pick(rng, 0.0, 0.5, 1.3),
        cap=pick(rng, None, None, 0.77, 1.0, 1.53),
        freeze=pick(rng, None, None, 0.2711, 0.6113),
        novelty=pick(rng, None, 0.4519, 0.8077, 1.0),
        **others,
    )
    if recruiting and model.cap is not None and model.novelty is not None:
        # Whether weights that are set were met again shows only later: with them, always.
        return replace(model, recruit=1.0 if model.permanence else pick(rng, 0.3, 0.8, 1.0))
    return model


def random_permanence(rng):
    growth = pick(rng, 1.0, 1.37, 2.0)
    return pick(rng, None, Permanence(int(rng.integers(1, 7)), growth, int(rng.integers(1, 4))))


def random_hierarchy(rng):
    rows, columns = (int(n) for n in rng.integers(3, 7, 2))
    channels, levels, shape = int(rng.integers(1, 3)), [], (rows, columns)
    while len(levels) < 3 and (not levels or rng.random() < 0.7):
        field = tuple(int(rng.integers(1, min(n, 4) + 1)) for n in shape)
        level = Level(
            random_mac(rng, permanence=random_permanence(rng)),
            field,
            tuple(int(n) for n in rng.integers(1, 4, 2)),
            persistence=pick(rng, None, None, 1, 3),
            reach=pick(rng, None, 0, 0, 1, 2),
            top_down=bool(rng.integers(4)),
            silent_below=pick(rng, 0.0, 0.0, 0.4137, 0.8311, 1.0),
        )
        levels.append(level)
        shape = Hierarchy((rows, columns), tuple(levels), channels).tilings[-1].grid
    return Hierarchy((rows, columns), tuple(levels), channels)


def random_frames(rng, model):
    """Frames of a few, of which many come again, some with a feature changed, and some are None."""
    shape = (*model.shape, model.channels)
    known = [rng.random(shape) < rng.uniform(0.1, 0.7) for _ in range(3)]
    while True:
        frame = known[rng.integers(3)].copy()
        if rng.random() < 0.3:
            place = tuple(rng.integers(n) for n in shape)
            frame[place] ^= True
        yield frame if rng.random() > 0.15 else None


def random_items(rng, n):
    """Inputs as `random_frames` has frames, now and then without any feature."""
    known = [rng.random(n) < rng.uniform(0.05, 0.8) for _ in range(4)]
    while True:
        item = known[rng.integers(4)].copy()
        for place in rng.integers(n, size=rng.integers(3)):
            item[place] ^= True
        yield item if rng.random() > 0.05 else np.zeros(n, bool)


def given(item):
    active = np.flatnonzero(item)
    return {"u": plain.Input([(active, 1.0)] if len(active) else [])}


def recruited(mac, looked, inputs, winners, after):
    """Which modules took a new unit; either is told from the weights where both could be."""
    free, modules = mac.recruits(looked.v, inputs), []
    for q, k in enumerate(winners):
        new = free[q].any()
        may = new and free[q, k]
        may_not = (not new or mac.mac.recruit < 1.0) and looked.v[q, k] >= looked.v[q].max() - 1e-12
        assert may or may_not, (q, k)
        changed = not np.array_equal(after[:, q, k], mac.weights["u"][:, q, k])
        modules.append(may and (not may_not or changed))
    return modules


@pytest.mark.parametrize("seed", range(60))
def test_mac(seed):
    """Every number of 60 presentations, learned or not, by draw or maximum."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 30)) if seed % 3 else int(rng.integers(60, 140))
    model = random_mac(rng, recruiting=seed % 2 > 0, permanence=random_permanence(rng))
    memory, mac = model.memory(n, seed=seed), plain.PlainMac(model, {"u": n})
    items = random_items(rng, n)
    for t in range(60):
        item, learn = next(items), bool(rng.random() < 0.7)
        drawn = learn if rng.random() < 0.8 else not learn
        found = memory.present(item, learn=learn, choice="draw" if drawn else "maximum")
        inputs, where = given(item), (t, learn, drawn)
        assert found.active == mac.in_bounds(inputs["u"]), where
        if not found.active:
            assert np.all(found.winners == -1) and found.G == 0.0, where
            continue
        if learn:
            mac.tick()
        before = mac.weights["u"].sum()
        (looked,) = mac.look(inputs, learning=True)  # one kind: nothing to back off to
        recruiting = learn and drawn and model.recruit is not None
        if not recruiting:
            assert mac.admissible(looked, found.winners, learning=drawn), where
        assert np.array_equal(found.u, mac.weights["u"][item].sum(axis=0)), where
        assert np.array_equal(found.held, mac.weights["u"].sum(axis=0)), where
        assert np.allclose(found.U, mac.normalised("u", inputs["u"]), rtol=0, atol=1e-13), where
        assert np.allclose(found.V, looked.v, rtol=0.0, atol=1e-13), where
        assert pytest.approx(looked.g, rel=0.0, abs=1e-13) == found.G, where
        assert found.zeta == looked.zeta, where
        assert found.eta == pytest.approx(looked.eta, rel=1e-11), where
        assert np.allclose(found.rho, looked.rho, rtol=1e-10, atol=0.0), where
        if recruiting:
            modules = recruited(mac, looked, inputs, found.winners, memory.weights)
            mac.learn(inputs, found.winners, modules=modules)
            assert found.learned == any(modules), where
        elif learn and mac.learns(looked.g):
            mac.learn(inputs, found.winners)
        assert found.n_set == mac.weights["u"].sum() - before, where
        assert np.array_equal(memory.weights, mac.weights["u"]), where


@pytest.mark.parametrize("seed", range(3))
def test_codes_are_drawn_with_their_chances(seed):
    """20,000 draws of three modules of four units: their joint law, false alarm 1e-7 each."""
    rng = np.random.default_rng(seed)
    soft = Selection(g_minus=0.0, gamma=0.8, chi=pick(rng, 1.0, 4.0), sigma_2=5.0, sigma_3=0.4)
    memory = Mac(3, 4, soft, nu=0.5).memory(30, seed=seed)
    items = rng.random((6, 30)) < 0.4
    memory.learn(items)
    mac = plain.PlainMac(memory.mac, {"u": 30})
    mac.weights["u"] = memory.weights
    asked = items[0].copy()
    asked[::5] ^= True
    (looked,) = mac.look(given(asked), learning=True)
    joint = np.einsum("i,j,k->ijk", *looked.rho).ravel()
    codes = memory.codes(np.repeat(asked[None], 20_000, axis=0), choice="draw").astype(int)
    counts = np.bincount(codes @ [16, 4, 1], minlength=64)
    assert joint.min() * 20_000 > 8.0
    assert stats.chisquare(counts, joint * (20_000 / joint.sum())).pvalue > 1e-7


def test_ties_are_broken_evenly():
    """Units that share the largest support win equally often in retrieval, 1e-7."""
    memory = Mac(2, 6, Selection(chi=0.0)).memory(8, seed=3)
    memory.learn(np.tile([1, 1, 0, 0, 0, 0, 0, 0], (3, 1)).astype(bool))
    found = memory.inspect([0, 1])
    best = (found.V.max(axis=1, keepdims=True) == found.V).reshape(2, 6)
    assert best.sum() > 2
    codes = memory.codes(np.repeat([[1, 1, 0, 0, 0, 0, 0, 0]], 20_000, axis=0).astype(bool))
    for q in range(2):
        counts = np.bincount(codes[:, q], minlength=6)
        assert not counts[~best[q]].any()
        assert best[q].sum() == 1 or stats.chisquare(counts[best[q]]).pvalue > 1e-7


def same_weights(memory, reference):
    for j, macs in enumerate(reference.macs):
        for m, mac in enumerate(macs):
            found = memory.weights(j, m)
            for kind, weights in mac.weights.items():
                if not np.array_equal(found[kind], weights):
                    return f"level {j + 1}, mac {m}: weights of {kind} differ"
    return ""


@pytest.mark.parametrize("seed", range(60))
def test_hierarchy(seed):
    rng = np.random.default_rng(seed)
    model = random_hierarchy(rng)
    memory, reference = model.memory(seed=seed), plain.PlainHierarchy(model)
    frames = random_frames(rng, model)
    for t in range(40):
        if rng.random() < 0.1:
            memory.reset()
            reference.reset()
        frame, learn = next(frames), bool(rng.random() < 0.6)
        step = memory.step(frame, learn=learn)
        faults = reference.step(frame, step.codes, learning=learn, zetas=step.zeta)
        assert not faults, (t, learn, frame is None, faults, model)
        for j in range(len(model.levels)):
            where = (t, j, learn, frame is None)
            assert np.allclose(step.familiarity[j], reference.gs[j], rtol=0.0, atol=1e-12), where
            assert list(step.zeta[j]) == reference.zetas[j], where
            assert list(step.age[j]) == reference.ages[j], where
        assert not same_weights(memory, reference), (t, learn, same_weights(memory, reference))
