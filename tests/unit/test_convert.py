"""``kbridge convert`` between files: formats, errors, and that a target is whole or untouched."""

import json
import os
import zipfile

import numpy as np
import pytest
from processes import ROOT, kbridge

from kbridge.convert import NotConvertible, convert, format_of
from kbridge.engine.topology import Layer
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model, model_from_json
from kbridge.saving.errors import ModelFileError

CASES = ROOT / "tests" / "data" / "oracle" / "cases"


def test_keras1_files_keep_the_optimizer_and_its_state(tmp_path):
    convert(CASES / "opt_adam.mid.h5", tmp_path / "m.h5")
    model, before = load_model(tmp_path / "m.h5"), load_model(CASES / "opt_adam.mid.h5")
    for a, b in zip(
        model.get_weights() + model.optimizer.get_weights(), before.get_weights() + before.optimizer.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)
    convert(CASES / "opt_adam.mid.h5", tmp_path / "bare.h5", training=False)
    with pytest.warns(UserWarning, match="no training configuration"):
        load_model(tmp_path / "bare.h5")


def test_json_with_weights_and_back(tmp_path):
    convert(CASES / "arch_seq2seq.h5", tmp_path / "m.json")
    model = model_from_json((tmp_path / "m.json").read_text())
    model.load_weights(tmp_path / "m.weights.h5")
    convert(tmp_path / "m.json", tmp_path / "back.h5", weights=tmp_path / "m.weights.h5")
    with pytest.warns(UserWarning, match="no training configuration"):
        back = load_model(tmp_path / "back.h5")
    for a, b in zip(model.get_weights(), back.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.needs("yaml")
def test_yaml_is_a_source(tmp_path):
    model = Sequential([Dense(2, input_dim=3)])
    (tmp_path / "m.yaml").write_text(model.to_yaml())
    model.save_weights(tmp_path / "w.h5")
    convert(tmp_path / "m.yaml", tmp_path / "m.keras", weights=tmp_path / "w.h5")
    assert zipfile.is_zipfile(tmp_path / "m.keras")


@pytest.mark.parametrize("name,expected", [("a.h5", "keras1"), ("a.HDF5", "keras1"), ("a.keras", "keras3"), ("a.json", "json")])
def test_the_suffix_chooses_the_format(name, expected):
    assert format_of(name) == expected


@pytest.mark.parametrize(
    "arguments,error",
    [
        ({"target": "m.txt"}, ValueError),
        ({"target": "m.h5", "to": "keras4"}, ValueError),
        ({"target": "m.h5", "weights": "w.h5"}, ValueError),
        ({"source": "none.json", "target": "m.h5", "weights": "w.h5"}, FileNotFoundError),
        ({"source": "none.yaml", "target": "m.h5"}, FileNotFoundError),
        ({"source": CASES / "srelu.h5", "target": "m.keras"}, NotConvertible),
        ({"source": "broken.h5", "target": "m.h5"}, ModelFileError),
        ({"source": "none.h5", "target": "m.h5"}, FileNotFoundError),
        ({"target": "nowhere/m.keras"}, FileNotFoundError),
    ],
)
def test_what_cant_be_done_writes_nothing(arguments, error, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.h5").write_bytes(b"no model")
    arguments = {"source": CASES / "dense_relu.h5", **arguments}
    with pytest.raises(error):
        convert(**arguments)
    assert os.listdir(tmp_path) == ["broken.h5"]


def test_an_architecture_needs_its_weights(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(Sequential([Dense(2, input_dim=2)]).to_json())
    with pytest.raises(ModelFileError, match="without weights"):
        convert(path, tmp_path / "m.h5")
    done = kbridge("convert", str(path), str(tmp_path / "m.h5"), home=tmp_path)
    assert done.returncode == 1
    assert "--weights FILE" in done.stderr
    assert os.listdir(tmp_path) == ["m.json"]


def test_a_target_that_cant_be_written_stays_as_it_was(tmp_path):
    target = tmp_path / "m.keras"
    target.write_text("old")
    with pytest.raises(NotConvertible):
        convert(CASES / "srelu.h5", target)
    assert (target.read_text(), os.listdir(tmp_path)) == ("old", ["m.keras"])


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.json"])
def test_a_full_disk_leaves_the_old_file(name, tmp_path):
    Sequential([Dense(200, input_dim=200)]).save(tmp_path / "big.h5")
    (tmp_path / name).write_text("old")
    code = f"""
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.argv = ["kbridge", "convert", "big.h5", {name!r}]
from kbridge.cli import main
sys.exit(main(sys.argv[1:]))
"""
    from processes import python

    done = python("-c", code, home=tmp_path / "home", cwd=tmp_path)
    assert done.returncode == 1 and "kbridge:" in done.stderr and "Traceback" not in done.stderr
    assert (tmp_path / name).read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == sorted(["big.h5", name])


def test_the_command_says_what_it_wrote_and_what_it_cant(tmp_path):
    done = kbridge("convert", str(CASES / "embedding_dropout_inference.h5"), "m.keras", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.startswith("wrote m.keras (")
    assert "kbridge: note: layer 'embedding_1' (Embedding): its dropout" in done.stderr
    done = kbridge("convert", str(CASES / "lstm_reg.h5"), "m.h5", home=tmp_path, cwd=tmp_path)
    assert "kbridge: note: LSTM lstm_1: with consume_less=" in done.stderr
    assert "Warning" not in done.stderr
    done = kbridge("convert", str(CASES / "gru_cpu.h5"), "m.h5", "--to", "keras3", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 0
    done = kbridge("convert", str(CASES / "srelu.h5"), "s.keras", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 1 and "'srelu_1' (SReLU)" in done.stderr
    assert kbridge("convert", str(CASES / "srelu.h5"), home=tmp_path).returncode == 2


def test_custom_layers_come_from_a_file(tmp_path):
    class Half(Layer):
        def call(self, x, mask=None):
            return x * 0.5

    Sequential([Dense(2, input_dim=3), Half()]).save(tmp_path / "m.h5")
    own = "class Half(Layer):\n    def call(self, x, mask=None):\n        return x * 0.5\n"
    (tmp_path / "own.py").write_text("from kbridge.engine.topology import Layer\n" + own)
    done = kbridge("convert", "m.h5", "n.h5", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 1 and "--custom" in done.stderr
    done = kbridge("convert", "m.h5", "n.json", "--custom", "own.py", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "n.json").read_text())["config"][1]["class_name"] == "Half"
