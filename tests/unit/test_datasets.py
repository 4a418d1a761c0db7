"""The data sets, from small files in the formats of the real ones."""

import builtins
import gzip
import io
import json
import os
import pickle
import tarfile

import numpy as np
import pytest
from local_server import serving

from kbridge import backend as K
from kbridge.datasets import cifar, cifar10, cifar100, files, imdb, mnist, pickles, reuters
from kbridge.datasets.files import Source
from kbridge.utils.data_utils import DownloadError

RNG = np.random.RandomState(0)
#: files as Python 2 wrote them, and as later Pythons and NumPys do
PROTOCOLS = [0, 2, 4, 5]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


@pytest.fixture
def no_network(monkeypatch):
    for name, source in files.SOURCES.items():
        monkeypatch.setitem(files.SOURCES, name, Source("http://127.0.0.1:9/" + name, source.hash))


@pytest.fixture
def unchecked(monkeypatch):
    """Made-up files don't have the hashes of the real ones."""
    for name, source in files.SOURCES.items():
        monkeypatch.setitem(files.SOURCES, name, Source(source.origin, None))


def words(n=20):
    return [list(RNG.randint(1, 30, RNG.randint(1, 8)).tolist()) for _ in range(n)]


DIGITS = [(RNG.randint(0, 256, (n, 28, 28)).astype("uint8"), RNG.randint(0, 10, n).astype("uint8")) for n in (6, 2)]


# ---------------------------------------------------------------------- pickles


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_values_and_arrays_are_read(tmp_path, protocol):
    value = {
        "text": "é", "list": [1, 2.5, None, (True, "x")], "matrix": np.arange(6.0).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)), "big": np.arange(3, dtype=">i4"),
        "objects": np.array([[1], [2, 3]], dtype=object), "scalar": np.float32(1.5), "flags": np.array([True, False]),
        "empty": np.zeros((0, 3)),
    }  # fmt: skip
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(value, protocol))
    found = pickles.load(path)
    assert found["text"] == "é" and found["list"] == value["list"] and found["scalar"] == 1.5
    assert found["objects"].tolist() == [[1], [2, 3]]
    for key in ("matrix", "fortran", "big", "flags", "empty"):
        np.testing.assert_array_equal(found[key], value[key])
        assert found[key].dtype == value[key].dtype.newbyteorder("=")


def test_a_pickle_of_python_2_is_read(tmp_path):
    # {'data': array([[1, 2]], dtype=uint8), 'labels': [3]}, byte strings throughout
    written = (
        b"\x80\x02}q\x01(U\x04datacnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87Rq\x04(K\x01"
        b"K\x01K\x02\x86cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x02\x01\xfftb"
        b"U\x06labels]q\x07K\x03au."
    )
    path = tmp_path / "x"
    path.write_bytes(written)
    found = pickles.load(path)
    assert found["data"].tolist() == [[1, 255]] and found["data"].dtype == "uint8" and found["labels"] == [3]


class Runs:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "hostile",
    [
        Runs(os.system, "touch evil"),
        Runs(builtins.eval, "1"),
        Runs(builtins.getattr, "x", "join"),
        np.load,
        np.dtype([("a", "i4")]),
        np.array(["2001-01-01"], dtype="M8[D]"),
        np.ma.array([1]),
        {"deep": [Runs(os.getcwd)]},
    ],
    ids=range(8),
)
def test_pickles_that_ask_for_more_are_refused_and_run_nothing(tmp_path, monkeypatch, protocol, hostile):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(hostile, protocol))
    with pytest.raises(pickles.UnsafePickleError, match="x.pkl"):
        pickles.load(tmp_path / "x.pkl")
    assert os.listdir(tmp_path) == ["x.pkl"]
    held = np.empty(1, dtype=object)
    held[0] = hostile
    np.savez(tmp_path / "x.npz", x=held)
    with pytest.raises(pickles.UnsafePickleError, match="x.npz"):
        pickles.load_npz(tmp_path / "x.npz")
    assert sorted(os.listdir(tmp_path)) == ["x.npz", "x.pkl"]


