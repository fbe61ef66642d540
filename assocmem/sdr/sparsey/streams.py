"""Sequences of binary frames: random and complex ones, moving pictures, strokes of a pen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ... import _validate as check
from .._cells import array_of
from .._seeds import generator

_FAR = 2.0**31  # in pixels: places stay whole numbers of 64 bits


def random_frames(count: int, n: int, size: int, rng: np.random.Generator | int) -> np.ndarray:
    """Frames drawn independently, each set of ``size`` of ``n`` features equally likely.

    Parameters
    ----------
    count, n : int
        Frames and features, >= 0 and >= 1.
    size : int
        Active features of each frame, from 0 to n.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    ndarray, bool, shape (count, n)

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    from ..draws import subsets

    n = check.integer("n", n, 1, 2**31 - 1)
    size = check.integer("size", size, 0, n)
    count = check.integer("count", count, 0, 2**31 - 1)
    _, indices = subsets(n, size, count, generator(rng))
    found = np.zeros((count, n), np.bool_)
    np.put_along_axis(found, indices.reshape(count, size).astype(np.int64), True, axis=1)
    return found


def random_sequences(
    count: int, length: int, n: int, size: int, rng: np.random.Generator | int
) -> np.ndarray:
    """Sequences whose frames are all drawn independently: no frame comes back but by chance.

    Parameters
    ----------
    count, length : int
        Sequences and their frames, >= 1.
    n, size, rng
        Of `random_frames`.

    Returns
    -------
    ndarray, bool, shape (count, length, n)

    Examples
    --------
    >>> from assocmem.sdr.sparsey.streams import random_sequences
    >>> frames = random_sequences(3, 10, n=144, size=12, rng=1)
    >>> frames.shape, int(frames.sum(axis=2).min()), int(frames.sum(axis=2).max())
    ((3, 10, 144), 12, 12)
    """
    count = check.integer("count", count, 1, 2**31 - 1)
    length = check.integer("length", length, 1, (2**31 - 1) // count)
    return random_frames(count * length, n, size, rng).reshape(count, length, -1)


@dataclass(frozen=True, eq=False)
class ComplexSequences:
    """Sequences over an alphabet of frames, in which frames and stretches of them come back.

    Parameters
    ----------
    frames : ndarray, bool, shape (count, length, n)
    symbols : ndarray, int64, shape (count, length)
        Number of the frame in the alphabet.
    alphabet : ndarray, bool, shape (symbols, n)
        Frames of a head of its own are among them.
    shared : slice
        Moments of the stretch that sequences have in common with others.
    """

    frames: np.ndarray
    symbols: np.ndarray
    alphabet: np.ndarray
    shared: slice


def complex_sequences(
    count: int,
    length: int,
    n: int,
    size: int,
    *,
    alphabet: int,
    shared: int = 0,
    sharing: int = 2,
    head: int = 2,
    own_head: bool = False,
    rng: np.random.Generator | int,
) -> ComplexSequences:
    """Sequences of symbols drawn with repetition, with a stretch in common in their middles.

    Symbols are drawn independently and uniformly, but for this. The first ``head`` of a sequence
    are together those of no other, so that a prompt of them tells which is meant: they are drawn
    without replacement, or are frames that occur nowhere else. Sequences 0, .. ``sharing`` - 1 have
    the same ``shared`` symbols from moment (length - shared)//2 on, the next ``sharing`` sequences
    have others in common, and so on. The symbols just before and just after the common stretch are
    different in the sequences that share it, so that what follows depends on what was seen
    ``shared`` + 1 frames ago.

    Parameters
    ----------
    count, length : int
        Sequences and their frames, >= 1.
    n, size : int
        Features of a frame and active ones, of `random_frames`.
    alphabet : int
        Symbols, each a random frame.
    shared : int
        Length of the common stretch, >= 0; there must be more than ``head`` frames before it.
    sharing : int
        Sequences that have the same stretch, from 1 to ``alphabet``.
    head : int
        From 1 to ``length``; count <= alphabet^head < 2^63 unless the frames are their own.
    own_head : bool
        Whether each sequence starts with ``head`` random frames of its own, which are added to the
        alphabet: those of sequence 0 first.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    ComplexSequences

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.sdr.sparsey.streams import complex_sequences
    >>> made = complex_sequences(2, 9, n=144, size=12, alphabet=9, shared=3, rng=1)
    >>> for row in made.symbols:
    ...     print(*row)
    0 7 0 3 2 7 6 3 5
    0 4 2 3 2 7 0 7 2
    """
    count = check.integer("count", count, 1)
    length = check.integer("length", length, 1)
    head = check.integer("head", head, 1, length)
    alphabet = check.integer("alphabet", alphabet, 1)
    if not isinstance(own_head, (bool, np.bool_)):
        raise TypeError(f"own_head must be True or False, got {own_head!r}")
    shared = check.integer("shared", shared, 0, length)
    sharing = check.integer("sharing", sharing, 1, alphabet)
    heads = alphabet**head
    if not own_head and not count <= heads < 2**63:
        raise ValueError(
            f"alphabet^head must be at least the {count} sequences, for {head} first symbols to "
            f"tell them apart, and below 2^63, got {alphabet}^{head}"
        )
    begin = (length - shared) // 2
    end = begin + shared
    if shared and begin <= head:
        raise ValueError(
            f"shared must leave more than {head} frames before the common stretch, got {shared} "
            f"of {length}"
        )
    rng = generator(rng)
    frames = random_frames(alphabet + own_head * count * head, n, size, rng)
    symbols = rng.integers(alphabet, size=(count, length))
    if own_head:
        symbols[:, :head] = alphabet + np.arange(count * head).reshape(count, head)
    else:
        numbers = rng.choice(heads, count, replace=False)
        symbols[:, :head] = numbers[:, None] // alphabet ** np.arange(head) % alphabet
    for first in range(0, count if shared else 0, sharing):
        group = symbols[first : first + sharing]
        group[:, begin:end] = group[0, begin:end]
        for moment in (begin - 1, end):
            group[:, moment] = rng.permutation(alphabet)[: len(group)]
    return ComplexSequences(frames[symbols], symbols, frames, slice(begin, end))


def moving_image(
    image: np.ndarray,
    shape: tuple[int, int],
    steps: int,
    *,
    velocity: tuple[float, float],
    start: tuple[float, float] = (0.0, 0.0),
    edge: Literal["reflect", "wrap"] = "reflect",
) -> np.ndarray:
    """A picture that moves over a larger sheet along a line: every frame has all its pixels.

    At step t the upper left corner is at start + t velocity, rounded to whole pixels, halves up.

    Parameters
    ----------
    image : array_like, bool, shape (height, width)
    shape : (int, int)
        Rows and columns of the sheet, at least those of the picture.
    steps : int
        Frames, >= 1.
    velocity : (float, float)
        Rows down and columns to the right for each step, at most 2^31.
    start : (float, float)
        Row and column of the corner at t = 0, likewise.
    edge : {"reflect", "wrap"}
        Whether the picture turns back where its side meets that of the sheet, or leaves it there
        and enters on the opposite side.

    Returns
    -------
    ndarray, bool, shape (steps, rows, columns)

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.streams import moving_image
    >>> frames = moving_image(np.ones((1, 1)), (1, 3), 5, velocity=(0, 1))
    >>> frames[:, 0].argmax(axis=1)
    array([0, 1, 2, 1, 0])
    """
    image = _picture(image)
    rows, columns = (
        check.integer(f"shape[{k}]", side, image.shape[k], 2**31 - 1)
        for k, side in enumerate(_two("shape", shape))
    )
    velocity, start = _two("velocity", velocity), _two("start", start)
    steps = check.integer("steps", steps, 1, 2**31 - 1)
    check.choice("edge", edge, ("reflect", "wrap"))
    corners = []
    for k, sheet in enumerate((rows, columns)):
        speed = check.real(f"velocity[{k}]", velocity[k], -_FAR, _FAR)
        place = check.real(f"start[{k}]", start[k], -_FAR, _FAR) + speed * np.arange(steps)
        if edge == "reflect":
            room = sheet - image.shape[k]
            place = room - np.abs(np.mod(place, 2 * room) - room) if room else 0.0 * place
        corners.append(np.floor(place + 0.5).astype(np.int64) % sheet)
    frames = np.zeros((steps, rows, columns), np.bool_)
    down, right = np.nonzero(image)
    t = np.arange(steps)[:, None]
    frames[t, (corners[0][:, None] + down) % rows, (corners[1][:, None] + right) % columns] = True
    return frames


def thinned(image: np.ndarray) -> np.ndarray:
    """The picture's lines made one pixel wide, as Zhang and Suen do.

    Pixels are taken off the border in turns from the south-east and from the north-west, as long as
    this neither splits nor shortens a line, until none is left to take.

    Parameters
    ----------
    image : array_like, bool, shape (rows, columns)

    Returns
    -------
    ndarray, bool, same shape

    References
    ----------
    Zhang and Suen, Commun. ACM 27 (1984) 236.
    """
    image = np.pad(_picture(image), 1)
    # Neighbours clockwise from the north: each is the picture shifted by one pixel.
    around = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))
    while True:
        before = image.copy()
        for turn in range(2):
            ring = np.array([np.roll(image, shift, axis=(0, 1)) for shift in around])
            number = ring.sum(axis=0)
            rises = (~ring & np.roll(ring, -1, axis=0)).sum(axis=0)
            north, east, south, west = ring[::2]
            if turn == 0:
                kept = (north & east & south) | (east & south & west)
            else:
                kept = (north & east & west) | (north & south & west)
            image = image & ~((number >= 2) & (number <= 6) & (rises == 1) & ~kept)
        if np.array_equal(image, before):
            return image[1:-1, 1:-1]


