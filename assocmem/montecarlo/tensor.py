"""Run dense networks whose couplings are an explicit tensor: patterns with noise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check
from ..hopfield.noisy import NoisyDense, NoisySample
from ..serial import to_json

if TYPE_CHECKING:
    import xarray


def sample_tensor(
    model: NoisyDense,
    *,
    n_spins: int,
    temperature: float,
    sweeps: int = 400,
    burn_in: int = 200,
    disorder: int = 8,
    seed: int = 0,
    progress: bool = True,
) -> xarray.Dataset:
    """Heat bath from the first pattern on each of ``disorder`` quenched samples.

    Parameters
    ----------
    model : NoisyDense
        What to simulate.
    n_spins : int
        N >= 2; the tensor has N^p entries.
    temperature : float
        T >= 0 in the units of H.
    sweeps, burn_in : int
        Sweeps averaged over, and sweeps before them. One sweep is N attempts.
    disorder : int
        Number of quenched samples, one chain each.
    seed : int
        >= 0. More samples leave the first ones as they were.
    progress : bool
        Show a progress bar when on a terminal.

    Returns
    -------
    xarray.Dataset
        ``overlap`` with the first pattern over ``disorder``: averages over the sweeps. The error
        of their mean is their standard deviation over the root of their number.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong; before work starts.

    Notes
    -----
    Cost per flip: N^(p-1) multiply-adds.

    Examples
    --------
    >>> from assocmem import Dense
    >>> from assocmem.hopfield.noisy import NoisyDense
    >>> from assocmem.montecarlo.tensor import sample_tensor
    >>> model = NoisyDense(Dense(n_patterns=3, p=3), amplitude=0.1)
    >>> found = sample_tensor(model, n_spins=30, temperature=0.1, sweeps=50, disorder=2)
    >>> bool(found.overlap.mean() > 0.95)
    True
    """
    import xarray as xr
    from tqdm import tqdm

    if not isinstance(model, NoisyDense):
        raise TypeError(f"model must be a NoisyDense, got {model!r}")
    n_spins = check.integer("n_spins", n_spins, 2)
    temperature = check.real("temperature", temperature, 0.0)
    sweeps = check.integer("sweeps", sweeps, 1)
    burn_in = check.integer("burn_in", burn_in, 0)
    disorder = check.integer("disorder", disorder, 1)
    seed = check.integer("seed", seed, 0)
    if not isinstance(progress, (bool, np.bool_)):
        raise TypeError(f"progress must be True or False, got {progress!r}")
    means = np.empty(disorder)
    children = np.random.SeedSequence(seed).spawn(disorder)
    for k, child in enumerate(
        tqdm(children, desc=f"N={n_spins}", unit="sample", disable=None if progress else True)
    ):
        quenched, chain = child.spawn(2)
        drawn = model.draw(n_spins, np.random.default_rng(quenched))
        spins = drawn.patterns[0].copy()
        means[k] = run_tensor(drawn, spins, temperature, burn_in + sweeps, chain)[burn_in:].mean()
    settings = {"n_spins": n_spins, "temperature": temperature, "sweeps": sweeps}
    settings |= {"burn_in": burn_in, "disorder": disorder, "seed": seed, "model": to_json(model)}
    return xr.Dataset({"overlap": ("disorder", means)}, attrs=settings)


def run_tensor(
    sample: NoisySample,
    spins: np.ndarray,
    temperature: float,
    sweeps: int,
    seed: np.random.SeedSequence,
) -> np.ndarray:
    """Overlaps of one chain with the first pattern, (sweeps,); ``spins`` (int8, N) change."""
    from .kernels.rng import seed_states
    from .kernels.tensor import tensor_run

    size, p = sample.n_spins, sample.tensor.ndim
    flat = sample.tensor.reshape(size, size, -1)
    unit = float(size) ** (1 - p)
    rate = unit / temperature if temperature > 0.0 else math.inf
    state = seed_states([seed])[1][0]
    work, fields = np.empty(flat.shape[2], np.float32), np.empty(size)
    overlap = np.empty(sweeps)
    tensor_run(
        flat, spins, rate, 1.0 / math.factorial(p - 1), state, sweeps, work, fields, overlap,
        sample.patterns[0],
    )  # fmt: skip
    return overlap
