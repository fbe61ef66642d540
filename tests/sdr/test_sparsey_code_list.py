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


@pytest.mark.parametrize("n_units", [2, 5, 2**16])
def test_codes_are_found(n_units):
    """Against a dictionary: the last item of each code, and none of those that are not there."""
    rng = np.random.default_rng(n_units)
    found, known = CodeList(5, n_units), {}
    for count in (1, 0, 30, 500, 2, 700):
        codes = rng.integers(0, n_units, (count, 5))
        codes[count // 2 :] %= 5
        first = len(found)
        assert found.append(codes).tolist() == list(range(first, first + count))
        known |= {tuple(code): first + j for j, code in enumerate(codes.tolist())}
        asked = np.concatenate([found.codes.astype(int), rng.integers(0, n_units, (300, 5))])
        wanted = [known.get(tuple(code), -1) for code in asked.tolist()]
        assert found.find(asked).tolist() == wanted
    assert found.codes.dtype == (np.int16 if n_units <= 2**15 else np.int32)
    assert 0.0 < (found._table >= 0).mean() <= 0.5
    with pytest.raises(ValueError, match="read-only"):
        found.codes[0] = 1