def test_damaged_files_are_one_kind_of_error(tmp_path):
    whole = pickle.dumps([np.arange(100), "text", {"a": (1, 2)}], 2)
    path = tmp_path / "x.pkl"
    rng = np.random.RandomState(1)
    for _ in range(300):
        changed = bytearray(whole[: rng.randint(1, len(whole) + 1)])
        changed[rng.randint(len(changed))] = rng.randint(256)
        path.write_bytes(bytes(changed))
        try:
            pickles.load(path)
        except ValueError as error:
            assert "x.pkl" in str(error)
    path.write_bytes(gzip.compress(whole)[:-20])
    with pytest.raises(ValueError, match="damaged"):
        pickles.load(path)
    (tmp_path / "x.npz").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="damaged"):
        pickles.load_npz(tmp_path / "x.npz")


# ---------------------------------------------------------------------- MNIST


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_mnist(cache, protocol):
    (cache / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps(tuple(DIGITS), protocol)))
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    np.testing.assert_array_equal(x_train, DIGITS[0][0])
    np.testing.assert_array_equal(y_test, DIGITS[1][1])
    assert x_test.shape == (2, 28, 28) and y_train.dtype == "uint8"


def test_mnist_of_later_versions(cache, tmp_path, unchecked, no_network, monkeypatch):
    arrays = {"x_train": DIGITS[0][0], "y_train": DIGITS[0][1], "x_test": DIGITS[1][0], "y_test": DIGITS[1][1]}
    np.savez(tmp_path / "other.npz", **arrays)
    np.testing.assert_array_equal(mnist.load_data(str(tmp_path / "other.npz"))[0][0], DIGITS[0][0])
    monkeypatch.setitem(files.SOURCES, "mnist.npz", Source("http://127.0.0.1:9/"))
    np.savez(cache / "mnist.npz", **arrays)
    np.testing.assert_array_equal(mnist.load_data()[1][1], DIGITS[1][1])


def test_mnist_is_downloaded_and_a_later_file_stands_in(cache, monkeypatch):
    with serving() as server:
        content = gzip.compress(pickle.dumps(tuple(DIGITS), 2))
        monkeypatch.setitem(files.SOURCES, "mnist.pkl.gz", Source(server.put("mnist.pkl.gz", content)))
        assert mnist.load_data()[0][0].shape == (6, 28, 28)
        (cache / "mnist.pkl.gz").unlink()
        made = io.BytesIO()
        np.savez(made, x_train=DIGITS[0][0], y_train=DIGITS[0][1], x_test=DIGITS[1][0], y_test=DIGITS[1][1])
        monkeypatch.setitem(files.SOURCES, "mnist.pkl.gz", Source(f"{server.url}/gone"))
        monkeypatch.setitem(files.SOURCES, "mnist.npz", Source(server.put("mnist.npz", made.getvalue())))
        assert mnist.load_data()[0][0].shape == (6, 28, 28)
        assert server.requests == ["/mnist.pkl.gz", "/gone", "/mnist.npz"]


def test_offline_the_error_says_where_the_file_belongs(cache, no_network):
    for load, name in (
        (mnist.load_data, "mnist.pkl.gz"), (imdb.load_data, "imdb_full.pkl"), (reuters.load_data, "reuters.pkl"),
        (imdb.get_word_index, "imdb_word_index.pkl"), (cifar10.load_data, "cifar-10-batches-py.tar.gz"),
        (cifar100.load_data, "cifar-100-python.tar.gz"),
    ):  # fmt: skip
        with pytest.raises(DownloadError, match="no connection") as caught:
            load()
        assert f"put at {cache / name}" in str(caught.value)
    assert list(cache.iterdir()) == []