def pen_path(image: np.ndarray) -> np.ndarray:
    """Pixels of a picture in an order in which a pen might draw its thinned lines.

    The pen starts at the uppermost end of a line, a pixel with one neighbour among eight, or at the
    uppermost pixel if there is none; it goes on to the nearest pixel not yet drawn and, among those
    that are equally near, the one that needs the least turn. Remaining ties go to the upper, then
    to the left one.

    Parameters
    ----------
    image : array_like, bool, shape (rows, columns)

    Returns
    -------
    ndarray, int64, shape (pixels, 2)
        Row and column of each pixel of the `thinned` picture.
    """
    thin = thinned(image)
    pixels = np.argwhere(thin)
    apart = ((pixels[:, None] - pixels[None]) ** 2).sum(axis=2)
    ends = np.flatnonzero((apart <= 2).sum(axis=1) == 2)
    order = [int(ends[0]) if len(ends) else 0] if len(pixels) else []
    free = np.ones(len(pixels), np.bool_)
    heading = np.zeros(2)
    while len(order) < len(pixels):
        here = order[-1]
        free[here] = False
        left = np.flatnonzero(free)
        near = left[apart[here, left] == apart[here, left].min()]
        turns = (pixels[near] - pixels[here]) @ heading
        order.append(int(near[turns.argmax()]))
        heading = (pixels[order[-1]] - pixels[here]) / apart[here, order[-1]] ** 0.5
    return pixels[order]


