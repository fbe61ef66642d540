"""Small points of images and sequences made that other tests left open: edges, lines, strokes."""

import numpy as np
import pytest

from assocmem.sdr.sparsey import streams
from assocmem.sdr.sparsey.encoding import oriented_edges


def test_gradients_of_just_the_threshold_are_no_edges():
    """A step by 1 has a gradient of 1/2 on both of its sides."""
    image = np.zeros((1, 6, 6), np.float32)
    image[:, :, 3:] = 1.0
    inner = (slice(None), slice(1, 5), slice(1, 5))
    ask = {"directions": 4, "window": 1, "stride": 1}
    assert not oriented_edges(image, threshold=0.5, **ask)[inner].any()
    assert oriented_edges(image, threshold=0.499, **ask)[inner].any()


@pytest.mark.parametrize("length", [7, 8, 9, 10])
def test_a_symbol_must_part_the_head_from_what_is_shared(length):
    """3 shared symbols begin at (length - 3)//2, which must be more than the head of 2 or 3."""
    for head in (2, 3):

        def made(head=head):
            return streams.complex_sequences(
                2, length, 20, 4, alphabet=9, shared=3, head=head, rng=1
            )

        if (length - 3) // 2 > head:
            assert made().shared.start == (length - 3) // 2
        else:
            with pytest.raises(ValueError, match="shared"):
                made()


def thinned_plainly(image):
    """Zhang and Suen's rules, pixel by pixel."""
    on = set(map(tuple, np.argwhere(image).tolist()))
    around = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    while True:
        before = set(on)
        for turn in range(2):
            gone = set()
            for r, c in on:
                ring = [(r + down, c + right) in on for down, right in around]
                rises = sum(not ring[k] and ring[(k + 1) % 8] for k in range(8))
                north, east, south, west = ring[::2]
                if turn == 0:
                    kept = (north and east and south) or (east and south and west)
                else:
                    kept = (north and east and west) or (north and south and west)
                if 2 <= sum(ring) <= 6 and rises == 1 and not kept:
                    gone.add((r, c))
            on -= gone
        if on == before:
            return on


def test_thinning_by_plain_rules():
    """Blots with dents, of which pixels have any number of neighbours."""
    rng = np.random.default_rng(0)
    for density in np.linspace(0.5, 0.97, 30):
        image = rng.random((10, 12)) < density
        found = set(map(tuple, np.argwhere(streams.thinned(image)).tolist()))
        assert found == thinned_plainly(image)


def test_the_pen_starts_at_the_end_of_a_slanting_line():
    """A roof, whose uppermost pixel is in its middle, is drawn from its upper end, on the left."""
    roof = [(3, 0), (2, 1), (1, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7)]
    image = np.zeros((5, 8), bool)
    image[tuple(zip(*roof, strict=True))] = True
    assert streams.pen_path(image).tolist() == [list(place) for place in roof]


def test_capacity_of_frames_is_interpolated(monkeypatch):
    """Recall of 0.91 of three sequences and 0.88 of four is 0.9 after a third of the way, in ln."""
    from assocmem.sdr.sparsey import sequence_capacity

    def rates(memory, films, codes, prompt):
        assert len(films) == len(codes)
        return 0.0, 1.0 - 0.03 * len(films)

    monkeypatch.setattr(sequence_capacity, "recall_rates", rates)
    found = sequence_capacity.capacity_experiment([(4, 4)], length=2, side=6, size=3, repeats=2)
    wanted = 2 * 3 * (4 / 3) ** (1 / 3)
    np.testing.assert_allclose(found["capacity"], [[wanted, wanted]])


@pytest.mark.parametrize(("step", "frames"), [(1, 4), (2, 2), (3, 2), (4, 1)])
def test_the_last_stroke_reaches_the_end_of_the_path(step, frames):
    """A line of 5 pixels has (5 - 2)//step + 1 frames of 2."""
    found = streams.strokes(np.ones((1, 5)), 2, step)
    assert len(found) == frames
    assert np.argwhere(found[-1, 0]).ravel().tolist() == [step * (frames - 1) + k for k in (0, 1)]
