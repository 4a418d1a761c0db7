"""The command ``kbridge predict`` as a user sees it, and the files that it writes."""

import csv
import json
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose
from processes import kbridge, kbridge_here
from serving_models import picture_model

from kbridge.errors import UsageError
from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.prediction.results import Csv, JsonLines, Npy, Table
from kbridge.prediction.signature import Tensor

CLASSES = [Tensor("y", (3,), "float32")]


@pytest.fixture
def model(tmp_path):
    found = Sequential([Dense(3, input_dim=2, activation="softmax", name="y")])
    found.set_weights([np.array([[1.0, 0, -1], [0, 2, 0]]), np.zeros(3)])
    found.save(tmp_path / "model.h5")
    return found


def test_a_table_on_the_screen_with_the_labels_beside_the_model(model, tmp_path):
    (tmp_path / "labels.txt").write_text("0 left\n1 up\n2 right\n")
    (tmp_path / "rows.csv").write_text("1,0\n0,1\n?,0\n")
    done = kbridge("predict", "model.h5", "rows.csv", "--top", "1", home=tmp_path, cwd=tmp_path)
    shown = [line.split() for line in done.stdout.splitlines()]
    assert [line[:2] for line in shown] == [["rows.csv[1]", "left"], ["rows.csv[2]", "up"], ["rows.csv[3]", "not"]]
    assert "66.5%" in shown[0]
    assert done.returncode == 1
    assert "labels: " in done.stderr and "1 of 3 could not be predicted" in done.stderr


def test_the_first_bad_input_ends_a_strict_run_with_its_name(model, tmp_path):
    (tmp_path / "rows.csv").write_text("1,0\n?,0\n0,1\n")
    done = kbridge("predict", "model.h5", "rows.csv", "--strict", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 1
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["rows.csv[1]"]
    assert done.stderr.endswith("kbridge: rows.csv[2]: '?' isn't a number\n")


def test_a_run_that_was_killed_goes_on(model, tmp_path):
    x = np.random.RandomState(0).rand(7, 2)
    np.save(tmp_path / "x.npy", x)
    whole = kbridge("predict", "model.h5", "x.npy", "-o", "whole.csv", home=tmp_path, cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    text = (tmp_path / "whole.csv").read_bytes()
    # the third row is torn
    (tmp_path / "part.csv").write_bytes(text[: text.index(b"\n", text.index(b"x.npy[2]")) - 3])
    done = kbridge("predict", "model.h5", "x.npy", "-o", "part.csv", "--resume", home=tmp_path, cwd=tmp_path)
    assert "part.csv holds 2 results" in done.stderr
    assert (tmp_path / "part.csv").read_bytes() == text
    rows = list(csv.DictReader(text.decode().splitlines()))
    assert_allclose([[float(row[f"y[{i}]"]) for i in range(3)] for row in rows], model.predict(x), rtol=1e-5)


@pytest.mark.parametrize(("arguments", "words"), [
    (["x.npy", "--resume"], "--resume needs the file to continue"),
    (["x.npy", "-o", "out.txt"], "suffix of 'out.txt' must be"),
    (["x.npy", "--labels", "nothing.txt"], "There is no file 'nothing.txt'"),
    (["x.npy", "--batch-size", "0"], "--batch-size must be at least 1"),
    (["nothing.npy"], "There is no file 'nothing.npy'"),
    (["x.npy", "-o", "x.npy", "--resume"], "holds float64 (1, 2), but this model returns float32 (3,)"),
])  # fmt: skip
def test_wrong_use_is_one_line(model, tmp_path, arguments, words, monkeypatch, capsys):
    np.save(tmp_path / "x.npy", np.ones((1, 2)))
    monkeypatch.chdir(tmp_path)
    status, said = kbridge_here("predict", "model.h5", *arguments, capsys=capsys)
    assert status == 1
    assert words in said.splitlines()[-1], said


def test_an_array_file_grows_and_its_header_with_it(tmp_path):
    results = Npy(tmp_path / "y.npy", False, CLASSES)
    results.write("a", [np.array([1, 2, 3.0])])
    results.flush()
    assert np.load(tmp_path / "y.npy").tolist() == [[1, 2, 3]]
    results.failed("b", "why")
    # as if it were killed here: the row is there, the header doesn't count it yet
    results.file.flush()
    again = Npy(tmp_path / "y.npy", True, CLASSES)
    assert again.done == 2
    again.write("c", [np.array([4, 5, 6.0])])
    again.close()
    assert np.isnan(np.load(tmp_path / "y.npy")[1]).all() and np.load(tmp_path / "y.npy")[2].tolist() == [4, 5, 6]


def test_a_table_shows_percent_for_probabilities_alone(capsys):
    table = Table(CLASSES, ["a", "b", "c"], True, 2, 4)
    for values in ([0.5, 0.25, 0.25], [0.78, -0.55, 0.1], [0.9, 0.8, 0.7]):
        table.write("x", [np.array(values, "float32")])
    Table(CLASSES, ["a", "b"], True, 2, 4).write("x", [np.array([-0.5], "float32")])
    shown = [line.split(None, 1)[1] for line in capsys.readouterr().out.splitlines()]
    assert shown == ["a  50.0%  b  25.0%", "a 0.78  c 0.1", "a 0.9  b 0.8", "-0.5"]


def test_a_picture_without_pillow_is_one_line(tmp_path, monkeypatch, capsys):
    picture_model(tmp_path / "m.h5")
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 30)
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    status, said = kbridge_here("predict", str(tmp_path / "m.h5"), str(tmp_path / "x.png"), capsys=capsys)
    assert (status, "pip install '.[images]'" in said.splitlines()[-1], "Traceback" in said) == (1, True, False), said


def test_json_lines(tmp_path):
    results = JsonLines(tmp_path / "y.jsonl", False, CLASSES, ["a", "b", "c"], True, 1)
    results.write("x", [np.array([0.1, np.nan, 0.9], "float32")])
    results.failed("z", "torn")
    results.close()
    first, second = [json.loads(line) for line in (tmp_path / "y.jsonl").read_text().splitlines()]
    assert first["output"] == [0.1, None, 0.9]
    assert second == {"item": "z", "error": "torn"}
    with open(tmp_path / "y.jsonl", "a") as file:
        file.write('{"item": "to')
    again = JsonLines(tmp_path / "y.jsonl", True, CLASSES, None, False, 1)
    again.write("to", [np.zeros(3)])
    again.close()
    assert [json.loads(line)["item"] for line in (tmp_path / "y.jsonl").read_text().splitlines()] == ["x", "z", "to"]


def test_a_table_of_another_model_does_not_go_on(tmp_path):
    Csv(tmp_path / "y.csv", False, CLASSES, None, True).close()
    with pytest.raises(UsageError, match="other columns"):
        Csv(tmp_path / "y.csv", True, [Tensor("y", (2,), "float32")], None, True)


def test_large_outputs_make_no_lines_of_csv(tmp_path):
    with pytest.raises(UsageError, match="Use .npy or .jsonl"):
        Csv(tmp_path / "y.csv", False, [Tensor("y", (64, 64), "float32")], None, False)