def test_files_that_hold_something_else_are_named(cache, tmp_path, unchecked):
    (cache / "mnist.pkl.gz").write_bytes(gzip.compress(pickle.dumps([1, 2, 3])))
    with pytest.raises(ValueError, match="two pairs"):
        mnist.load_data()
    np.savez(tmp_path / "x.npz", a=[1])
    with pytest.raises(ValueError, match="no array 'x_train'"):
        mnist.load_data(tmp_path / "x.npz")
    (cache / "imdb_word_index.pkl").write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match="a dict from words"):
        imdb.get_word_index()


# ---------------------------------------------------------------------- CIFAR


def batch(n, **labels):
    return {"data": RNG.randint(0, 256, (n, 3072)).astype("uint8"), "filenames": ["x.png"] * n, **labels}


def archive(folder, members, protocol) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(f"{folder}/{name}")
            data = pickle.dumps(content, protocol)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return made.getvalue()


@pytest.mark.parametrize("protocol", [2, 4])
def test_cifar10(cache, unchecked, monkeypatch, protocol):
    batches = {f"data_batch_{i}": batch(2, labels=[i, 9]) for i in range(1, 6)} | {"test_batch": batch(3, labels=[1, 2, 3])}
    with serving() as server:
        origin = server.put("cifar.tar.gz", archive("cifar-10-batches-py", batches, protocol))
        monkeypatch.setitem(files.SOURCES, "cifar-10-batches-py", Source(origin))
        (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert x_train.shape == (10, 32, 32, 3) and y_train.tolist() == [[n] for i in range(1, 6) for n in (i, 9)]
    assert y_train.dtype == x_train.dtype == "uint8"
    images, labels = cifar.load_batch(str(cache / "cifar-10-batches-py" / "test_batch"))
    np.testing.assert_array_equal(images, batches["test_batch"]["data"].reshape(3, 3, 32, 32))
    np.testing.assert_array_equal(x_test, images.transpose(0, 2, 3, 1))
    assert labels == [1, 2, 3] and y_test.shape == (3, 1)
    monkeypatch.setattr(K, "image_dim_ordering", lambda: "th")
    np.testing.assert_array_equal(cifar10.load_data()[1][0], images)


def test_cifar100(cache, unchecked):
    folder = cache / "cifar-100-python"
    folder.mkdir()
    for name, n in (("train", 4), ("test", 2)):
        (folder / name).write_bytes(pickle.dumps(batch(n, fine_labels=[50] * n, coarse_labels=[7] * n), 2))
    (x_train, y_train), (_, y_test) = cifar100.load_data()
    assert x_train.shape == (4, 32, 32, 3) and set(y_train.ravel()) == {50}
    assert set(cifar100.load_data("coarse")[1][1].ravel()) == {7}
    with pytest.raises(ValueError, match="'super'"):
        cifar100.load_data("super")
    with pytest.raises(ValueError, match="'labels'; it has"):
        cifar.load_batch(str(folder / "test"))


# ---------------------------------------------------------------------- IMDB and Reuters


REVIEWS = [(words(), RNG.randint(0, 2, 20).tolist()) for _ in range(2)]


def keras1_order(samples, labels, seed):
    """NumPy's shuffle in place, one after the other with the same seed."""
    samples, labels, state = list(samples), list(labels), np.random.get_state()
    for values in (samples, labels):
        np.random.seed(seed)
        np.random.shuffle(values)
    np.random.set_state(state)
    return samples, labels


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_imdb_is_shuffled_as_keras_1_did(cache, unchecked, protocol):
    (cache / "imdb_full.pkl").write_bytes(pickle.dumps(tuple(REVIEWS), protocol))
    before = np.random.get_state()[1].copy()
    (x_train, y_train), (x_test, y_test) = imdb.load_data()
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    for x, y, (samples, labels), seed in ((x_train, y_train, REVIEWS[0], 113), (x_test, y_test, REVIEWS[1], 226)):
        samples, labels = keras1_order(samples, labels, seed)
        assert list(x) == [[1, *(word + 3 for word in sample)] for sample in samples]
        assert y.tolist() == labels and x.dtype == object


def test_a_file_of_one_s_own_in_the_cache_is_read_and_kept(cache):
    content = pickle.dumps(tuple(REVIEWS))
    (cache / "mine.pkl").write_bytes(content)
    assert len(imdb.load_data("mine.pkl")[0][0]) == 20
    assert (cache / "mine.pkl").read_bytes() == content


def test_imdb_options(cache, unchecked):
    (cache / "imdb_full.pkl").write_bytes(pickle.dumps(tuple(REVIEWS)))
    plain = imdb.load_data(start_char=None, index_from=0)[0][0]
    assert list(plain) == keras1_order(*REVIEWS[0], 113)[0]
    limited = imdb.load_data(nb_words=20, skip_top=5, start_char=None, index_from=0, oov_char=2)[0][0]
    assert list(limited) == [[w if 5 <= w < 20 else 2 for w in sample] for sample in plain]
    dropped = imdb.load_data(nb_words=20, skip_top=5, start_char=None, index_from=0, oov_char=None)[0][0]
    assert list(dropped) == [[w for w in sample if 5 <= w < 20] for sample in plain]
    (x_train, y_train), (x_test, y_test) = imdb.load_data(maxlen=5)
    assert max(map(len, [*x_train, *x_test])) == 4
    assert len(x_train) == len(y_train) == sum(len(sample) < 4 for sample in REVIEWS[0][0])
    assert len(x_test) == len(y_test) == sum(len(sample) < 4 for sample in REVIEWS[1][0])
    with pytest.raises(ValueError, match="maxlen=1"):
        imdb.load_data(maxlen=1)


def ragged(rows):
    found = np.empty(len(rows), dtype=object)
    for number, row in enumerate(rows):
        found[number] = row
    return found


def test_imdb_and_reuters_of_later_versions(cache, tmp_path):
    (x_train, y_train), (x_test, y_test) = REVIEWS
    np.savez(tmp_path / "i.npz", x_train=ragged(x_train), y_train=y_train, x_test=ragged(x_test), y_test=y_test)
    assert list(imdb.load_data(str(tmp_path / "i.npz"), start_char=None, index_from=0)[1][0]) == keras1_order(x_test, y_test, 226)[0]
    np.savez(tmp_path / "r.npz", x=ragged(x_train), y=np.array(y_train))
    assert (
        list(reuters.load_data(str(tmp_path / "r.npz"), start_char=None, index_from=0, test_split=0)[0][0])
        == keras1_order(*REVIEWS[0], 113)[0]
    )


def test_reuters(cache):
    samples, topics = REVIEWS[0][0], list(range(20))
    (cache / "reuters.pkl").write_bytes(pickle.dumps((samples, topics), 2))
    (x_train, y_train), (x_test, y_test) = reuters.load_data(test_split=0.25)
    ordered, labels = keras1_order(samples, topics, 113)
    assert len(x_train) == 15 and len(x_test) == 5
    assert [*x_train, *x_test] == [[1, *(word + 3 for word in sample)] for sample in ordered]
    assert [*y_train, *y_test] == labels
    with pytest.raises(ValueError, match="maxlen=1"):
        reuters.load_data(maxlen=1)


def test_word_indices(cache, unchecked, tmp_path):
    for name, get in (("imdb", imdb.get_word_index), ("reuters", reuters.get_word_index)):
        (cache / f"{name}_word_index.pkl").write_bytes(pickle.dumps({"the": 1, "film": 2}, 2))
        assert get() == {"the": 1, "film": 2}
        (cache / f"{name}_word_index.pkl").unlink()
        (cache / f"{name}_word_index.json").write_text(json.dumps({"the": 5}))
        assert get() == {"the": 5}
