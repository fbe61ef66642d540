"""Sequences for Sparsey: sizes, repetitions, paths, and what disturbances do, one by one."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from assocmem.sdr.sparsey.disturbances import noisy, omitted, paced, warped
from assocmem.sdr.sparsey.streams import (
    complex_sequences,
    moving_image,
    pen_path,
    random_frames,
    random_sequences,
    strokes,
    thinned,
)

RING = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]])


def test_random_frames_are_uniform():
    """All 10 pairs of 5 features; chi-squared of 9 degrees of freedom above 33.7: 1e-4."""
    frames = random_frames(5000, 5, 2, rng=3)
    assert frames.dtype == np.bool_ and np.all(frames.sum(axis=1) == 2)
    counts = np.bincount(frames @ (1 << np.arange(5)), minlength=32)
    counts = counts[counts > 0]
    assert len(counts) == 10
    assert ((counts - 500) ** 2 / 500).sum() < 33.7


def test_random_sequences_are_independent_frames():
    frames = random_sequences(4, 6, n=50, size=5, rng=1)
    assert frames.shape == (4, 6, 50)
    assert len(np.unique(frames.reshape(24, 50), axis=0)) == 24
    np.testing.assert_array_equal(frames, random_sequences(4, 6, n=50, size=5, rng=1))
    assert not np.array_equal(frames, random_sequences(4, 6, n=50, size=5, rng=2))


@pytest.mark.parametrize("seed", range(20))
def test_complex_sequences_share_their_middles_alone(seed):
    made = complex_sequences(7, 12, 60, 6, alphabet=5, shared=4, sharing=3, head=2, rng=seed)
    np.testing.assert_array_equal(made.frames, made.alphabet[made.symbols])
    assert made.shared == slice(4, 8)
    assert len({tuple(row[:2]) for row in made.symbols}) == 7
    for group in (made.symbols[:3], made.symbols[3:6], made.symbols[6:]):
        assert len({tuple(row[4:8]) for row in group}) == 1
        for moment in (3, 8):
            assert len(set(group[:, moment])) == len(group)


def test_groups_share_different_stretches():
    """Three stretches of 5 symbols of 50: two alike by chance in 3/50^5 = 1e-8."""
    made = complex_sequences(6, 11, 60, 6, alphabet=50, shared=5, rng=1)
    assert len({tuple(row[3:8]) for row in made.symbols}) == 3


def test_heads_of_their_own_occur_nowhere_else():
    made = complex_sequences(30, 9, 60, 6, alphabet=4, shared=3, head=2, own_head=True, rng=1)
    assert made.alphabet.shape == (64, 60)
    np.testing.assert_array_equal(made.frames, made.alphabet[made.symbols])
    np.testing.assert_array_equal(np.sort(made.symbols[:, :2].ravel()), np.arange(4, 64))
    assert made.symbols[:, 2:].max() < 4


def test_symbols_are_uniform_and_heads_too():
    """Chi-squared of 3 and 15 degrees of freedom above 21.1 and 44.3: 1e-4 each."""
    made = [complex_sequences(3, 9, 20, 2, alphabet=4, rng=seed) for seed in range(400)]
    late = np.bincount(np.concatenate([one.symbols[:, 2:].ravel() for one in made]), minlength=4)
    heads = np.bincount([s[0] + 4 * s[1] for one in made for s in one.symbols], minlength=16)
    assert ((late - late.mean()) ** 2 / late.mean()).sum() < 21.1
    # Three without replacement vary less than independent ones would.
    assert ((heads - heads.mean()) ** 2 / heads.mean()).sum() < 44.3


def test_every_head_is_used_once_where_there_are_no_more():
    made = complex_sequences(9, 3, 10, 2, alphabet=3, head=2, rng=0)
    assert {tuple(row) for row in made.symbols[:, :2]} == {
        (i, j) for i in range(3) for j in range(3)
    }


@pytest.mark.parametrize(
    "changed, name",
    [
        ({"count": 26}, "alphabet"),
        ({"shared": 7}, "shared"),
        ({"sharing": 6}, "sharing"),
        ({"head": 11}, "head"),
        ({"size": 61}, "size"),
        ({"count": 0}, "count"),
    ],
)
def test_complex_sequences_refuse(changed, name):
    right = {"count": 4, "length": 10, "n": 60, "size": 6, "alphabet": 5, "shared": 4, "rng": 0}
    complex_sequences(**right)
    with pytest.raises(ValueError, match=name):
        complex_sequences(**{**right, **changed})


def _corner_by_steps(start, speed, room, steps):
    """Place of a point that goes to and fro in [0, room], followed by its bounces."""
    places = []
    for t in range(steps):
        place = Fraction(start) + t * Fraction(speed)
        while not 0 <= place <= room:
            place = -place if place < 0 else 2 * room - place
        places.append(int(place + Fraction(1, 2)))  # of places >= 0: halves up
    return places


@pytest.mark.parametrize("velocity", [(1, 0), (0.5, -0.75), (-2, 3), (7.25, 0.25)])
def test_moving_image_turns_back_at_the_sides(velocity):
    image = np.array([[1, 0, 1], [0, 1, 0]])
    frames = moving_image(image, (7, 9), 30, velocity=velocity, start=(2, 1))
    corners = zip(
        _corner_by_steps(2, velocity[0], 5, 30),
        _corner_by_steps(1, velocity[1], 6, 30),
        strict=True,
    )
    for frame, (row, column) in zip(frames, corners, strict=True):
        expected = np.zeros((7, 9))
        expected[row : row + 2, column : column + 3] = image
        np.testing.assert_array_equal(frame, expected)


def test_moving_image_wraps():
    image = np.array([[1, 1], [0, 1]])
    frames = moving_image(image, (4, 5), 12, velocity=(1, -2), start=(3, 1), edge="wrap")
    sheet = np.zeros((4, 5))
    sheet[:2, :2] = image
    for t, frame in enumerate(frames):
        np.testing.assert_array_equal(frame, np.roll(sheet, (3 + t, 1 - 2 * t), axis=(0, 1)))


def test_an_image_as_large_as_the_sheet_stays():
    frames = moving_image(RING, (4, 4), 5, velocity=(1.5, -1))
    assert np.all(frames == RING.astype(bool))
    with pytest.raises(ValueError, match="shape"):
        moving_image(RING, (4, 3), 5, velocity=(1, 1))
    with pytest.raises(ValueError, match="edge"):
        moving_image(RING, (8, 8), 5, velocity=(1, 1), edge="stop")
    with pytest.raises(ValueError, match="image"):
        moving_image(2 * RING, (8, 8), 5, velocity=(1, 1))


def _pieces(image):
    from scipy import ndimage

    return ndimage.label(image, np.ones((3, 3)))[1]


def test_thinning_keeps_lines_and_pieces():
    """Thin lines stay as they are; blobs become thin without falling apart."""
    line = np.zeros((5, 9), bool)
    line[2, 1:8] = True
    np.testing.assert_array_equal(thinned(line), line)
    np.testing.assert_array_equal(thinned(RING), RING.astype(bool))
    bar = np.zeros((9, 21), bool)
    bar[3:6, 2:19] = True
    thin = thinned(bar)
    assert set(np.flatnonzero(thin.any(axis=1))) == {4} and thin.sum() >= 13
    digits = pytest.importorskip("sklearn.datasets").load_digits().images
    for grey in digits[:20]:
        image = np.kron(grey > 7, np.ones((3, 3))).astype(bool)
        thin = thinned(image)
        assert not np.any(thin & ~image) and thin.sum() < 0.6 * image.sum()
        assert _pieces(thin) == _pieces(image)
        # No pixel is inside: a block of 3 x 3 would not be thin.
        assert not np.lib.stride_tricks.sliding_window_view(thin, (3, 3)).all(axis=(2, 3)).any()
        np.testing.assert_array_equal(thinned(thin), thin)


def test_the_pen_follows_a_line_and_goes_straight_on_at_a_crossing():
    cross = np.zeros((9, 9), bool)
    cross[4, 1:8] = cross[1:8, 4] = True
    path = [tuple(p) for p in pen_path(cross)]
    assert path[:7] == [(r, 4) for r in range(1, 8)]
    assert sorted(path) == sorted(map(tuple, np.argwhere(cross)))
    ring = [tuple(p) for p in pen_path(RING)]
    assert ring[0] == (0, 1) and len(ring) == 8
    assert all(max(abs(a - c), abs(b - d)) == 1 for (a, b), (c, d) in pairwise(ring))
    assert pen_path(np.zeros((3, 3))).shape == (0, 2)


def test_strokes_slide_along_the_path():
    path = pen_path(RING)
    frames = strokes(RING, window=3, step=2)
    assert frames.shape == (3, 4, 4)
    for k, frame in enumerate(frames):
        expected = np.zeros((4, 4), bool)
        expected[tuple(path[2 * k : 2 * k + 3].T)] = True
        np.testing.assert_array_equal(frame, expected)
    with pytest.raises(ValueError, match="window"):
        strokes(RING, window=9)


def test_noise_changes_exactly_so_many_features():
    frames = random_frames(200, 40, 9, rng=0).reshape(200, 5, 8)
    changed = noisy(frames, drop=3, add=2, rng=1)
    assert changed.shape == frames.shape
    assert np.all((frames & ~changed).sum(axis=(1, 2)) == 3)
    assert np.all((~frames & changed).sum(axis=(1, 2)) == 2)
    np.testing.assert_array_equal(noisy(frames, 0, 0, rng=1), frames)
    assert not noisy(frames, 9, 0, rng=1).any()
    assert noisy(frames, 0, 31, rng=1).all()
    with pytest.raises(ValueError, match="drop"):
        noisy(frames, 10, 0, rng=1)
    with pytest.raises(ValueError, match="add"):
        noisy(frames, 0, 32, rng=1)


def test_noise_is_uniform():
    """Ten features drop or appear equally often; chi-squared of 9 above 33.7: 1e-4 each."""
    frames = np.zeros((4000, 20), bool)
    frames[:, ::2] = True
    changed = noisy(frames, drop=3, add=4, rng=5)
    for counts, mean in (
        ((frames & ~changed).sum(axis=0)[::2], 1200),
        ((~frames & changed).sum(axis=0)[1::2], 1600),
    ):
        assert counts.sum() == 10 * mean
        assert ((counts - mean) ** 2 / mean).sum() < 33.7


def test_frames_left_out_and_repeated():
    frames = np.eye(12, dtype=bool)
    for seed in range(30):
        found, moments = warped(frames, skipped=4, repeated=3, rng=seed)
        times = np.bincount(moments, minlength=12)
        assert sorted(times) == [0] * 4 + [1] * 5 + [2] * 3
        assert np.all(np.diff(moments) >= 0)
        np.testing.assert_array_equal(found.argmax(axis=1), moments)
        found, moments = omitted(frames, 5, rng=seed)
        assert len(set(moments)) == len(found) == 7
        np.testing.assert_array_equal(found, frames[moments])
    with pytest.raises(ValueError, match="count"):
        omitted(frames, 12, rng=0)
    with pytest.raises(ValueError, match="repeated"):
        warped(frames, 6, 7, rng=0)


def test_which_frames_are_left_out_is_uniform():
    """Each of 6 pairs of 4 frames; chi-squared of 5 degrees of freedom above 25.7: 1e-4."""
    frames, rng = np.eye(4, dtype=bool), np.random.default_rng(0)
    counts = np.zeros(16)
    for _ in range(1200):
        counts[(1 << omitted(frames, 2, rng).moments).sum()] += 1
    counts = counts[counts > 0]
    assert len(counts) == 6 and ((counts - 200) ** 2 / 200).sum() < 25.7


@pytest.mark.parametrize("speed", [0.25, 0.5, 0.7, 1.0, 1.3, 2.0, 3.0, 40.0])
def test_even_pace(speed):
    frames = np.eye(13, dtype=bool)
    found, moments = paced(frames, speed)
    expected = [int(k * speed) for k in range(200) if k * speed < 13]
    np.testing.assert_array_equal(moments, expected)
    np.testing.assert_array_equal(found, frames[expected])


@pytest.mark.parametrize("wrong", [np.zeros(3), np.full((2, 3), 2), np.zeros((0, 3))])
def test_disturbances_refuse_what_is_no_sequence(wrong):
    with pytest.raises(ValueError, match="frames"):
        noisy(wrong, 0, 0, rng=0)
    with pytest.raises(ValueError, match="frames"):
        paced(wrong, 1.0)
