"""Sequences in hierarchies: exact recall, context, top-down links, back-off, hypotheses."""

import itertools

import numpy as np
import pytest

from assocmem.sdr import Hierarchy, Level, Mac, Selection

N, SIZE = 400, 10
# A code is new unless its input is nearly the same as one before.
NEW = {"g_minus": 0.8}


def films(count, steps, seed=0, n=N, size=SIZE):
    rng = np.random.default_rng(seed)
    found = np.zeros((count, steps, n), bool)
    for film in found:
        for frame in film:
            frame[rng.choice(n, size, replace=False)] = True
    return found


def noisy(film, changed, seed=0):
    """Some active features of each frame moved elsewhere."""
    rng, found = np.random.default_rng(seed), film.copy()
    for frame in found:
        on, off = np.flatnonzero(frame), np.flatnonzero(~frame)
        frame[rng.choice(on, changed, replace=False)] = False
        frame[rng.choice(off, changed, replace=False)] = True
    return found


def single(seed=0, q=16, k=16, reach=0, **selection):
    """One mac that sees everything."""
    mac = Mac(q, k, selection=Selection(**{**NEW, **selection}))
    return Hierarchy((20, 20), Level(mac, 20, reach=reach)).memory(seed=seed)


def double(seed=0, k=16, persistence=2, reach=0, top_down=True, silent_below=0.0, **selection):
    """Nine macs below, one above."""
    mac = Mac(16, k, selection=Selection(**{**NEW, **selection}))
    levels = (
        Level(mac, 10, 5, reach=reach, top_down=top_down, silent_below=silent_below),
        Level(mac, 3, persistence=persistence),
    )
    return Hierarchy((20, 20), levels).memory(seed=seed)


def exact(memory, some, prompt, **options):
    """Fraction of frames recalled exactly."""
    steps = some.shape[1] - prompt
    right = [
        (memory.recall(film[:prompt], steps, **options) == film[prompt:]).all(axis=1)
        for film in some
    ]
    return np.mean(right)


@pytest.mark.parametrize("prompt", [1, 3])
def test_sequences_are_recalled_exactly_from_their_first_frames(prompt):
    # At these loads, some 0.15 of U and 0.3 of H, another unit than the right one has all of its
    # 10 or 16 afferents set with chance 0.15^10 or 0.3^16: at no step here.
    memory, some = single(), films(10, 10)
    for film in some:
        memory.store(film)
    assert memory.load[0]["u"] < 0.16
    assert memory.load[0]["h"] < 0.31
    assert exact(memory, some, prompt) == 1.0
    # Nothing follows the last frame that was learned: what comes then is not familiar.
    memory.recall(some[0][:1], 9)
    assert memory.step(None).familiarity[0][0] < 0.6


def test_recall_fails_when_too_much_is_stored():
    small, some = single(q=4, k=4), films(10, 10)
    for film in some:
        small.store(film)
    assert exact(small, some, 1) < 0.2


def test_the_same_frame_gets_another_code_in_another_context():
    a, b, c, d, e, f, g = films(7, 1, seed=1)[:, 0]
    memory = single()
    one = memory.store([a, b, c, d, e])[0][:, 0]
    other = memory.store([f, b, c, d, g])[0][:, 0]
    shared = (one == other).mean(axis=1)
    assert np.all(shared < 0.4)  # chance 1/16 for each of 16 modules
    assert (memory.recall([a], 4) == [b, c, d, e]).all()
    assert (memory.recall([f], 4) == [b, c, d, g]).all()
    assert (memory.recall([a, b, c, d]) == [e]).all()
    assert (memory.recall([f, b, c, d]) == [g]).all()
    blind = single(reach=None)
    one = blind.store([a, b, c, d, e])[0][:, 0]
    other = blind.store([f, b, c, d, g])[0][:, 0]
    np.testing.assert_array_equal((one == other).mean(axis=1)[1:4], 1.0)
    assert not blind.recall([f, b, c, d]).any()


def test_common_beginnings_share_their_codes():
    # U and H are wholly familiar: at an expansivity of 1 + 1e4 K another unit than the old one wins
    # with chance below 15/(1 + 1e4 16): once in 10^4 draws, of which these are 48.
    a, b, c, d, e = films(5, 1, seed=1)[:, 0]
    memory = single(chi=1e4, sigma_2=50.0)
    one, other = memory.store([a, b, c, d])[0], memory.store([a, b, c, e])[0]
    np.testing.assert_array_equal(one[:3], other[:3])
    assert (one[3] == other[3]).mean() < 0.5


