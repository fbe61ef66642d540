"""Images: IDX files written here are read back, wrong ones refused, downloads checked."""

import functools
import gzip
import hashlib
import http.server
import os
import struct
import sys
import threading

import numpy as np
import pytest

from assocmem import datasets
from assocmem.datasets import Images, digits, fashion_mnist, mnist

FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx(array):
    header = struct.pack(">HBB", 0, 8, array.ndim)
    return header + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def some_arrays(seed=0, side=5, train=12, test=6):
    rng = np.random.default_rng(seed)
    out = []
    for n in (train, test):
        out.append(rng.integers(0, 256, (n, side, side), dtype=np.uint8))
        out.append((np.arange(n) % 3).astype(np.uint8))
    return out


def write(folder, arrays, zipped=False):
    folder.mkdir(parents=True, exist_ok=True)
    for file, array in zip(FILES, arrays, strict=True):
        data = idx(array)
        if zipped:
            (folder / f"{file}.gz").write_bytes(gzip.compress(data, mtime=0))
        else:
            (folder / file).write_bytes(data)


def assert_same(images, arrays):
    found = (images.train_images, images.train_labels, images.test_images, images.test_labels)
    for one, other in zip(found, arrays, strict=True):
        assert one.dtype == np.uint8 and not one.flags.writeable
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("inner", ["", "mnist"])
def test_files_in_a_folder_are_read_back(tmp_path, zipped, inner):
    arrays = some_arrays()
    write(tmp_path / inner, arrays, zipped)
    for folder in (tmp_path, str(tmp_path)):
        images = mnist(folder)
        assert_same(images, arrays)
    assert repr(images) == (
        "Images('mnist': 12 training and 6 test images of 5 x 5 pixels, 3 classes)"
    )
    assert images.classes == (0, 1, 2) and images.n_pixels == 25 and images.side == 5


