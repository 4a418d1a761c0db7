"""``kbridge install theano``: what it says, what it would run, and that it installs all or nothing."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from kbridge.commands import install
from kbridge.errors import UsageError


@pytest.fixture
def python(monkeypatch):
    """Sets the version that the command takes this Python for."""

    def set_version(*version):
        monkeypatch.setattr(install.sys, "version_info", version)

    return set_version


@pytest.fixture
def calls(monkeypatch):
    """The commands that were run; none is."""
    found = []

    def run(command, **options):
        found.append((command, options["env"]))
        if "wheel" in command and "-w" in command:
            folder = Path(command[command.index("-w") + 1])
            folder.mkdir()
            (folder / "theano_pymc-1.1.2-py3-none-any.whl").write_text("a wheel")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(install.subprocess, "run", run)
    return found


def arguments(dry_run=False, wheel=None):
    return argparse.Namespace(what="theano", dry_run=dry_run, wheel=wheel)


def test_plain_pip_where_it_can_build(python, calls):
    python(3, 11, 7)
    assert install.run(arguments()) == 0
    ((command, _),) = calls
    assert command[1:4] == ["-m", "pip", "install"] and install.RELEASE in command


def test_a_wheel_is_built_with_the_checksum_elsewhere(python, calls, capsys):
    python(3, 13, 0)
    assert install.run(arguments()) == 0
    tools, build, last = (command for command, _ in calls)
    assert "--target" in tools
    assert {"--require-hashes", "--no-deps", "--no-build-isolation"} <= set(build)
    # the names of old Python are on the path of the build alone
    changed = [env.get("PYTHONPATH") != calls[2][1].get("PYTHONPATH") for _, env in calls]
    assert changed == [False, True, False]
    assert install.RELEASE in last and "--find-links" in last
    printed = capsys.readouterr().out
    assert all(str(word) in printed for word in ("build its wheel", sys.prefix))


def test_a_dry_run_does_nothing(python, calls, capsys, tmp_path):
    python(3, 13, 0)
    assert install.run(arguments(dry_run=True, wheel=tmp_path / "kept")) == 0
    assert calls == [] and not (tmp_path / "kept").exists()
    assert "Nothing was done" in capsys.readouterr().out


@pytest.mark.parametrize("version", [(3, 11, 7), (3, 13, 0)])
def test_the_wheel_is_kept(python, calls, tmp_path, version):
    python(*version)
    install.run(arguments(wheel=tmp_path / "kept"))
    assert (tmp_path / "kept" / "theano_pymc-1.1.2-py3-none-any.whl").read_text() == "a wheel"


def test_without_pip(monkeypatch, calls):
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="ensurepip"):
        install.run(arguments())
    assert calls == []


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_a_step_that_fails_ends_it_with_what_pip_said(python, monkeypatch, failing):
    python(3, 13, 0)
    ran = []

    def run(command, **options):
        ran.append(command)
        return subprocess.CompletedProcess(command, int(len(ran) > failing), "", "no such thing; the hash does not match")

    monkeypatch.setattr(install.subprocess, "run", run)
    with pytest.raises(UsageError, match="(?s)Nothing was installed.*isn't the release.*no such thing"):
        install.run(arguments())
    assert len(ran) == failing + 1


def test_what_the_build_gets_back(tmp_path):
    """The two names by which the release's setup.py reads its settings."""
    (tmp_path / "sitecustomize.py").write_text(install.NAMES_GIVEN_BACK)
    code = "import configparser, io; p = configparser.SafeConfigParser(); p.readfp(io.StringIO('[a]\\nb = c')); print(p.get('a', 'b'))"
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True)
    assert done.stdout.strip() == "c", done.stderr


def test_info_names_the_command(monkeypatch):
    from kbridge.commands import info

    monkeypatch.setattr(info, "missing", lambda name: True)
    for version, words in (((3, 11, 7), "pip install '.[theano]', in the clone of kbridge"), ((3, 12, 1), "kbridge install theano")):
        monkeypatch.setattr(info.sys, "version_info", version)
        assert info.outcome("theano", None) == (False, f"not installed; {words}")
