"""What may happen to a sequence before it is recognised: noise, omission, another pace."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ... import _validate as check
from .._cells import array_of
from .._seeds import generator


class Warped(NamedTuple):
    """Frames of a sequence in rising order, some left out, some shown more than once.

    Parameters
    ----------
    frames : ndarray, bool, shape (T', ...)
    moments : ndarray, int64, shape (T',)
        Where each frame was in the sequence, never falling.
    """

    frames: np.ndarray
    moments: np.ndarray


def noisy(frames: np.ndarray, drop: int, add: int, rng: np.random.Generator | int) -> np.ndarray:
    """Each frame without ``drop`` of its active features and with ``add`` silent ones.

    Both are drawn uniformly without replacement and independently in each frame; features dropped
    do not come back by being added.

    Parameters
    ----------
    frames : array_like, bool, shape (T, ...)
        Sequence, features in any shape.
    drop, add : int
        >= 0, at most the active and the silent features of every frame.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    ndarray, bool, same shape

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.disturbances import noisy
    >>> frames = np.eye(4, dtype=bool) | np.eye(4, k=1, dtype=bool)
    >>> noisy(frames[:3], drop=1, add=1, rng=0).sum(axis=1)
    array([2, 2, 2])
    """
    frames = _frames(frames)
    found = frames.reshape(len(frames), -1).copy()
    drop = check.integer("drop", drop, 0, int(found.sum(axis=1).min()))
    add = check.integer("add", add, 0, int((~found).sum(axis=1).min()))
    # Lowest random keys are chosen: of active features for one, of silent ones for the other.
    keys = generator(rng).random(found.shape)
    for number, among, value in ((drop, found.copy(), False), (add, ~found, True)):
        order = np.argsort(np.where(among, keys, 2.0), axis=1)
        np.put_along_axis(found, order[:, :number], value, axis=1)
    return found.reshape(frames.shape)


def omitted(frames: np.ndarray, count: int, rng: np.random.Generator | int) -> Warped:
    """The sequence without ``count`` of its frames, each set of them equally likely.

    Parameters
    ----------
    frames : array_like, bool, shape (T, ...)
    count : int
        From 0 to T - 1.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    Warped
        Of T - count frames.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    frames = _frames(frames)
    return warped(frames, check.integer("count", count, 0, len(frames) - 1), 0, rng)


def warped(
    frames: np.ndarray, skipped: int, repeated: int, rng: np.random.Generator | int
) -> Warped:
    """The sequence at an uneven pace: some frames are skipped, others are shown twice in a row.

    Parameters
    ----------
    frames : array_like, bool, shape (T, ...)
    skipped, repeated : int
        Frames, >= 0: skipped + repeated <= T and skipped < T. Each choice of them is equally
        likely.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    Warped
        Of T - skipped + repeated frames.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.
    """
    frames = _frames(frames)
    skipped = check.integer("skipped", skipped, 0, len(frames) - 1)
    repeated = check.integer("repeated", repeated, 0, len(frames) - skipped)
    times = np.ones(len(frames), np.int64)
    order = generator(rng).permutation(len(frames))
    times[order[:skipped]] = 0
    times[order[skipped : skipped + repeated]] = 2
    moments = np.repeat(np.arange(len(frames)), times)
    return Warped(frames[moments], moments)


def paced(frames: np.ndarray, speed: float) -> Warped:
    """The sequence at an even pace, ``speed`` times as fast: moment floor(k speed) at step k.

    Parameters
    ----------
    frames : array_like, bool, shape (T, ...)
    speed : float
        > 0: at 2 every other frame is left out, at 1/2 each is shown twice. Not so small that
        there would be more than 2^31 - 1 frames.

    Returns
    -------
    Warped
        Of ceil(T/speed) frames.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from assocmem.sdr.sparsey.disturbances import paced
    >>> paced(np.eye(5), 2.0).moments
    array([0, 2, 4])
    """
    frames = _frames(frames)
    speed = check.real("speed", speed, len(frames) / (2**31 - 1))
    steps = np.arange(np.ceil(len(frames) / speed) + 1)
    moments = np.minimum(np.floor(speed * steps), len(frames)).astype(np.int64)
    moments = moments[moments < len(frames)]  # one too many, as quotients are rounded
    return Warped(frames[moments], moments)


def _frames(frames: np.ndarray) -> np.ndarray:
    """A sequence as booleans, or an error."""
    frames = array_of("frames", frames)
    if frames.ndim < 2 or 0 in frames.shape or not np.all((frames == 0) | (frames == 1)):
        raise ValueError(
            f"frames must be zeros and ones of shape (T, features) or (T, rows, columns), "
            f"got shape {frames.shape}"
        )
    return frames.astype(np.bool_)
