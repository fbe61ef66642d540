"""A classifier for scikit-learn: one layer of macs, a label field on its codes."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from ... import _validate as check
from ._classifier_encoding import ENCODINGS, encoded, mac_of, set_encoding
from ._undone import undone
from .labels import LabelField
from .layer import Layer
from .stored_codes import StoredCodes

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted
except ImportError as error:
    raise ImportError("the classifier needs scikit-learn: pip install 'assocmem[data]'") from error

READOUTS = ("counts", "binary", "items")
LABELLED = ("at once", "again", "drawn")


class SparseyClassifier(ClassifierMixin, BaseEstimator):
    """Classes read from the codes of a layer of macs, all learned by coincidences.

    Rows of X are made binary features. Each is presented once to the macs, which learn it in this
    single trial where it is new to them, with a code drawn uniformly, and give it the code of what
    it resembles where it is not. The codes that rows then retrieve are counted with their classes,
    or kept beside them. Nothing is optimised, and no error goes back.

    Parameters
    ----------
    n_modules, n_units : int
        Q and K of each mac.
    shape : (int, int), optional
        Rows and columns of the images that X holds, one a row. Left out, columns of X are numbers
        of any kind, and one mac sees all of them.
    encoding : {"auto", "edges", "threshold", "levels"}
        "edges": `oriented_edges` of images; "threshold": whether a number is larger than
        ``threshold``; "levels": `scalar_codes`. "auto" is "edges" where ``shape`` is given, else
        "levels".
    threshold : float, optional
        In units of X; half of the largest number in the first X learned ("threshold") or a tenth
        ("edges") if left out.
    directions, window, step : int, optional
        Of edges: directions told apart; windows of window x window places, ``step`` apart. A
        seventh of the image and half a window if left out.
    levels, width : int
        Of levels: numbers of a column in the first X learned are told apart as so many parts of
        equal size, and each is coded by a run of ``width`` bits.
    field, stride : int or (int, int), optional
        Rows and columns of a mac's field and its distance to the next. Half of the sheet and 1 for
        edges, a third and a ninth of it for thresholds if left out.
    nu, cap, freeze, novelty, recruit, pi_minus
        As in `Mac`; with tens of thousands of rows ``recruit`` = 0.1 spreads units over them.
    g_minus, gamma, chi, sigma_1, sigma_2, sigma_3, sigma_4
        As in `Selection`.
    readout : {"counts", "binary", "items"}
        "counts", "binary": a `LabelField` of this kind. "items": codes of all rows are kept, and a
        class is as likely as its items together, exp(sharpness m) for each that shares m winners.
    smoothing : float
        > 0, of counts, see `LabelField`.
    silence : bool
        Whether macs that are not active speak for classes.
    sharpness : float, optional
        > 0, of items; ln(K - 1) over the number of macs that see a feature, on average, if left
        out: each winner is the item's with probability 1/2, and macs say the same many times.
    temperature : float, optional
        > 0, by which evidence of a label field is divided to give probabilities; of counts the
        number of modules that see a feature, on average, if left out, of binary weights 1.
    labelled : {"at once", "again", "drawn"}
        Which code goes with a row's class: the one it retrieves when it has just been learned, so
        that each row is presented once in all; the one it retrieves when it is presented again
        after all rows were learned; or the one drawn while it was learned.
    workers : int
        >= 1, threads.
    random_state : int, RandomState or None
        Root of all random choices.

    Attributes
    ----------
    classes_ : ndarray
        Labels, sorted.
    n_features_in_ : int
        Columns of X.
    layer_ : Layer
    labels_ : LabelField or StoredCodes
    threshold_ : float
        Of edges and thresholds.
    edges_ : ndarray, float64 (columns, levels - 1)
        Of levels.

    Notes
    -----
    Cost of a row: that of a `Layer`, and one addition for each module and class; with items one
    comparison for each module and row learned.

    References
    ----------
    Rinkus and Leveille, arXiv:1710.07829 (2017).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from assocmem.sdr.sparsey.classifier import SparseyClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = SparseyClassifier(random_state=0).fit(X[::2], y[::2])
    >>> bool(model.score(X[1::2], y[1::2]) > 0.9)
    True
    """

    def __init__(
        self,
        n_modules: int = 4,
        n_units: int = 256,
        *,
        shape: tuple[int, int] | None = None,
        encoding: str = "auto",
        threshold: float | None = None,
        directions: int = 8,
        window: int | None = None,
        step: int | None = None,
        levels: int = 32,
        width: int = 8,
        field: int | tuple[int, int] | None = None,
        stride: int | tuple[int, int] | None = None,
        nu: float = 0.5,
        cap: float | None = 0.5,
        freeze: float | None = None,
        novelty: float | None = 0.7,
        recruit: float | None = None,
        pi_minus: int = 1,
        g_minus: float = 0.6,
        gamma: float = 1.0,
        chi: float = 1e9,
        sigma_1: float = 1.0,
        sigma_2: float = 100.0,
        sigma_3: float = 1.0,
        sigma_4: float = 1.0,
        readout: str = "counts",
        smoothing: float = 0.1,
        silence: bool = False,
        sharpness: float | None = None,
        temperature: float | None = None,
        labelled: str = "at once",
        workers: int = 1,
        random_state: Any = None,
    ) -> None:
        self.n_modules = n_modules
        self.n_units = n_units
        self.shape = shape
        self.encoding = encoding
        self.threshold = threshold
        self.directions = directions
        self.window = window
        self.step = step
        self.levels = levels
        self.width = width
        self.field = field
        self.stride = stride
        self.nu = nu
        self.cap = cap
        self.freeze = freeze
        self.novelty = novelty
        self.recruit = recruit
        self.pi_minus = pi_minus
        self.g_minus = g_minus
        self.gamma = gamma
        self.chi = chi
        self.sigma_1 = sigma_1
        self.sigma_2 = sigma_2
        self.sigma_3 = sigma_3
        self.sigma_4 = sigma_4
        self.readout = readout
        self.smoothing = smoothing
        self.silence = silence
        self.sharpness = sharpness
        self.temperature = temperature
        self.labelled = labelled
        self.workers = workers
        self.random_state = random_state

    # Learning.

    def fit(self, X: Any, y: Any) -> SparseyClassifier:
        """Learn rows of X with labels y, from nothing.

        Parameters
        ----------
        X : array_like of real numbers, shape (n, columns)
        y : array_like, shape (n,)

        Returns
        -------
        SparseyClassifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            If data or parameters are not as said: then nothing has changed.
        """
        with undone(self):
            X, y = self._validated((X, y), reset=True)
            self._begin(X, np.unique(y))
            return self._learn(X, y, self.classes_)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> SparseyClassifier:
        """Learn more rows after those learned before.

        Parameters
        ----------
        X : array_like of real numbers, shape (n, columns)
            What numbers of levels and largest grey levels are is taken from the first X.
        y : array_like, shape (n,)
        classes : array_like, optional
            All labels; needed in the first call. In later ones labels that are new may be given.

        Returns
        -------
        SparseyClassifier
            Itself.

        Raises
        ------
        TypeError, ValueError
            If data or parameters are not as said: then nothing is learned.
        """
        first = not hasattr(self, "layer_")
        with undone(self):
            X, y = self._validated((X, y), reset=first)
            if first and classes is None:
                raise ValueError("classes must be given in the first call of partial_fit")
            known = np.unique(classes) if first else self.classes_
            if not first and classes is not None:
                known = np.union1d(known, classes)
            unknown = np.setdiff1d(y, known)
            if len(unknown):
                raise ValueError(f"y must hold labels of classes {known}, got {unknown} besides")
            if first:
                self._begin(X, known)
            return self._learn(X, y, known)

    def _validated(self, given: tuple, *, reset: bool) -> Any:
        """Arrays of X, or of X and y, that a caller gives, by scikit-learn's own checks."""
        try:
            from sklearn.utils.validation import validate_data
        except ImportError:  # before 1.6
            found = self._validate_data(*given, reset=reset)
        else:
            found = validate_data(self, *given, reset=reset)
        if len(given) == 2:
            check_classification_targets(found[1])
        return found

    def _begin(self, X: np.ndarray, classes: np.ndarray) -> None:
        """An empty layer and read-out."""
        encoding = check.choice("encoding", self.encoding, ENCODINGS)
        if encoding == "auto":
            encoding = "levels" if self.shape is None else "edges"
        readout = check.choice("readout", self.readout, READOUTS)
        if self.temperature is not None:
            check.real("temperature", self.temperature, 0.0, open_low=True)
        if self.sharpness is not None:
            check.real("sharpness", self.sharpness, 0.0, open_low=True)
        mac = mac_of(self)
        tiling = set_encoding(self, encoding, X)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        layer = Layer(mac, tiling, seed=seed)
        sizes = (len(classes), tiling.n_macs, mac.n_modules, mac.n_units)
        if readout == "items":
            labels: LabelField | StoredCodes = StoredCodes(*sizes)
        else:
            labels = LabelField(
                *sizes, kind=readout, smoothing=self.smoothing, silence=bool(self.silence)
            )
        self.classes_, self.layer_, self.labels_ = classes, layer, labels
        self._places = np.arange(len(classes))

    def _add_classes(self, known: np.ndarray) -> None:
        """Make room for more classes; read-outs number them in the order in which they came."""
        n_before = len(self.classes_)
        places = np.full(len(known), -1)
        places[np.searchsorted(known, self.classes_)] = self._places
        places[places < 0] = np.arange(n_before, len(known))
        self.labels_.add_classes(len(known) - n_before)
        self.classes_, self._places = known, places

    def _learn(self, X: np.ndarray, y: np.ndarray, known: np.ndarray) -> SparseyClassifier:
        """Learn rows of classes among those known, after all that can be refused was."""
        at_once = check.choice("labelled", self.labelled, LABELLED) == "at once"
        check.integer("workers", self.workers, 1)
        features = encoded(self, X)
        if len(known) > len(self.classes_):
            self._add_classes(known)
        codes = self.layer_.learn(features, recalled=at_once, workers=self.workers)
        if self.labelled == "again":
            codes = self.layer_.codes(features, workers=self.workers)
        self.labels_.learn(codes, self._places[np.searchsorted(self.classes_, y)])
        return self

    # Recognition.

    def _recognised(self, X: Any) -> np.ndarray:
        """Codes of rows in retrieval."""
        check_is_fitted(self, "layer_")
        X = self._validated((X,), reset=False)
        return self.layer_.codes(encoded(self, X), workers=self.workers)

    def predict(self, X: Any) -> np.ndarray:
        """The class of most evidence for each row, of several the first.

        Parameters
        ----------
        X : array_like of real numbers, shape (n, columns)

        Returns
        -------
        ndarray, shape (n,)

        Raises
        ------
        ValueError
            If data are not as said.
        sklearn.exceptions.NotFittedError
            If nothing was learned.
        """
        evidence = self._evidence(self._recognised(X))
        return self.classes_[evidence.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, float64 (n, classes); parameters and errors of `predict`.

        They come from coincidences, by the softmax of evidence, and are not calibrated: see
        ``temperature`` and ``sharpness``.
        """
        evidence = self._evidence(self._recognised(X))
        if isinstance(self.labels_, LabelField):
            usual = 1.0
            if self.labels_.kind == "counts":
                usual = self.layer_.mac.n_modules * self._coverage()
            evidence /= usual if self.temperature is None else self.temperature
        evidence -= evidence.max(axis=1, keepdims=True)
        odds = np.exp(evidence)
        return odds / odds.sum(axis=1, keepdims=True)

    def _evidence(self, codes: np.ndarray) -> np.ndarray:
        """Evidence for each class, in the order of ``classes_``."""
        if isinstance(self.labels_, StoredCodes):
            sharpness = self.sharpness
            if sharpness is None:
                sharpness = max(0.1, math.log(self.layer_.mac.n_units - 1.0)) / self._coverage()
            found = self.labels_.evidence(codes, sharpness=sharpness, workers=self.workers)
        else:
            found = self.labels_.evidence(codes)
        return found[:, self._places]

    def _coverage(self) -> float:
        """Macs that see a feature of the sheet, on average, but at least one."""
        tiling = self.layer_.tiling
        return max(1.0, tiling.n_macs * tiling.n_features / tiling.n_sheet)

    # Files.

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted classifier as an ``.npz`` file, without pickle.

        Raises
        ------
        OSError
            If the file cannot be written.
        ValueError
            If a parameter or the classes are no plain numbers or text.
        """
        from ._classifier_files import write_classifier

        check_is_fitted(self, "layer_")
        write_classifier(self, path)

    @classmethod
    def restore(cls, path: str | os.PathLike[str]) -> SparseyClassifier:
        """The classifier that `save` wrote; it goes on learning as that would.

        Raises
        ------
        OSError
            If the file cannot be read.
        ValueError
            If it holds no such classifier.
        """
        from ._classifier_files import read_classifier

        return read_classifier(cls, path)