def test_top_down_context_helps_recall():
    # One frame does not always tell nine small fields apart; level 2 sees all of them.
    some = films(8, 10, seed=2, size=20)
    rates = {}
    for top_down in (False, True):
        memory = double(top_down=top_down)
        for film in some:
            memory.store(film)
        rates[top_down] = exact(memory, some, 1)
        assert ("d" in memory.n_weights[0]) == top_down
    assert rates[True] > rates[False] + 0.2


def test_top_down_links_alone_carry_a_sequence():
    # Level 1 has no memory of its own; level 2 has, and tells level 1 what follows.
    some = films(4, 8, seed=3, size=40)
    memory = double(reach=None, persistence=1)
    for film in some:
        memory.store(film)
    assert set(memory.n_weights[0]) == {"u", "d"}
    assert exact(memory, some, 1) == 1.0
    cut = double(reach=None, top_down=False)
    for film in some:
        cut.store(film)
    assert not cut.recall(some[0][:1], 7).any()


def test_silence_is_recalled_too():
    # Objects cross a field of view: most macs see nothing at most steps.
    rng = np.random.default_rng(4)
    some = np.zeros((6, 8, 20, 20), bool)
    for film in some:
        shape, row = rng.random((6, 6)) < 0.6, rng.integers(0, 15)
        for t, frame in enumerate(film):
            frame[row : row + 6, 2 * t : 2 * t + 6] = shape
    some = some.reshape(6, 8, N)
    rates = {}
    for silent_below in (0.0, 0.5):
        memory = double(k=32, reach=1, silent_below=silent_below)
        for film in some:
            memory.store(film)
        rates[silent_below] = exact(memory, some, 2, threshold=0.8)
    assert rates[0.5] > rates[0.0]
    assert rates[0.5] > 0.9


def test_macs_below_silence_lose_their_codes_and_others_do_not():
    some = films(3, 6, seed=5, size=20)
    loud, quiet = double(), double(silent_below=0.6)
    for memory in (loud, quiet):
        for film in some:
            memory.store(film)
        memory.codes(some[0][:3])
        memory.step(noisy(some[1][3:4], 8)[0])
    one, other = loud.step(None), quiet.step(None)
    kept = one.familiarity[0] >= 0.6
    assert kept.any()
    assert not kept.all()
    np.testing.assert_array_equal(other.active[0], kept)
    np.testing.assert_array_equal(other.codes[0][kept], one.codes[0][kept])
    np.testing.assert_array_equal(other.codes[0][~kept], -1)


DISTURBED = {
    "whole": (range(10), 0),
    "from the middle": (range(4, 10), 0),
    "noise": (range(10), 3),
    "frames left out": ([0, 1, 3, 4, 6, 7, 9], 0),
    "twice as fast": (range(0, 10, 2), 0),
    "twice as slow": (np.repeat(range(10), 2), 0),
    "left out, and noise": ([0, 1, 3, 4, 6, 7, 9], 2),
}


@pytest.mark.parametrize("make", [single, double])
def test_disturbed_sequences_are_recognised_by_back_off(make):
    memory, some = make(back_off=0.9), films(8, 10)
    codes = [memory.store(film) for film in some]
    for name, (times, changed) in DISTURBED.items():
        for s, film in enumerate(some):
            found = memory.recognise(noisy(film[list(times)], changed, s), codes)
            assert found.winner == s
            right = (found.sequence == s) & (found.time == list(times))
            assert right.mean() >= 0.8, name
            if make is single:
                assert right.all()
                assert found.share.min() >= 0.9


def test_without_back_off_codes_are_lost_where_frames_are_left_out():
    times = [0, 1, 3, 4, 6, 7, 9]
    shares, some = [], films(8, 10)
    for back_off in (0.0, 0.9):
        memory = single(back_off=back_off)
        codes = [memory.store(film) for film in some]
        found = [memory.recognise(film[times], codes) for film in some]
        shares.append(np.mean([each.share for each in found]))
    assert shares[1] == 1.0
    assert shares[0] < 0.95


def test_expectation_alone_misses_what_was_left_out():
    # The frame is not quite the stored one, so that U is less than H, which is sure of another one.
    memory, some = single(back_off=0.9, keep_input=False), films(8, 10)
    codes = [memory.store(film) for film in some]
    film = noisy(some[0][[0, 1, 3, 4, 5]], 2)
    assert memory.recognise(film, codes).time.tolist() == [0, 1, 2, 3, 4]


