"""Mac and hierarchy against the plain version: random models, random inputs, every number."""

import numpy as np
import plain_sparsey as plain
import pytest

from assocmem.sdr.sparsey import Hierarchy, Level, Mac, Selection


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
    )


def random_mac(rng, **others):
    least = int(rng.integers(1, 3))
    return Mac(
        n_modules=int(rng.integers(1, 5)),
        n_units=int(rng.integers(2, 6)),
        selection=random_selection(rng),
        pi_minus=least,
        pi_plus=pick(rng, None, None, least + 3, 12),
        expected=pick(rng, None, None, 2, 5),
        nu=pick(rng, 0.0, 0.5, 1.3),
        cap=pick(rng, None, None, 0.77, 1.0, 1.53),
        freeze=pick(rng, None, None, 0.2711, 0.6113),
        novelty=pick(rng, None, 0.4519, 0.8077, 0.9871),
        **others,
    )


def random_hierarchy(rng):
    rows, columns = (int(n) for n in rng.integers(3, 7, 2))
    channels, levels, shape = int(rng.integers(1, 3)), [], (rows, columns)
    while len(levels) < 3 and (not levels or rng.random() < 0.7):
        field = tuple(int(rng.integers(1, min(n, 4) + 1)) for n in shape)
        level = Level(
            random_mac(rng),
            field,
            tuple(int(n) for n in rng.integers(1, 4, 2)),
            persistence=pick(rng, None, None, 1, 3),
            reach=pick(rng, None, 0, 0, 1, 2),
            top_down=bool(rng.integers(4)),
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
