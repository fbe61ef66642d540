"""Lists of codes: winners shared, and codes found by hashing, against plain versions."""

import numpy as np
import pytest

from assocmem.sdr.kernels import items as kernels
from assocmem.sdr.sparsey.code_list import CodeList


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
@pytest.mark.parametrize("q", [1, 3, 16, 33])
def test_shared_winners(dtype, q):
    rng = np.random.default_rng(q)
    codes = rng.integers(-1, 4, (77, q)).astype(dtype)
    code, out = codes[5].copy(), np.empty(77, np.int32)
    kernels.count_shared(codes, code, out)
    assert np.array_equal(out, (codes == code).sum(1))


@pytest.mark.parametrize(("q", "n_units"), [(5, 2), (5, 7), (4, 2**16), (7, 400), (1, 9), (2, 300)])
def test_codes_are_found(q, n_units):
    """Against dictionaries: the last item of each span, and of these the one that shares most."""
    rng = np.random.default_rng(n_units)
    found = CodeList(q, n_units)
    width = next(w for w in range(1, 99) if n_units**w >= 2**17 or w == q)
    spans = [(0, q)]
    if width < q:
        spans += [(end - width, end) for end in [*range(width, q, width), q]]
    known = {}
    for count in (1, 0, 30, 500, 2, 700):
        codes = rng.integers(0, n_units, (count, q))
        codes[count // 2 :] %= 5
        first = len(found)
        assert found.append(codes).tolist() == list(range(first, first + count))
        for j, code in enumerate(codes.tolist()):
            known |= {(span, *code[slice(*span)]): first + j for span in spans}
        stored = found.codes.astype(int)
        similar = np.where(rng.random(stored.shape) < 0.3, rng.integers(-1, n_units), stored)
        asked = np.concatenate([stored, similar, rng.integers(0, n_units, (300, q))])
        items, shared = found.find(asked)
        for code, item, number in zip(asked.tolist(), items, shared, strict=True):
            candidates = {known.get((span, *code[slice(*span)]), -1) for span in spans} - {-1}
            values = {j: int((stored[j] == code).sum()) for j in candidates}
            if not candidates:
                assert item == -1
                continue
            best = max(values.items(), key=lambda entry: (entry[1], entry[0]))
            whole = known.get(((0, q), *code))
            assert (item, number) == (best if whole is None else (whole, q))
    assert found.codes.dtype == (np.int16 if n_units <= 2**15 else np.int32)
    assert 0.0 < (found._table >= 0).mean() <= 0.5
    with pytest.raises(ValueError, match="read-only"):
        found.codes[0] = 1


def test_few_wrong_winners_leave_the_item():
    """Of 16 winners up to 7 are wrong: there are 8 spans of 2, and one of them is whole."""
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 1000, (400, 16))
    found = CodeList(16, 1000)
    found.append(codes)
    assert len(found._spans) == 9
    for wrong in range(8):
        asked = codes.copy()
        for code in asked:
            places = rng.choice(16, wrong, replace=False)
            code[places] = (code[places] + 1 + rng.integers(0, 998)) % 1000
        items, shared = found.find(asked)
        assert items.tolist() == list(range(400))
        assert np.all(shared == 16 - wrong)


def test_silent_codes_are_nobodys():
    found = CodeList(3, 5)
    assert [part.tolist() for part in found.find(np.full((2, 3), -1))] == [[-1, -1], [0, 0]]
    found.append(np.array([[0, 1, 2]]))
    assert found.find(np.array([[-1, -1, -1]]))[0].tolist() == [-1]
    assert found.shared(np.array([-1, 1, 2])).tolist() == [2]
