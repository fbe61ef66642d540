"""Tasks learned one after another by a network whose units are gated by context.

Permuted digits: each task is the same images with their pixels in another order, one head for all
(Iyer et al., Front. Neurorobot. 16, 2022, 846219, with MNIST and larger layers). Context is the
prototype of the task. Four networks of the same size and the same training: with dendrites and k
winners, with either alone, with neither (rectified units).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .. import _validate as check

if TYPE_CHECKING:
    import matplotlib.axes
    import xarray

KINDS = ("dendrites and k winners", "dendrites", "k winners", "neither")
COLOURS = ("#0072b2", "#009e73", "#d55e00", "#555555")


def compute(
    *,
    data: str = "digits",
    tasks: int = 10,
    units: int = 256,
    winners: float = 0.05,
    density: float = 0.5,
    epochs: int = 3,
    batch: int = 32,
    rate: float = 1e-3,
    repeats: int = 4,
    seed: int = 0,
    kinds: Sequence[str] = KINDS,
) -> xarray.Dataset:
    """Train on task after task and test on all seen so far.

    Parameters
    ----------
    data : {"digits", "mnist", "fashion_mnist"}
        Images, see `assocmem.datasets`.
    tasks : int
        Permutations, >= 1; as many segments on each unit.
    units : int
        Of each of two hidden layers.
    winners, density : float
        Fraction of units that keep their output, and of feed-forward weights that exist.
    epochs, batch : int
        Passes over the examples of a task, and examples of one step.
    rate : float
        Learning rate of Adam, started anew with each task.
    repeats : int
        Independent permutations and weights, >= 2.
    seed : int
        >= 0.
    kinds : sequence of str
        Of the four networks.

    Returns
    -------
    xarray.Dataset
        Over ``kind``, ``repeat`` and ``seen``: ``accuracy``, the mean over the tasks seen so far
        on images held back.
    """
    import xarray as xr
    from tqdm import tqdm

    from ..datasets import load

    tasks = check.integer("tasks", tasks, 1)
    repeats = check.integer("repeats", repeats, 2)
    for name, value in (("units", units), ("epochs", epochs), ("batch", batch)):
        check.integer(name, value, 1)
    check.real("rate", rate, 0.0, open_low=True)
    for kind in kinds:
        check.choice("kinds", kind, KINDS)
    images = load(data)
    settings = {"units": units, "winners": winners, "density": density, "epochs": epochs,
                "batch": batch, "rate": rate}  # fmt: skip
    found = np.empty((len(kinds), repeats, tasks))
    runs = [(k, r) for k in range(len(kinds)) for r in range(repeats)]
    for k, r in tqdm(runs, "networks", disable=None, leave=False):
        # All kinds get the same permutations, split and order of examples.
        source = np.random.SeedSequence((check.integer("seed", seed, 0), r))
        found[k, r] = _run(kinds[k], images, tasks, source, settings)
    return xr.Dataset(
        {"accuracy": (("kind", "repeat", "seen"), found)},
        coords={"kind": list(kinds), "seen": np.arange(1, tasks + 1)},
        attrs={**settings, "data": data, "tasks": tasks, "seed": seed},
    )


def _run(kind, data, tasks, source, settings) -> np.ndarray:
    """Accuracy over the tasks seen, after each."""
    from ..dendrites.gating import prototype_context

    rng = np.random.default_rng(source)
    scale = 1.0 / data.train_images.max()
    images, tests = (
        part.reshape(len(part), -1) * scale for part in (data.train_images, data.test_images)
    )
    labels, answers = data.train_labels, data.test_labels
    permutations = [rng.permutation(images.shape[1]) for _ in range(tasks)]
    contexts = []
    for permutation in permutations:
        dense = prototype_context(images[:, permutation]).dense.astype(float)
        gated = kind.startswith("dendrites")
        # Without context all gates are open halfway, whatever the weights of segments.
        contexts.append(dense.reshape(1, -1) * gated)
    net = _Network(images.shape[1], tasks, kind, rng.integers(2**31), settings)
    out = np.empty(tasks)
    for t, permutation in enumerate(permutations):
        net.restart()
        for _ in range(settings["epochs"]):
            shuffled = rng.permutation(len(images))
            for k in range(0, len(shuffled), settings["batch"]):
                chosen = shuffled[k : k + settings["batch"]]
                net.learn(images[chosen][:, permutation], labels[chosen], contexts[t])
        right = [
            np.mean(net.scores(tests[:, p], c).argmax(axis=1) == answers)
            for p, c in zip(permutations[: t + 1], contexts, strict=False)
        ]
        out[t] = np.mean(right)
    return out


class _Network:
    """Two gated layers and a linear head, trained by Adam on the cross-entropy."""

    def __init__(self, size: int, tasks: int, kind: str, seed: int, settings: dict) -> None:
        from ..dendrites.gating import DendriticLayer

        self.rectified = "k winners" not in kind
        units, self.rate = settings["units"], settings["rate"]
        seeds = np.random.SeedSequence(int(seed)).generate_state(3)
        self.layers = [
            DendriticLayer(
                inputs,
                units,
                n_segments=tasks,
                n_context=size,
                winners=1.0 if self.rectified else settings["winners"],
                density=settings["density"],
            ).start(int(own))
            for inputs, own in ((size, seeds[0]), (units, seeds[1]))
        ]
        rng = np.random.default_rng(int(seeds[2]))
        self.head = {"w": rng.normal(0, units**-0.5, (10, units)), "b": np.zeros(10)}
        self.restart()

    def restart(self) -> None:
        """Forget Adam's moments."""
        self.moments: dict[tuple, list] = {}
        self.steps = 0

    def scores(self, x: np.ndarray, context: np.ndarray) -> np.ndarray:
        self.kept = []
        for layer in self.layers:
            x = layer.forward(x, context)
            if self.rectified:
                x = np.maximum(x, 0.0)
            self.kept.append(x)
        return x @ self.head["w"].T + self.head["b"]

    def learn(self, x: np.ndarray, labels: np.ndarray, context: np.ndarray) -> None:
        scores = self.scores(x, context)
        scores -= scores.max(axis=1, keepdims=True)
        g = np.exp(scores)
        g /= g.sum(axis=1, keepdims=True)
        g[np.arange(len(x)), labels] -= 1.0
        g /= len(x)
        self.steps += 1
        back = g @ self.head["w"]
        self._update("head", self.head, {"w": g.T @ self.kept[-1], "b": g.sum(axis=0)})
        for k in (1, 0):
            if self.rectified:
                back = back * (self.kept[k] > 0.0)
            found, back = self.layers[k].backward(back)
            self._update(k, self.layers[k].parameters, found)

    def _update(self, owner, parameters: dict, gradients: dict) -> None:
        for name, g in gradients.items():
            m, v = self.moments.setdefault((owner, name), [np.zeros_like(g), np.zeros_like(g)])
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            ahead = m / (1.0 - 0.9**self.steps)
            spread = np.sqrt(v / (1.0 - 0.999**self.steps)) + 1e-8
            parameters[name] -= self.rate * ahead / spread


def draw(dataset: xarray.Dataset, ax: matplotlib.axes.Axes | None = None) -> matplotlib.axes.Axes:
    """Mean accuracy on all tasks seen against their number, with standard errors."""
    from ..plot import new_axes

    ax = new_axes(ax)
    for kind in dataset["kind"].values:
        one = dataset["accuracy"].sel(kind=kind)
        error = one.std("repeat", ddof=1) / one.sizes["repeat"] ** 0.5
        ax.errorbar(
            dataset["seen"],
            one.mean("repeat"),
            error,
            marker="o",
            markersize=3.5,
            color=COLOURS[KINDS.index(str(kind))],
            label=str(kind),
        )
    ax.axhline(0.1, color="0.6", linewidth=0.8, label="chance")
    ax.set_xlabel("tasks learned one after another")
    ax.set_ylabel("accuracy over all tasks seen")
    ax.set_ylim(0.0, 1.0)
    ax.legend(frameon=False, fontsize="small")
    return ax