def context(memory, common=1, seed=6):
    """Two sequences that share frames in the middle; what follows in either."""
    first, second, *shared, third, fourth = films(4 + common, 1, seed=seed)[:, 0]
    one = memory.store([first, *shared, third])[0][:, 0]
    other = memory.store([second, *shared, fourth])[0][:, 0]
    memory.reset()
    return shared, (third, fourth), (one, other)


@pytest.mark.parametrize("power", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_two_hypotheses_until_a_frame_decides(seed, power):
    memory = single(seed, hypotheses_power=power)
    (shared,), after, codes = context(memory)
    for which in (0, 1):
        memory.reset()
        step = memory.step(shared)
        assert step.zeta[0][0] == 2
        assert step.familiarity[0][0] == 1.0
        # A mixture of both codes, whose winners tie.
        mine, theirs = (step.codes[0][0] == codes[k][1] for k in (which, 1 - which))
        assert np.all(mine | theirs)
        # Fraction of winners followed, in either sequence, by the right unit of each module. Units
        # that are not in the right code have less of U.
        follows = [
            (code[t] == step.codes[0][0])[:, None] & (code[t + 1] == codes[which][2])
            for code in codes
            for t in range(2)
        ]
        alive = np.any(follows, axis=0).mean(axis=0)
        assert alive.mean() == pytest.approx(mine.mean(), abs=0.2)
        wanted = np.minimum(1.0, alive * (2.0 if power else 1.0))
        step = memory.step(after[which])
        assert step.familiarity[0][0] == pytest.approx(wanted.mean(), abs=1e-12)
        np.testing.assert_array_equal(step.codes[0][0], codes[which][2])


def test_both_hypotheses_stay_alive_while_they_are_equally_strong():
    zetas = {0.0: [], 1.0: []}
    for seed, power in itertools.product(range(60), zetas):
        memory = single(seed, q=6, hypotheses_power=power)
        (one, other), after, codes = context(memory, 2)
        if (codes[0][1:] == codes[1][1:]).any():  # no unit in both: no more than chance
            continue
        if (memory.step(one).codes[0][0] == codes[0][1]).sum() == 3:
            zetas[power].append(int(memory.step(other).zeta[0][0]))
            if power:
                memory.step(after[1])
                np.testing.assert_array_equal(memory.inspect(0, 0).winners, codes[1][3])
    # Each of the two counts fully with F, and half without: then none is above V_zeta.
    assert len(zetas[1.0]) == len(zetas[0.0]) >= 3
    assert set(zetas[1.0]) == {2}
    assert set(zetas[0.0]) == {0}


def test_too_many_hypotheses_are_not_listened_to():
    shared, *others = films(9, 1, seed=7)[:, 0]
    memory = single(most_hypotheses=2)
    for before, after in zip(others[:3], others[3:6], strict=True):
        memory.store([before, shared, after])
    memory.reset()
    assert memory.step(shared).zeta[0][0] == 3
    # As if nothing had been before: H drops out, U alone is wholly familiar.
    assert memory.step(others[3]).familiarity[0][0] == 1.0
    assert memory.inspect(0, 0).kinds == "u"


def test_completion_fills_in_parts_and_whole_frames():
    memory, some = single(), films(10, 10)
    for film in some:
        memory.store(film)
    for s, film in enumerate(some):
        cut = film.copy()
        for frame in cut:
            frame[np.flatnonzero(frame)[s % 3 :: 2]] = False
        given = [None if t in (4, 5) else frame for t, frame in enumerate(cut)]
        assert (memory.complete(given) == film).all()


def test_upper_codes_bind_stretches():
    memory, some = double(persistence=3), films(4, 9, seed=8, size=30)
    codes = [memory.store(film) for film in some]
    for upper in (each[1][:, 0] for each in codes):
        for t in (0, 3, 6):
            np.testing.assert_array_equal(upper[t + 1], upper[t])
            np.testing.assert_array_equal(upper[t + 2], upper[t])
        assert (upper[3] != upper[0]).any()
    # Any frame of its stretch brings a code of level 2 back, being bound to all of them.
    for s, t in itertools.product(range(4), range(9)):
        memory.reset()
        upper = memory.step(some[s][t]).codes[1][0]
        assert (upper == codes[s][1][t, 0]).mean() > 0.7
