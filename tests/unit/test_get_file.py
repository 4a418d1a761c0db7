"""Downloads: cached, checked, whole or not at all; archives that can't write elsewhere."""

import hashlib
import io
import tarfile
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from local_server import serving

from kbridge.utils import data_utils
from kbridge.utils.data_utils import DownloadError, get_file, validate_file


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def archive(*members, mode="w:gz") -> bytes:
    """A tar of (name, content or TarInfo) pairs."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name) if isinstance(content, bytes) else content
            info.name = name
            if isinstance(content, bytes):
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return made.getvalue()


def member(kind, target="") -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info


def leftovers(home):
    return [path.name for path in home.rglob("*") if path.name.endswith(".tmp")]


def test_a_file_is_downloaded_once(server, home, capsys):
    origin = server.put("x.bin", b"x" * 200_000)
    path = get_file("x.bin", origin)
    assert path == str(home / "datasets" / "x.bin")
    assert open(path, "rb").read() == b"x" * 200_000
    assert capsys.readouterr().out.splitlines()[0] == f"Downloading data from {origin}"
    assert get_file("x.bin", origin) == path
    assert server.requests == ["/x.bin"] and capsys.readouterr().out == ""


def test_progress_is_shown(server, capsys):
    get_file("x.bin", server.put("x.bin", b"x" * 1000))
    assert "1000/1000 [" in capsys.readouterr().out


def test_the_cache_has_folders(server, home):
    assert get_file("w.h5", server.put("w", b"1"), cache_subdir="models") == str(home / "models" / "w.h5")


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_right_hash_is_accepted_and_a_wrong_one_refused(server, home, algorithm):
    origin = server.put("x", b"content")
    right = hashlib.new(algorithm, b"content").hexdigest()
    assert validate_file(get_file("x", origin, md5_hash=right.upper()), right)
    with pytest.raises(DownloadError, match="doesn't have the hash"):
        get_file("y", origin, md5_hash="0" * len(right))
    assert not (home / "datasets" / "y").exists() and leftovers(home) == []


def test_a_cached_file_with_a_wrong_hash_is_downloaded_again(server, home, capsys):
    right = hashlib.md5(b"new").hexdigest()
    origin = server.put("x", b"new")
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "x").write_bytes(b"old")
    assert open(get_file("x", origin, md5_hash=right), "rb").read() == b"new"
    assert "doesn't have the hash" in capsys.readouterr().out


def test_a_failed_download_leaves_the_old_file(server, home):
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "x").write_bytes(b"old")
    with pytest.raises(DownloadError):
        get_file("x", f"{server.url}/missing", md5_hash="0" * 32)
    assert (home / "datasets" / "x").read_bytes() == b"old"


def test_a_hash_that_is_none_is_named(server):
    with pytest.raises(ValueError, match="'abc'"):
        get_file("x", server.put("x", b""), md5_hash="abc")


def test_errors_say_where_the_file_belongs(server, home):
    with pytest.raises(DownloadError, match="answered 404") as caught:
        get_file("x.pkl", f"{server.url}/nothing")
    assert str(home / "datasets" / "x.pkl") in str(caught.value)
    with pytest.raises(DownloadError, match=r"no connection.*put at"):
        get_file("x.pkl", "http://127.0.0.1:9/x.pkl")
    with pytest.raises(DownloadError, match="unknown url type"):
        get_file("x.pkl", "nowhere")


def test_a_broken_connection_leaves_nothing(server, home):
    with pytest.raises(DownloadError, match="broke after 10"):
        get_file("x", server.put("x", b"0123456789", length=100))
    assert list((home / "datasets").iterdir()) == []


def test_an_interrupted_download_leaves_nothing(server, home, monkeypatch):
    def interrupted(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(data_utils, "_download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get_file("x", server.put("x", b"1"))
    assert list((home / "datasets").iterdir()) == []


def test_threads_that_want_the_same_file_all_get_it(server):
    origin = server.put("x", b"y" * 100_000)
    sizes = []
    threads = [threading.Thread(target=lambda: sizes.append(len(open(get_file("x", origin), "rb").read()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [100_000] * 4


@pytest.mark.parametrize("name", ["../x", "a/../../x", "..\\x", ""])
def test_names_that_leave_the_cache_are_refused(name):
    with pytest.raises(ValueError, match="inside the cache"):
        get_file(name, "http://127.0.0.1:9/")
    with pytest.raises(ValueError, match="inside the cache"):
        get_file("x", "http://127.0.0.1:9/", cache_subdir=name)


def test_absolute_paths_are_taken_as_they_are(server, tmp_path, home):
    target = tmp_path / "own" / "x"
    assert get_file(str(target), server.put("x", b"1")) == str(target) and target.read_bytes() == b"1"
    assert get_file("y", server.put("y", b"2"), cache_subdir=str(tmp_path / "other")) == str(tmp_path / "other" / "y")
    origin = server.put("a.tar.gz", archive(("data/x", b"1")))
    assert get_file(tmp_path / "own" / "data", origin, untar=True) == str(tmp_path / "own" / "data")
    assert not home.exists()


def test_a_home_that_cant_be_written_is_replaced(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert get_file("x", server.put("x", b"1")).startswith(str(tmp_path / ".keras-"))


# ---------------------------------------------------------------------- archives


def test_an_archive_is_unpacked(server, home):
    origin = server.put("a.tar.gz", archive(("data/x", b"1"), ("data/deep/y", b"2"), ("other", b"3")))
    path = get_file("data", origin, untar=True)
    assert path == str(home / "datasets" / "data")
    assert (home / "datasets" / "data" / "deep" / "y").read_bytes() == b"2"
    assert (home / "datasets" / "other").exists()
    (home / "datasets" / "data.tar.gz").unlink()
    assert get_file("data", origin, untar=True) == path
    assert server.requests == ["/a.tar.gz"] and leftovers(home) == []


@pytest.mark.parametrize(
    "name, content",
    [
        ("../evil", b"1"),
        ("data/../../evil", b"1"),
        ("/tmp/evil", b"1"),
        ("..\\evil", b"1"),
        ("data/link", member(tarfile.SYMTYPE, "/etc")),
        ("data/link", member(tarfile.LNKTYPE, "../../evil")),
        ("data/pipe", member(tarfile.FIFOTYPE)),
    ],
)
def test_archives_that_reach_elsewhere_are_refused(server, home, name, content):
    origin = server.put("a", archive(("data/x", b"1"), (name, content)))
    with pytest.raises(ValueError, match="the member"):
        get_file("data", origin, untar=True)
    assert not (home / "datasets" / "data").exists() and leftovers(home) == []
    assert not list(home.parent.rglob("evil"))


def test_threads_that_unpack_the_same_archive_all_get_it(server, home):
    origin = server.put("a", archive(*((f"data/{n}", b"1" * 1000) for n in range(50))))
    counts = []

    def work():
        counts.append(len(list(Path(get_file("data", origin, untar=True)).iterdir())))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [50] * 6 and leftovers(home) == []


def test_archives_that_are_broken_or_hold_something_else_are_named(server, home):
    whole = archive(("data/x", np.random.RandomState(0).bytes(30_000)))
    middle = len(whole) // 2
    broken = [b"no archive", whole[:middle], whole[:middle] + bytes(50) + whole[middle + 50 :]]
    for number, content in enumerate(broken):
        with pytest.raises(ValueError, match="Can't unpack"):
            get_file(f"data{number}", server.put("a", content), untar=True)
    with pytest.warns(UserWarning, match="doesn't hold 'data', but else"):
        path = get_file("data", server.put("b", archive(("else/x", b"1"))), untar=True)
    assert path == str(home / "datasets" / "data") and (home / "datasets" / "else" / "x").exists()
    assert leftovers(home) == []
