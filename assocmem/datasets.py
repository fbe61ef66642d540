"""Real images with labels: the small digits of scikit-learn, MNIST and Fashion-MNIST.

MNIST and Fashion-MNIST are four IDX files each, read from a folder that the user names or
downloaded once into the cache folder of pooch, with their SHA-256 checked.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import _validate as check

FOLDER = "ASSOCMEM_DATA"  # environment variable: a folder that holds mnist/ and fashion_mnist/
NAMES = ("digits", "mnist", "fashion_mnist")
_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)
# Where the files are, and the SHA-256 of each as compressed there, in the order of _FILES.
_SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mnist": (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        (
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
    "fashion_mnist": (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
        "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/",
        (
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        ),
    ),
}
_DIGITS_TRAINED = 1347  # three quarters of 1797, in the order of the set: other writers after them


@dataclass(frozen=True, eq=False, repr=False)
class Images:
    """Square grey images with labels, in a training and a test part; made by `digits` and others.

    Parameters
    ----------
    train_images, test_images : ndarray, uint8, shape (n, side, side)
        Grey levels, 0 for the background.
    train_labels, test_labels : ndarray, uint8, shape (n,)
        Class of each image.
    name : str
        Name of the set.

    Raises
    ------
    ValueError
        If shapes or types are not as said.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    name: str

    def __post_init__(self) -> None:
        for part in ("train", "test"):
            images, labels = getattr(self, f"{part}_images"), getattr(self, f"{part}_labels")
            for key, array in ((f"{part}_images", images), (f"{part}_labels", labels)):
                if not isinstance(array, np.ndarray) or array.dtype != np.uint8:
                    raise ValueError(f"{key} must be an array of uint8, got {type(array)}")
            side = self.train_images.shape[-1]
            if images.ndim != 3 or images.shape[1:] != (side, side) or 0 in images.shape:
                raise ValueError(
                    f"{part}_images must have shape (n, side, side) with n, side >= 1 and the side "
                    f"{side} of the training images, got {images.shape}"
                )
            if labels.shape != images.shape[:1]:
                raise ValueError(
                    f"{part}_labels must be one per image, {len(images)}, got shape {labels.shape}"
                )
            for array in (images, labels):
                array.flags.writeable = False

    def __repr__(self) -> str:
        return (
            f"Images({self.name!r}: {len(self.train_images)} training and "
            f"{len(self.test_images)} test images of {self.side} x {self.side} pixels, "
            f"{len(self.classes)} classes)"
        )

    @property
    def side(self) -> int:
        """Pixels along a side."""
        return self.train_images.shape[1]

    @property
    def n_pixels(self) -> int:
        """Pixels of an image, side^2."""
        return self.side**2

    @property
    def classes(self) -> tuple[int, ...]:
        """Labels that occur in the training part, in order."""
        return tuple(int(label) for label in np.unique(self.train_labels))

    def thresholds(self, threshold: float | str = "half") -> np.ndarray:
        """Grey level that each pixel is compared with, float64 of shape (n_pixels,).

        Parameters
        ----------
        threshold : {"half", "mean"} or float
            Half of the largest grey level of the training images, each pixel's own mean over
            the training images, or a grey level in [0, 255].
        """
        if not isinstance(threshold, str):
            return np.full(self.n_pixels, check.real("threshold", threshold, 0.0, 255.0))
        check.choice("threshold", threshold, ("half", "mean"))
        if threshold == "half":
            return np.full(self.n_pixels, 0.5 * float(self.train_images.max()))
        return self.train_images.reshape(-1, self.n_pixels).mean(axis=0, dtype=np.float64)

    def binarised(self, threshold: float | str = "half", part: str = "train") -> np.ndarray:
        """Images as signs: +1 where a pixel is brighter than ``threshold``, -1 elsewhere.

        Parameters
        ----------
        threshold : {"half", "mean"} or float
            As in `thresholds`. "mean" balances the pixels that vary, and is made of the training
            images for both parts.
        part : {"train", "test"}
            Which images.

        Returns
        -------
        ndarray, int8, shape (n, n_pixels)

        Raises
        ------
        TypeError, ValueError
            If an argument is not as said.
        """
        levels = self.thresholds(threshold)
        check.choice("part", part, ("train", "test"))
        images = self.train_images if part == "train" else self.test_images
        signs = np.empty((len(images), self.n_pixels), np.int8)
        # Grey levels are integers: above a level is above its floor.
        floors = np.floor(levels).astype(np.uint8)
        np.subtract(2 * (images.reshape(len(images), -1) > floors).view(np.int8), 1, out=signs)
        return signs


