"""A file that kbridge writes is the old one or the new one, whatever happens while it is written."""

import io
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from kbridge.files import streams
from kbridge.saving.atomic import replacing, write_bytes

pytestmark = pytest.mark.once
posix = pytest.mark.skipif(os.name != "posix", reason="permissions and limits of POSIX")


def leftovers(folder):
    return [name for name in os.listdir(folder) if name.endswith(".tmp")]


def test_new_file_appears_with_the_permissions_of_the_umask(tmp_path):
    write_bytes(tmp_path / "a", b"new")
    plain = tmp_path / "b"
    plain.write_bytes(b"")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert (tmp_path / "a").stat().st_mode == plain.stat().st_mode
    assert leftovers(tmp_path) == []


@posix
def test_existing_file_keeps_its_permissions(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@posix
def test_symbolic_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="halfway"), replacing(path) as temporary:
        with open(temporary, "wb") as file:
            file.write(b"half")
        raise RuntimeError("halfway")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        write_bytes(tmp_path / "none" / "a", b"")


def test_directory_as_target_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="directory"):
        write_bytes(tmp_path, b"")


@posix
def test_a_pipe_that_nobody_reads_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(streams, "_PATIENCE", 0.1)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="it is a pipe that nobody reads"):
        write_bytes(tmp_path / "pipe", b"")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@posix
def test_a_pipe_is_written_in_place(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    data = bytes(range(256)) * 4000  # more than a pipe holds
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_bytes(tmp_path / "pipe", data)
    reader.join()
    assert got == [data] and stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode) and os.listdir(tmp_path) == ["pipe"]


@posix
def test_devices_and_sockets(tmp_path):
    write_bytes("/dev/null", b"gone")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        with pytest.raises(OSError, match="neither a regular file nor a pipe"):
            write_bytes(tmp_path / "s", b"")


def test_an_empty_file_is_written_in_place(tmp_path):
    with tempfile.NamedTemporaryFile(dir=tmp_path) as file:
        write_bytes(file.name, b"new")
        assert file.read() == b"new"
        file.seek(0)
        write_bytes(file.name, b"newer")  # there is something to lose now
        assert file.read() == b"new"
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(RuntimeError), replacing(tmp_path / "a") as path:
        with open(path, "wb") as file:
            file.write(b"half")
        raise RuntimeError
    assert (tmp_path / "a").read_bytes() == b"" and os.listdir(tmp_path) == ["a"]


def test_streams():
    stream = io.BytesIO(b"something longer")
    write_bytes(stream, b"new")
    assert stream.getvalue() == b"new"
    write_bytes(stream, b"er")
    assert stream.getvalue() == b"newer"
    with pytest.raises(RuntimeError), replacing(stream):
        raise RuntimeError
    assert stream.getvalue() == b"newer"
    with pytest.raises(TypeError, match="binary stream"):
        write_bytes(io.StringIO(), b"x")

    class Slow(io.RawIOBase):
        def __init__(self):
            self.got = b""

        def writable(self):
            return True

        def write(self, data):
            self.got += bytes(data[:7])
            return min(len(data), 7)

    slow = Slow()
    write_bytes(slow, b"twenty-one characters")
    assert slow.got == b"twenty-one characters"


@posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "sys.stdout"])
@pytest.mark.parametrize("to_file", [True, False])
def test_standard_output(name, to_file, tmp_path):
    target = "sys.stdout" if name == "sys.stdout" else repr(name)
    code = f"import sys\nfrom kbridge.saving.atomic import write_bytes\nprint('before')\nwrite_bytes({target}, b'data')\nprint('after')"
    with open(tmp_path / "out", "w+b") as file:
        done = subprocess.run([sys.executable, "-c", code], stdout=file if to_file else subprocess.PIPE, check=True)
        file.seek(0)
        assert (file.read() if to_file else done.stdout) == b"before\ndataafter\n"


def leave(path, process, machine=None):
    """A temporary file as ``process`` would leave it."""
    from kbridge.files.leftovers import _machine

    left = path.parent / f".{path.name}.{machine or _machine()}-{process}-{'0' * 16}.tmp"
    left.write_bytes(b"half")
    return left


@posix
def test_what_killed_processes_left_is_removed_by_the_next_save(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = (
        "import sys, time\nfrom kbridge.saving.atomic import replacing\n"
        "with replacing(sys.argv[1]):\n    print('ready', flush=True)\n    time.sleep(100)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "ready\n"
        write_bytes(path, b"mine")
        assert len(leftovers(tmp_path)) == 1  # that process is alive
        writer.kill()
    write_bytes(tmp_path / "b", b"other")
    assert len(leftovers(tmp_path)) == 1
    write_bytes(path, b"new")
    assert leftovers(tmp_path) == [] and path.read_bytes() == b"new"


@posix
def test_which_leftovers_are_abandoned(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    removed = [leave(path, gone.pid), leave(path, os.getpid()), tmp_path / f".a.{'f' * 16}.tmp"]
    removed[2].write_bytes(b"")
    # the number of a process that began later than the file; a file that was changed long ago, by another machine
    reused, far, near = leave(path, os.getppid()), leave(path, 1, "0" * 8), leave(path, 2, "0" * 8)
    os.utime(reused, (1000, 1000))
    os.utime(far, (1000, 1000))
    others = [near, tmp_path / ".a.tmp", tmp_path / ".b.0000000000000000.tmp"]
    for other in others[1:]:
        other.write_bytes(b"")
    with replacing(path) as temporary:
        write_bytes(path, b"inner")
        assert os.path.exists(temporary)
        with open(temporary, "wb") as file:
            file.write(b"outer")
    assert path.read_bytes() == b"outer"
    assert not any(os.path.exists(p) for p in [*removed, far]) and all(os.path.exists(p) for p in others)
    if sys.platform == "linux":
        assert not reused.exists()


def test_read_only_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everything
    with pytest.raises(PermissionError, match="read-only"):
        write_bytes(path, b"new")


@posix
def test_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "from kbridge.saving.atomic import write_bytes\n"
        "try:\n    write_bytes(sys.argv[1], b'x' * 5000)\n"
        "except OSError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


@posix
def test_killed_writer_leaves_a_whole_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0" * 200_000)
    code = (
        "import sys\nfrom kbridge.saving.atomic import write_bytes\nprint('ready', flush=True)\n"
        "n = 0\nwhile True:\n    n += 1\n    write_bytes(sys.argv[1], str(n % 10).encode() * 200_000)\n"
    )
    for delay in (0.0, 0.013, 0.027, 0.041):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout.readline() == "ready\n"
        time.sleep(delay)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        content = path.read_bytes()
        assert len(content) == 200_000
        assert len(set(content)) == 1
