"""The parity harness notices backends that are wrong, and the command reports it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import numpy as np
import pytest

import kbridge.backend  # noqa: F401 -- there is one: the command leaves it alone
from kbridge.backends import registry
from kbridge.backends.numpy import NumpyBackend
from kbridge.commands import parity as command
from kbridge.conformance import TABLE, harness


class SlightlyOff(NumpyBackend):
    def exp(self, x):
        return super().exp(x) + 1e-3


class WrongGradient(NumpyBackend):
    def exp(self, x):
        y = super().exp(x)
        return self.stop_gradient(y) + 0.5 * (y - self.stop_gradient(y))


class NoGradient(NumpyBackend):
    def exp(self, x):
        return self.stop_gradient(super().exp(x))


class WrongDtype(NumpyBackend):
    def exp(self, x):
        return self.cast(super().exp(x), "float64")


class HidesNan(NumpyBackend):
    def exp(self, x):
        y = super().exp(x)
        return self.where(self.equal(y, y), y, 0.0)


class Raises(NumpyBackend):
    def exp(self, x):
        raise RuntimeError("no exp today")


class WrongShape(NumpyBackend):
    def exp(self, x):
        return self.expand_dims(super().exp(x), 0)


class ForgetsShape(NumpyBackend):
    def exp(self, x):
        y = super().exp(x)
        y.shape = (None,) * len(y.shape)
        return y


class FailsOnEmptyBatch(NumpyBackend):
    def exp(self, x):
        return super().exp(x) + self.max(x * 0.0)


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (SlightlyOff, "off by 0.001"),
        (WrongGradient, "gradient of input 0 is off"),
        (NoGradient, "gradient of input 0 is None"),
        (WrongDtype, "K.dtype is float64, expected float32"),
        (HidesNan, "NaN"),
        (Raises, "RuntimeError: no exp today"),
        (WrongShape, "shape"),
        (ForgetsShape, "could be"),
        (FailsOnEmptyBatch, "running"),
    ],
)
def test_each_kind_of_fault_is_reported(backend, words):
    problems = [p for r in harness.run(backend(), [TABLE["exp"]], "float32") for p in r.problems]
    assert any(words in p for p in problems), problems


def test_one_bad_case_leaves_the_others_of_its_function_alone():
    results = harness.run(Raises(), [TABLE["exp"], TABLE["square"], TABLE["sin"]])
    assert {r.op for r in results if not r.ok} == {"exp"}
    assert all(r.outputs for r in results if r.op != "exp")


def test_checks_report_what_was_expected():
    class LosesUpdates(NumpyBackend):
        def update_add(self, x, increment):
            return (x, x)

    problems = [p for r in harness.run_checks(LosesUpdates(), [TABLE["update_add"]]) for p in r.problems]
    assert any("update_add: expected" in p for p in problems)


def test_differences_between_backends_are_found():
    good, bad = (harness.run(K, [TABLE["exp"]])[0] for K in (NumpyBackend(), SlightlyOff()))
    assert harness.differences(good, good) == []
    assert harness.differences(good, bad)


def test_references_never_see_float32():
    seen = []
    op = TABLE["exp"]
    spy = type(op)("exp", lambda x: (seen.append(x.dtype), np.exp(x))[1], op.cases[:1])
    harness.reference(spy, spy.cases[0], [np.ones((3, 4), "float32")])
    assert seen == [np.float64]


def arguments(*words):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    return parser.parse_args(["parity", *words])


def test_command_prints_a_line_for_each_function_and_writes_a_page(capsys, tmp_path):
    page = tmp_path / "parity.html"
    args = arguments("exp", "linalg", "--backends", "numpy", "--dtypes", "float32,float16", "--html", str(page))
    assert args.run(args) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["op", "backend", "dtype"]
    assert [line.split()[:3] for line in lines[1:6]] == [
        [op, "numpy", "float32"] for op in ("exp", "dot", "batch_matmul", "batch_dot", "dots")
    ]
    assert all(line.endswith("ok") for line in lines[1:11])
    assert "<td>batch_dot</td><td>numpy</td><td>float16</td>" in page.read_text()


def test_the_old_flag_works_and_tells_its_new_name(capsys):
    args = arguments("exp", "--engines", "numpy", "--dtypes", "float32")
    assert args.backends == "numpy"
    assert "--engines is now called --backends" in capsys.readouterr().err


def test_command_fails_where_a_backend_is_off(capsys, monkeypatch):
    monkeypatch.setitem(registry._loaded, "numpy", SlightlyOff())
    args = arguments("exp", "--backends", "numpy", "--dtypes", "float32", "--off")
    assert args.run(args) == 1
    assert "off by 0.001" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("nonsense",), ("--dtypes", "float8"), ("--backends", "abacus")])
def test_command_names_what_it_does_not_know(words):
    args = arguments(*words)
    with pytest.raises(SystemExit, match="nonsense|float8|abacus"):
        args.run(args)


class WrongForSeven(NumpyBackend):
    """Right for the batches of the rows."""

    def exp(self, x):
        y = super().exp(x)
        return y + self.cast(self.equal(self.shape(x)[0], 7), self.dtype(x)) if x.ndim else y


def test_draws_have_other_values_and_batch_sizes():
    exp = TABLE["exp"]
    plain, first, second = (harness.arrays_of(exp, 0, "float64", draw)[0] for draw in (0, 1, 2))
    assert len(plain) == 3 and [len(first), len(second)] == list(harness.BATCHES[:2])
    assert not np.isin(first, plain).any()
    assert all(r.ok and r.outputs for draw in (1, 2, 3, 4) for r in harness.run(NumpyBackend(), [exp, TABLE["rnn"]], draw=draw))


def test_the_longer_set_finds_what_depends_on_the_batch_size(capsys, monkeypatch):
    assert all(r.ok for r in harness.run(WrongForSeven(), [TABLE["exp"]]))
    monkeypatch.setitem(registry._loaded, "numpy", WrongForSeven())
    args = arguments("exp", "--backends", "numpy", "--long", "--off")
    assert args.run(args) == 1
    out = capsys.readouterr().out
    assert "exp[0#3]: result 0 is off by 1" in out
    assert [line.split()[2] for line in out.splitlines() if line.startswith("exp")] == ["float32", "float64", "float16"]


def test_the_command_needs_no_backend_but_those_it_checks(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "abacus"}')
    environment = {k: v for k, v in os.environ.items() if k not in ("KBRIDGE_BACKEND", "KERAS_BACKEND")}
    command = [sys.executable, "-m", "kbridge", "parity", "settings", "--backends", "numpy", "--dtypes", "float32"]
    done = subprocess.run(command, capture_output=True, text=True, env={**environment, "KERAS_HOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