def digits() -> Images:
    """The 1797 handwritten digits of 8 x 8 pixels and 17 grey levels that scikit-learn ships.

    The first 1347 are the training part and the last 450 the test part, in the order of the set,
    so that most test images are by other writers. Needs the extra ``[data]``, no network.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    References
    ----------
    Alpaydin, Kaynak, UCI Machine Learning Repository (1998), the test part of the set there.

    Examples
    --------
    >>> from assocmem.datasets import digits
    >>> digits()
    Images('digits': 1347 training and 450 test images of 8 x 8 pixels, 10 classes)
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ImportError(
            "the small digits come with scikit-learn: pip install 'assocmem[data]'"
        ) from error
    found = load_digits()
    images, labels = found.images.astype(np.uint8), found.target.astype(np.uint8)
    cut = _DIGITS_TRAINED
    return Images(images[:cut], labels[:cut], images[cut:], labels[cut:], "digits")


def mnist(folder: str | os.PathLike[str] | None = None) -> Images:
    """MNIST: 60,000 training and 10,000 test images of handwritten digits, 28 x 28 bytes.

    Parameters
    ----------
    folder : path, optional
        Where the four IDX files are, gzipped or not, or a folder with them in ``mnist/``. If
        left out, the subfolder ``mnist`` of the folder in the environment variable
        ``ASSOCMEM_DATA``; without that, the files are downloaded once (11 MB) to pooch's cache
        folder, which needs the extra ``[data]``.

    Returns
    -------
    Images

    Raises
    ------
    FileNotFoundError
        If the folder or one of the files is missing.
    ValueError
        If a file is not what it should be.
    ImportError, OSError
        If pooch is not installed, or the download fails.

    References
    ----------
    LeCun, Cortes, Burges, The MNIST database of handwritten digits (1998).
    """
    return _idx("mnist", folder)


def fashion_mnist(folder: str | os.PathLike[str] | None = None) -> Images:
    """Fashion-MNIST: 60,000 training and 10,000 test images of clothes, 28 x 28 bytes.

    Parameters
    ----------
    folder : path, optional
        As for `mnist`, with the subfolder ``fashion_mnist``; the download is 31 MB.

    Returns
    -------
    Images

    Raises
    ------
    FileNotFoundError, ValueError, ImportError, OSError
        As for `mnist`.

    References
    ----------
    Xiao, Rasul, Vollgraf, arXiv 1708.07747.
    """
    return _idx("fashion_mnist", folder)


def load(name: str) -> Images:
    """The set of that name: "digits", "mnist" or "fashion_mnist"."""
    check.choice("name", name, NAMES)
    return digits() if name == "digits" else _idx(name, None)


def _idx(name: str, folder: str | os.PathLike[str] | None) -> Images:
    """A set of four IDX files from a folder or the network."""
    if folder is not None:
        if not isinstance(folder, (str, os.PathLike)):
            raise TypeError(f"folder must be a path, got {folder!r}")
        where = Path(folder).expanduser()
        inner = where / name
        paths = _in_folder(name, inner if inner.is_dir() else where)
    elif os.environ.get(FOLDER):
        # Both sets have files of the same names, so only subfolders will do here.
        paths = _in_folder(name, Path(os.environ[FOLDER]).expanduser() / name)
    else:
        paths = _downloaded(name)
    arrays = [_read_idx(path, 3 if "idx3" in path.name else 1) for path in paths]
    for images, labels, path in ((0, 1, paths[1]), (2, 3, paths[3])):
        if len(arrays[images]) != len(arrays[labels]):
            raise ValueError(
                f"{path} has {len(arrays[labels])} labels for {len(arrays[images])} images in "
                f"{paths[images].name}: the files are not of one set"
            )
    return Images(*arrays, name)


def _in_folder(name: str, folder: Path) -> list[Path]:
    """Paths of the four files, or an error that says which are missing."""
    ways = (
        f"name a folder that holds them with folder=..., or one that has them in {name}/ with "
        f"the environment variable {FOLDER}; or leave both out to download them"
    )
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder} with the files of {name}: {ways}")
    paths, missing = [], []
    for file in _FILES:
        found = [path for path in (folder / file, folder / f"{file}.gz") if path.is_file()]
        paths += found[:1]
        missing += [] if found else [file]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)} (each with or without .gz) of {name}: {ways}"
        )
    return paths


def _downloaded(name: str) -> list[Path]:
    """Paths of the four files in the cache, downloaded if they are not there yet."""
    advice = f"name a folder with the four IDX files with folder=... or in {FOLDER}"
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            f"{name} is not on this machine, and downloads need pooch: "
            f"pip install 'assocmem[data]', or {advice}"
        ) from error
    address, hashes = _SOURCES[name]
    files = [f"{file}.gz" for file in _FILES]
    cache = pooch.create(
        path=_cache() / name,
        base_url=address,
        registry={file: f"sha256:{known}" for file, known in zip(files, hashes, strict=True)},
    )
    try:
        return [Path(cache.fetch(file)) for file in files]
    except OSError as error:  # what requests raises is one, too
        raise OSError(
            f"{name} could not be downloaded from {address}: {error}; {advice}"
        ) from error


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("assocmem"))


def _read_idx(path: Path, dimensions: int) -> np.ndarray:
    """The uint8 array of an IDX file, gzipped or not.

    The header is two zero bytes, a type (8 for unsigned bytes), the number of dimensions, and
    each extent as four bytes, most significant first.
    """
    data: Any = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path} is a damaged gzip file: {error}; get it anew") from error
    kind = "images" if dimensions == 3 else "labels"
    magic = bytes((0, 0, 8, dimensions))
    if data[:4] != magic:
        raise ValueError(
            f"{path} must be an IDX file of {kind}, which starts with {magic.hex()}, "
            f"got {data[:4].hex() or 'nothing'}"
        )
    start = 4 + 4 * dimensions
    shape = tuple(int(extent) for extent in np.frombuffer(data[4:start].ljust(start, b"\0"), ">u4"))
    shape = shape[:dimensions]
    wanted = start + math.prod(shape)
    if len(data) != wanted:
        raise ValueError(
            f"{path} must have {wanted} bytes (uncompressed) for {kind} of shape {shape}, "
            f"got {len(data)}: the file is cut or damaged; get it anew"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()