def strokes(image: np.ndarray, window: int, step: int = 1) -> np.ndarray:
    """A digit as it is drawn: each frame shows the last ``window`` pixels that the pen has left.

    Parameters
    ----------
    image : array_like, bool, shape (rows, columns)
        Its lines are thinned and followed as `pen_path` says.
    window : int
        Pixels of a frame, from 1 to the length of the path.
    step : int
        Pixels that the pen draws from one frame to the next, >= 1. The first frame shows the first
        ``window`` pixels.

    Returns
    -------
    ndarray, bool, shape ((pixels - window)//step + 1, rows, columns)

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.streams import strokes
    >>> strokes(np.ones((1, 4)), window=2)[:, 0].astype(int)
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1]])
    """
    image = _picture(image)
    path = pen_path(image)
    window = check.integer("window", window, 1, len(path))
    step = check.integer("step", step, 1, 2**31 - 1)
    first = np.arange(0, len(path) - window + 1, step)
    seen = path[first[:, None] + np.arange(window)]
    frames = np.zeros((len(first), *image.shape), np.bool_)
    frames[np.arange(len(first))[:, None], seen[..., 0], seen[..., 1]] = True
    return frames


def _two(name: str, value: Any) -> tuple[Any, Any]:
    """Both of a pair, for rows and for columns, or an error."""
    if array_of(name, value).shape != (2,):
        raise ValueError(f"{name} must be two numbers, of rows and of columns, got {value!r}")
    return value[0], value[1]


def _picture(image: np.ndarray) -> np.ndarray:
    """A picture as booleans, or an error."""
    image = array_of("image", image)
    if image.ndim != 2 or 0 in image.shape or not np.all((image == 0) | (image == 1)):
        raise ValueError(
            f"image must be a picture (rows, columns) of zeros and ones, got shape {image.shape}"
        )
    return image.astype(np.bool_)
