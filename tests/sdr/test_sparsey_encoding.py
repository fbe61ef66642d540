"""Encodings of images and numbers against plain loops."""

import math

import numpy as np
import pytest

from assocmem.sdr.sparsey.encoding import (
    grey_levels,
    oriented_edges,
    quantile_edges,
    scalar_codes,
    unpacked,
)


def plain_edges(image, directions, threshold, window, stride):
    """Sobel's gradient by correlation with its two masks, sectors by angles, windows by slices."""
    from scipy.ndimage import correlate

    smooth, step = np.array([1.0, 2.0, 1.0]), np.array([-1.0, 0.0, 1.0])
    across = correlate(image, np.outer(smooth, step) / 8, mode="constant")
    down = correlate(image, np.outer(step, smooth) / 8, mode="constant")
    angle = np.degrees(np.arctan2(down, across))
    sector = np.rint(angle * directions / 360).astype(int) % directions
    edges = (np.hypot(across, down) > threshold)[..., None] & (
        sector[..., None] == np.arange(directions)
    )
    rows, columns = ((side - window) // stride + 1 for side in image.shape)
    return np.array([
        [
            edges[r * stride : r * stride + window, c * stride : c * stride + window].any((0, 1))
            for c in range(columns)
        ]
        for r in range(rows)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "directions", "window", "stride"),
    [((9, 12), 8, 4, 2), ((7, 7), 16, 3, 1), ((8, 6), 1, 2, 3), ((5, 5), 8, 1, 1)],
)
def test_oriented_edges(shape, directions, window, stride):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, *shape)).astype(np.uint8)
    images[rng.random(images.shape) < 0.5] = 0
    options = {"directions": directions, "window": window, "stride": stride}
    # No gradient of integers is of this size, and none lies between two of 8 or 16 sectors, whose
    # borders have irrational slopes.
    found = oriented_edges(images, threshold=30.01, **options)
    expected = [
        plain_edges(image.astype(float), directions, 30.01, window, stride) for image in images
    ]
    assert 0.02 < found.mean() < 0.98
    assert np.array_equal(found, np.array(expected))
    packed = oriented_edges(images, threshold=30.01, packed=True, **options)
    assert np.array_equal(unpacked(packed, found[0].size), found.reshape(20, -1))
    # The scale of grey levels is that of the threshold.
    scaled = oriented_edges(images / 256.0, threshold=30.01 / 256, **options)
    assert np.array_equal(scaled, found)


def test_directions_turn_with_the_image():
    image = np.zeros((1, 8, 8))
    image[:, :, 4:] = 80.0
    for turns in range(4):
        turned = oriented_edges(np.rot90(image, -turns, (1, 2)), directions=4, window=2)
        inner = turned[0, 1]  # away from the borders, beyond which all is dark
        inner = inner if turns % 2 == 0 else turned[0, :, 1]
        assert inner[:, turns].any()
        assert not inner[:, (turns + 1) % 4].any() or turns % 2 == 0


def test_grey_levels():
    images = np.arange(12.0).reshape(1, 3, 4)
    assert grey_levels(images, 5).shape == (1, 3, 4, 1)
    found = grey_levels(images, [2.5, 7.0])
    assert found[0, :, :, 0].sum() == 9
    assert found[0, :, :, 1].sum() == 4


def test_runs_of_bits():
    rng = np.random.default_rng(1)
    values = np.round(rng.normal(size=(50, 3)), 1)
    edges = quantile_edges(values, 5)
    assert edges.shape == (3, 4)
    for f in range(3):
        below = [np.mean(values[:, f] <= edge) for edge in edges[f]]
        # A fifth of values more below each, but for equal values.
        assert below == pytest.approx([0.2, 0.4, 0.6, 0.8], abs=0.1)
    bits = unpacked(scalar_codes(values, edges, 3), 3 * 7).reshape(50, 3, 7)
    for i in range(50):
        for f in range(3):
            first = sum(values[i, f] > edge for edge in edges[f])
            assert np.flatnonzero(bits[i, f]).tolist() == [first, first + 1, first + 2]
    far = scalar_codes(np.array([[math.inf, -math.inf, 0.0]]), edges, 3)
    assert unpacked(far, 21).reshape(3, 7)[:2].tolist() == [
        [0, 0, 0, 0, 1, 1, 1], [1, 1, 1, 0, 0, 0, 0],
    ]  # fmt: skip


def test_misuse():
    images = np.zeros((2, 6, 6))
    for build, kind, text in (
        (lambda: oriented_edges(images[0]), ValueError, "images"),
        (lambda: oriented_edges(images.astype(complex)), ValueError, "images"),
        (lambda: oriented_edges(images, window=7), ValueError, "window"),
        (lambda: oriented_edges(images, stride=0), ValueError, "stride"),
        (lambda: oriented_edges(images, directions=0), ValueError, "directions"),
        (lambda: oriented_edges(images, threshold=-1.0), ValueError, "threshold"),
        (lambda: grey_levels(images, []), ValueError, "thresholds"),
        (lambda: grey_levels(images, ["x"]), TypeError, "thresholds"),
    ):
        with pytest.raises(kind, match=text):
            build()
