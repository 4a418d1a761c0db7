"""A file that kbridge writes is the old one or the new one, whatever happens while it is written."""

import os
import stat
import subprocess
import sys
import time

import pytest

from kbridge.saving.atomic import replacing, write_bytes

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
def test_special_file_as_target_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        write_bytes(tmp_path / "pipe", b"")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


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