def test_the_environment_names_a_folder_of_both_sets(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSOCMEM_DATA", str(tmp_path))
    ours, clothes = some_arrays(1), some_arrays(2)
    write(tmp_path / "mnist", ours)
    # The files have the same names: MNIST must not be taken for the clothes.
    write(tmp_path, ours)
    with pytest.raises(FileNotFoundError, match=r"fashion_mnist.*folder=.*ASSOCMEM_DATA"):
        fashion_mnist()
    write(tmp_path / "fashion_mnist", clothes, zipped=True)
    assert_same(mnist(), ours)
    assert_same(fashion_mnist(), clothes)
    assert fashion_mnist().name == "fashion_mnist"
    # A folder that is named goes first.
    write(tmp_path / "third", clothes)
    assert_same(mnist(tmp_path / "third"), clothes)


def test_missing_files_are_named(tmp_path):
    write(tmp_path, some_arrays())
    (tmp_path / FILES[1]).unlink()
    (tmp_path / FILES[2]).unlink()
    with pytest.raises(FileNotFoundError) as error:
        mnist(tmp_path)
    text = str(error.value)
    assert FILES[1] in text and FILES[2] in text and FILES[0] not in text
    assert "folder=" in text and "ASSOCMEM_DATA" in text
    with pytest.raises(FileNotFoundError, match="no folder"):
        mnist(tmp_path / "nowhere")
    with pytest.raises(TypeError, match="folder must be a path, got 5"):
        mnist(5)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: data[:-1], "bytes"),
        (lambda data: data + b"x", "bytes"),
        (lambda data: data[:10], "bytes"),
        (lambda data: b"", "got nothing"),
        (lambda data: b"\0\0\x09\3" + data[4:], "00000803"),
        (lambda data: b"\0\0\x08\1" + data[4:], "00000803"),
        (lambda data: gzip.compress(data)[:-9], "gzip"),
        (lambda data: gzip.compress(data)[:40] + b"zzzz" + gzip.compress(data)[44:], "gzip"),
        (lambda data: idx(np.zeros((12, 5, 4), np.uint8)), "side"),
        (lambda data: idx(np.zeros((0, 5, 5), np.uint8)), "labels"),
        (lambda data: idx(np.zeros((11, 5, 5), np.uint8)), "labels"),
    ],
)
def test_damaged_files_are_refused_by_name(tmp_path, spoil, says):
    write(tmp_path, some_arrays())
    file = tmp_path / FILES[0]
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(ValueError, match=says) as error:
        mnist(tmp_path)
    assert "train" in str(error.value)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def served(tmp_path, monkeypatch):
    """The four files on a server of this machine, whose address and hashes stand in for MNIST's."""
    pytest.importorskip("pooch")
    arrays, folder = some_arrays(3), tmp_path / "served"
    write(folder, arrays, zipped=True)
    hashes = [hashlib.sha256((folder / f"{f}.gz").read_bytes()).hexdigest() for f in FILES]
    _Quiet.asked = []
    handler = functools.partial(_Quiet, directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("ASSOCMEM_DATA", raising=False)
    monkeypatch.setitem(datasets._SOURCES, "mnist", (address, tuple(hashes)))
    monkeypatch.setattr(datasets, "_cache", lambda: tmp_path / "cache")
    yield arrays, folder
    server.shutdown()
    server.server_close()


def test_a_download_is_kept(served):
    arrays, _ = served
    assert_same(mnist(), arrays)
    assert sorted(_Quiet.asked) == sorted(f"/{file}.gz" for file in FILES)
    assert_same(mnist(), arrays)
    assert len(_Quiet.asked) == 4


def test_a_download_with_another_hash_is_refused(served):
    _, folder = served
    write(folder, some_arrays(4), zipped=True)
    with pytest.raises(ValueError, match="hash"):
        mnist()


def test_a_failed_download_says_what_else_to_do(served):
    _, folder = served
    (folder / f"{FILES[2]}.gz").unlink()
    with pytest.raises(OSError, match=r"could not be downloaded.*folder=.*ASSOCMEM_DATA"):
        mnist()


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("ASSOCMEM_DATA", raising=False)
    monkeypatch.setitem(sys.modules, "pooch", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    for function in (mnist, digits):
        with pytest.raises(ImportError, match=r"pip install 'assocmem\[data\]'"):
            function()


def test_hashes_are_of_eight_different_files():
    known = [h for _, hashes in datasets._SOURCES.values() for h in hashes]
    assert len(set(known)) == 8 and all(len(bytes.fromhex(h)) == 32 for h in known)


def test_digits():
    pytest.importorskip("sklearn")
    images = digits()
    assert images.train_images.shape == (1347, 8, 8) and images.test_images.shape == (450, 8, 8)
    assert images.train_images.max() == 16 and images.classes == tuple(range(10))
    # The set has 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 of each, as its makers say.
    counts = np.bincount(np.r_[images.train_labels, images.test_labels])
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_signs_are_above_the_threshold():
    train = np.array([[[0, 10], [20, 5]], [[0, 30], [21, 5]]], np.uint8)
    test = np.array([[[1, 20], [255, 4]]], np.uint8)
    labels = np.zeros(2, np.uint8)
    images = Images(train, labels, test, labels[:1], "four")
    assert images.binarised(20).tolist() == [[-1, -1, -1, -1], [-1, 1, 1, -1]]
    assert images.binarised(19.5).tolist() == [[-1, -1, 1, -1], [-1, 1, 1, -1]]
    # Half of 30, and means 0, 20, 20.5, 5 of the training images, for both parts.
    assert images.binarised("half").tolist() == [[-1, -1, 1, -1], [-1, 1, 1, -1]]
    assert images.binarised("mean").tolist() == [[-1, -1, -1, -1], [-1, 1, 1, -1]]
    assert images.binarised("mean", "test").tolist() == [[1, -1, 1, -1]]
    assert images.binarised("half", "test").tolist() == [[-1, 1, 1, -1]]
    assert images.binarised(255, "test").dtype == np.int8
    for arguments, name in (((-1,), "threshold"), (("median",), "threshold"), ((3, "all"), "part")):
        with pytest.raises(ValueError, match=name):
            images.binarised(*arguments)
    with pytest.raises(TypeError, match="threshold"):
        images.binarised(None)


def test_images_that_do_not_fit_are_refused():
    image, label = np.zeros((2, 3, 3), np.uint8), np.zeros(2, np.uint8)
    for arrays, name in (
        ((image.astype(float), label, image, label), "train_images"),
        ((image, label[:1], image, label), "train_labels"),
        ((image, label, image[:, :2, :2], label), "test_images"),
        ((image, label, image[:0], label[:0]), "test_images"),
        ((image, label, image, label.tolist()), "test_labels"),
    ):
        with pytest.raises(ValueError, match=name):
            Images(*arrays, "x")


@pytest.mark.skipif(
    not os.path.isdir(os.path.join(os.environ.get("ASSOCMEM_DATA", ""), "mnist")),
    reason="needs MNIST in the folder ASSOCMEM_DATA",
)
def test_real_mnist():
    images = mnist()
    assert images.train_images.shape == (60000, 28, 28)
    assert images.test_images.shape == (10000, 28, 28)
    # Mean and deviation of grey levels over 255, as everyone normalises them.
    scaled = images.train_images / 255.0
    assert scaled.mean() == pytest.approx(0.1307, abs=5e-5)
    assert scaled.std() == pytest.approx(0.3081, abs=5e-5)
    wanted = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(images.train_labels).tolist() == wanted
    # As the files are once unpacked; archives made anew differ from those on the network.
    digest = hashlib.sha256(idx(images.train_images)).hexdigest()
    assert digest == "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
