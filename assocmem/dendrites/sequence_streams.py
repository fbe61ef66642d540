"""Streams of activities for sequence memories: uniform sequences, and the high-order stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .. import _validate as check
from ..sdr._seeds import generator

# Before and after the swap: the first element of each sequence tells how it goes on, the elements
# in between alone do not.
SEQUENCES = ("XABCDE", "YCBEAF", "GHIJKL", "WABCMN", "ZDBCAE")
SWAPPED = ("XCBEAF", "YABCDE", "GABCMN", "WHIJKL", "ZDHICF")
_LETTERS = 26


def uniform_sequences(
    n: int, a: int, n_sequences: int, length: int, rng: np.random.Generator | int
) -> np.ndarray:
    """Sequences of elements drawn independently, each set of ``a`` of ``n`` columns equally likely.

    Parameters
    ----------
    n, a : int
        Columns and active ones, 0 <= a <= n.
    n_sequences, length : int
        Sequences and their elements, >= 0.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Returns
    -------
    ndarray, int32, shape (n_sequences, length, a)
        Active columns of each element, rising.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    Examples
    --------
    >>> from assocmem.dendrites.sequence_streams import uniform_sequences
    >>> uniform_sequences(2048, 40, n_sequences=3, length=20, rng=1).shape
    (3, 20, 40)
    """
    from ..sdr.draws import subsets

    n_sequences = check.integer("n_sequences", n_sequences, 0)
    length = check.integer("length", length, 0)
    _, indices = subsets(n, a, n_sequences * length, rng)
    return indices.reshape(n_sequences, length, a)


def random_stream(n: int, a: int, steps: int, rng: np.random.Generator | int) -> np.ndarray:
    """A stream without any structure, int32 (steps, a): one of `uniform_sequences`."""
    return uniform_sequences(n, a, 1, steps, rng)[0]


@dataclass(frozen=True, eq=False)
class HighOrderStream:
    """Elements of a stream, and what they are.

    Parameters
    ----------
    columns : ndarray, int32, shape (steps, a)
        Active columns of each element, rising.
    letters : str
        Of each element; "." is a random one.
    predictable : ndarray, bool, shape (steps,)
        Whether what went before determines the element: in sequences all but the first.
    """

    columns: np.ndarray
    letters: str
    predictable: np.ndarray


def high_order_stream(
    steps: int,
    *,
    n: int = 2048,
    a: int = 40,
    swap_at: int | None = None,
    rng: np.random.Generator | int = 0,
) -> HighOrderStream:
    """Sequences of six elements with parts in common, separated by four random elements.

    Of every ten elements three are random, then comes one of five sequences, at random, and one
    random element. A letter is a block of ``a`` columns of its own; random elements are uniform. Of
    ten elements five can be predicted, which bounds accuracy over all of them by one half.

    Parameters
    ----------
    steps : int
        Elements, >= 0.
    n, a : int
        Columns and active ones; n >= 26 a, as each letter has its own columns.
    swap_at : int, optional
        Element from which on sequences are of another set, which continues the same first elements
        and parts of the old sequences in other ways; never by default.
    rng : numpy.random.Generator or int
        Source of randomness, or a seed >= 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong type or out of range.

    References
    ----------
    Hawkins and Ahmad, Front. Neural Circuits 10 (2016) 23, figure 6.

    Examples
    --------
    >>> from assocmem.dendrites.sequence_streams import high_order_stream
    >>> high_order_stream(30, rng=1).letters
    '...GHIJKL....GHIJKL....WABCMN.'
    """
    steps = check.integer("steps", steps, 0)
    a = check.integer("a", a, 1)
    n = check.integer("n", n, _LETTERS * a)
    swap_at = steps if swap_at is None else check.integer("swap_at", swap_at, 0)
    rng = generator(rng)
    parts = []
    for first in range(0, steps, 10):
        known = SEQUENCES if first + 3 < swap_at else SWAPPED
        parts.append(f"...{known[rng.integers(len(known))]}.")
    letters = "".join(parts)[:steps]
    columns = random_stream(n, a, steps, rng)
    codes = np.frombuffer(letters.encode(), np.uint8).astype(np.int32) - ord("A")
    known_letter = codes >= 0
    blocks = codes[:, None] * a + np.arange(a, dtype=np.int32)
    columns[known_letter] = blocks[known_letter]
    place = np.arange(steps) % 10
    return HighOrderStream(columns, letters, (place >= 4) & (place <= 8))
