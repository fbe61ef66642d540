"""Heat bath with an explicit tensor of couplings of p spins, cached fields.

Units. With the symmetric tensor T of shape (N,) * p, 0 where indices coincide, the field
g_i = (1/(p-1)!) sum_(i2..ip) T_i,i2..ip s_i2..s_ip counts each set of spins once, and
z = ``rate`` s_i g_i is the energy cost of flipping spin i over T. Fields are float64 sums of
float32 couplings, and computed from scratch in every call, so that they do not drift.
"""

from __future__ import annotations

import numpy as np

from .rng import TWO53, advance, fast_sum, kernel, wide


@kernel
def products(spins, order, out):
    """All products of ``order`` spins, the last index fastest, to out[:N^order].

    Cost: N^order multiplications, 1/(N - 1) more for the lower orders.
    """
    size = spins.size
    out[0] = np.float32(1.0)
    length = 1
    for _ in range(order):
        # From the end: entry k becomes entries k N .. k N + N - 1, none of them read later.
        for k in range(length - 1, -1, -1):
            value = out[k]
            for i in range(size):
                out[k * size + i] = value * np.float32(spins[i])
        length *= size
    return length


@fast_sum
def dot(row, weights, length):
    """sum_k row_k weights_k in float64: ``length`` multiply-adds, 8 bytes each."""
    total = 0.0
    for k in range(length):
        total += np.float64(row[k] * weights[k])
    return total


@kernel
def tensor_fields(flat, spins, inverse, work, fields):
    """Fields from scratch; ``flat`` is T as (N, N, N^(p-2)), ``inverse`` is 1/(p-1)!.

    Cost: N^p multiply-adds. ``work`` holds N^(p-2) float32.
    """
    order = 0
    length = 1
    while length < flat.shape[2]:
        length *= spins.size
        order += 1
    products(spins, order, work)
    for i in range(spins.size):
        total = 0.0
        for j in range(spins.size):
            total += np.float64(spins[j]) * dot(flat[i, j], work, length)
        fields[i] = total * inverse


@kernel
def tensor_run(flat, spins, rate, inverse, state, sweeps, work, fields, overlap, pattern):
    """``sweeps`` sweeps in the order of the sites; mean overlap of each to ``overlap``.

    Heat bath: a spin flips with probability 1/(1 + exp(2 rate s g)); rate = inf is T = 0, where
    ties are broken at random. ``state`` is one xoshiro256++ state. Cost: O(1) per attempt and
    N^(p-1) multiply-adds, 4 bytes each, per flip. Returns the flips.
    """
    size = spins.size
    length = flat.shape[2]
    order = 0
    reach = 1
    while reach < length:
        reach *= size
        order += 1
    tensor_fields(flat, spins, inverse, work, fields)
    step = inverse * (order + 1)  # 1/(p-2)!: one index is the flipped spin, one the field's
    s0, s1, s2, s3 = state[0], state[1], state[2], state[3]
    total = 0
    for i in range(size):
        total += np.int64(spins[i]) * np.int64(pattern[i])
    count = 0
    for sweep in range(sweeps):
        for i in range(size):
            bits, s0, s1, s2, s3 = advance(s0, s1, s2, s3)
            g = spins[i] * fields[i]
            z = 2.0 * rate * g if g != 0.0 else 0.0  # inf * 0 would be NaN
            if wide(bits) * (1.0 + np.exp(z)) < TWO53:
                spins[i] = -spins[i]
                total += 2 * np.int64(spins[i]) * np.int64(pattern[i])
                count += 1
                products(spins, order, work)
                change = 2.0 * spins[i] * step
                for j in range(size):
                    fields[j] += change * dot(flat[i, j], work, length)
        overlap[sweep] = total / size
    state[0], state[1], state[2], state[3] = s0, s1, s2, s3
    return count
