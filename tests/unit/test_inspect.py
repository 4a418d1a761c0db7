"""``kbridge inspect``: the facts of a file, its verdicts, and that it builds and runs nothing."""

import json
import shutil
import warnings

import h5py
import numpy as np
import oracle_models
import pytest
from processes import ROOT, kbridge, output

from kbridge import backend as K
from kbridge.inspection import as_text, inspect_file
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model
from kbridge.saving.errors import ModelFileError

CASES = ROOT / "tests" / "data" / "oracle" / "cases"


@pytest.mark.parametrize("name", list(oracle_models.rows()))
def test_every_model_of_the_oracle_is_told_as_it_loads(name):
    path = CASES / f"{name}.h5"
    if not path.exists():
        pytest.skip("a case without a file")
    facts = inspect_file(path)
    assert as_text(facts)
    assert facts["keras_version"].startswith("1.2.2")
    json.dumps(facts)
    case = oracle_models.rows()[name]
    K.set_image_dim_ordering(case.get("set_image_dim_ordering", "tf"))
    try:
        if not facts["loads"]:
            with pytest.raises(ModelFileError):
                load_model(path)
            return
        try:
            model = load_model(path)
        except ModelFileError:
            # Keras 1 forgot an argument of these when it saved them: it takes building them to see it
            assert name in oracle_models.FORGOTTEN
            return
        assert facts["parameters"] == model.count_params()
    finally:
        K.set_image_dim_ordering("tf")
        K.clear_session()


def row(facts, name):
    return next(row for row in facts["layers"] if row["name"] == name)


def test_layers_of_a_graph_name_what_they_read():
    facts = inspect_file(CASES / "merge_masked.h5")
    assert row(facts, "merge_1")["inputs"] == ["embedding_1", "embedding_2"]
    assert row(facts, "embedding_1")["shapes"] == [[7, 2]]
    assert facts["training"]["optimizer"] == "SGD"
    assert (facts["kernels"]["backend"], facts["safe"], facts["loads"]) == ("tensorflow", True, True)


def test_nested_layers_stand_below_the_one_that_holds_them():
    facts = inspect_file(CASES / "arch_seq2seq.h5")
    assert [(r["name"], r["depth"]) for r in facts["layers"][-2:]] == [("timedistributed_1", 0), ("dense_1", 1)]


def test_stored_code_makes_a_file_unsafe_for_others_and_is_shown_as_an_expression():
    facts = inspect_file(CASES / "lambda_bytecode_py36.h5")
    assert (facts["safe"], facts["loads"]) == (False, True)
    assert facts["functions"] == [{"layer": "lambda_1", "key": "function", "text": "lambda x: x * 0.5", "stopped": ""}]
    assert "bytecode" in as_text(facts)
    assert "lambda_1: lambda x: x * 0.5" in as_text(facts)


def test_stored_code_that_cant_be_read_is_needed_and_what_stopped_the_reader_is_shown(tmp_path):
    recorded = json.loads((CASES.parents[1] / "bytecode" / "functions.json").read_text())["3.6"]["loop"]
    path = changed(tmp_path, CASES / "lambda_bytecode_py36.h5", "model_config", lambda c: lambda_of(c).update(function=recorded))
    facts = inspect_file(path)
    assert (facts["safe"], facts["loads"]) == (False, False)
    assert facts["needs"]["functions"] == [{"layer": "lambda_1", "key": "function", "name": "loop", "give": ["lambda_1", "loop"]}]
    assert "lambda_1: not read: it has the instruction SETUP_LOOP (a loop)" in as_text(facts)
    given = inspect_file(path, custom_objects=["lambda_1"])
    assert (given["safe"], given["loads"]) == (False, True)


def lambda_of(config):
    return next(entry["config"] for entry in config["config"] if entry["class_name"] == "Lambda")


def changed(tmp_path, source, name, change):
    path = tmp_path / "changed.h5"
    shutil.copy(source, path)
    with h5py.File(path, "r+") as h5:
        config = json.loads(h5.attrs[name])
        change(config)
        h5.attrs[name] = json.dumps(config)
    return path


@pytest.mark.parametrize(
    "change,needs",
    [
        (lambda c: c["config"][0].update(class_name="Mine"), {"classes": ["Mine"]}),
        (lambda c: c["config"][0]["config"].update(activation="mine"), {"names": ["mine"]}),
        (lambda c: c["config"][0]["config"].update(W_regularizer={"name": "Mine"}), {"names": ["Mine"]}),
        (lambda c: c["config"][0]["config"].update(mine=3), {"problem": "has no setting 'mine'"}),
        (lambda c: c["config"][0]["config"].pop("output_dim"), {"problem": "has no value for its setting 'output_dim'"}),
    ],
)
def test_what_stands_in_the_way_of_loading_is_named(change, needs, tmp_path):
    path = changed(tmp_path, CASES / "dense_relu.h5", "model_config", change)
    facts = inspect_file(path)
    assert facts["loads"] is False
    problem = needs.pop("problem", None)
    assert all(facts["needs"][key] == names for key, names in needs.items())
    assert problem is None or problem in facts["problems"][0]
    with pytest.raises(ModelFileError):
        load_model(path)
    given = inspect_file(path, custom_objects=[name for names in needs.values() for name in names])
    assert given["loads"] is (problem is None)


def test_training_with_functions_of_ones_own_is_named(tmp_path):
    path = changed(tmp_path, CASES / "dense_relu.h5", "training_config", lambda c: c.update(loss="mine", metrics=["acc", "own"]))
    assert inspect_file(path)["needs"]["training"] == ["mine", "own"]


KERAS_2 = ROOT / "tests" / "data" / "keras2"


@pytest.mark.parametrize("path", sorted(KERAS_2.glob("*.h5")), ids=lambda path: path.stem)
def test_every_file_of_keras_2_is_told_as_it_loads(path):
    facts = inspect_file(path)
    assert facts["keras_version"].startswith("2.")
    assert facts["loads"], facts["problems"]
    assert "loads here     yes" in as_text(facts)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model = load_model(path)
    assert facts["parameters"] == model.count_params()
    if facts["training"]:
        assert hasattr(model, "optimizer") is not any("optimizer" in what for what in facts["not_restored"])
        assert bool(facts["not_restored"]) <= bool(caught)
    K.clear_session()


@pytest.mark.parametrize(
    "change,problem",
    [
        (lambda layer: layer.update(class_name="Attention"), "Attention"),
        (lambda layer: layer["config"].update(use_magic=True), "use_magic"),
        (lambda layer: layer.update(config=3), "should be a dict"),
    ],
)
def test_what_kbridge_lacks_of_keras_2_is_named(change, problem, tmp_path):
    def change_first_dense(config):
        change(next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Dense"))

    path = changed(tmp_path, KERAS_2 / "dense_layers.h5", "model_config", change_first_dense)
    facts = inspect_file(path)
    assert facts["loads"] is False
    assert problem in facts["problems"][0]
    assert problem in as_text(facts)
    with pytest.raises(ModelFileError):
        load_model(path)


def test_training_settings_of_keras_2_that_kbridge_lacks_are_named(tmp_path):
    def change(config):
        config["optimizer_config"]["class_name"] = "Shampoo"

    facts = inspect_file(changed(tmp_path, KERAS_2 / "training_adam_legacy.h5", "training_config", change))
    assert facts["loads"] is True
    assert "Shampoo" in facts["not_restored"][0]
    assert "not restored:\n  optimizer and loss: kbridge doesn't have the optimizer Shampoo" in as_text(facts)


def test_files_of_keras_4_dont_load(tmp_path):
    path = tmp_path / "m.h5"
    shutil.copy(CASES / "dense_relu.h5", path)
    with h5py.File(path, "r+") as h5:
        h5.attrs["keras_version"] = "4.1.0"
    facts = inspect_file(path)
    assert row(facts, "dense_1")["shapes"]
    assert facts["problems"] == ["it was written by Keras 4.1.0; kbridge reads files of Keras 1 to 3"]


def test_weights_alone_and_those_of_keras_0(tmp_path):
    model = Sequential([Dense(3, input_dim=2, name="a"), Dense(2, name="b")])
    model.save_weights(tmp_path / "w.h5")
    facts = inspect_file(tmp_path / "w.h5")
    assert (facts["kind"], facts["parameters"], facts["loads"]) == ("weights", 17, None)
    assert [r["name"] for r in facts["layers"]] == ["a", "b"]
    with h5py.File(tmp_path / "old.h5", "w") as h5:
        h5.attrs["nb_layers"] = 1
        group = h5.create_group("layer_0")
        group.attrs["nb_params"] = 2
        group["param_0"], group["param_1"] = np.ones((2, 3)), np.ones(3)
    facts = inspect_file(tmp_path / "old.h5")
    assert (facts["parameters"], facts["kernels"]["backend"]) == (9, "theano")
    assert "load_weights" in as_text(facts)


@pytest.mark.parametrize("suffix", ["json", pytest.param("yaml", marks=pytest.mark.needs("yaml"))])
def test_an_architecture_alone(suffix, tmp_path):
    model = Sequential([Dense(3, input_dim=2, name="a")])
    path = tmp_path / f"m.{suffix}"
    path.write_text(getattr(model, f"to_{suffix}")())
    facts = inspect_file(path)
    assert (facts["kind"], facts["loads"], [r["name"] for r in facts["layers"]]) == ("architecture", True, ["a"])
    assert row(facts, "a")["input_shape"] == [None, 2]
    assert "without weights" in as_text(facts)


def test_shapes_that_come_again_for_each_gate_are_told_once():
    text = as_text(inspect_file(CASES / "lstm_masking_unroll.h5"))
    assert "72  4 times (2, 3) (3, 3) (3)\n" in text


@pytest.mark.parametrize("name", [["a"], {}, 3, None])
def test_settings_of_a_wrong_type_are_told_or_refused(name, tmp_path):
    def change(config):
        config["config"][0]["config"].update(W_regularizer={"name": name}, activation=name)

    path = changed(tmp_path, CASES / "dense_relu.h5", "model_config", change)
    with h5py.File(path) as h5:
        (tmp_path / "m.json").write_text(h5.attrs["model_config"])
    for file in (path, tmp_path / "m.json"):
        try:
            as_text(inspect_file(file))
        except ModelFileError as error:
            assert str(file) in str(error)


@pytest.mark.parametrize("name", ["none.h5", "none.json"])
def test_a_file_that_isnt_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=f"There is no file .*{name}"):
        inspect_file(tmp_path / name)


def test_statistics_count_what_is_not_finite(tmp_path):
    model = Sequential([Dense(2, input_dim=2, name="a")])
    model.set_weights([np.array([[1, np.nan], [np.inf, 3]]), np.array([np.nan, np.nan])])
    model.save(tmp_path / "m.h5")
    facts = inspect_file(tmp_path / "m.h5", weights=True)
    W, b = facts["statistics"]
    assert (W["nan"], W["inf"], W["min"], W["mean"], W["max"], W["std"]) == (1, 1, 1.0, 2.0, 3.0, 1.0)
    assert (b["nan"], b["min"]) == (2, None)
    assert "NaN" in as_text(facts)


def test_names_from_a_file_cant_steer_a_terminal(tmp_path):
    path = changed(tmp_path, CASES / "dense_relu.h5", "model_config", lambda c: c["config"][1].update(class_name="\x1b[2J\nDense"))
    assert "\x1b" not in as_text(inspect_file(path))


@pytest.mark.parametrize(
    "change",
    [
        lambda h5: h5.__setitem__("model_weights/dense_1/other", h5py.ExternalLink("/etc/passwd", "/x")),
        lambda h5: h5["model_weights"].attrs.__delitem__("layer_names"),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", np.array([b"../x"])),
        lambda h5: h5.attrs.__setitem__("model_config", "{"),
        lambda h5: h5.attrs.__setitem__("model_config", "[" * 5000),
        lambda h5: h5.attrs.__setitem__("training_config", 3),
    ],
)
def test_hostile_files_are_refused(change, tmp_path):
    shutil.copy(CASES / "dense_relu.h5", tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as h5:
        change(h5)
        if "other" in h5["model_weights/dense_1"]:
            h5["model_weights/dense_1"].attrs["weight_names"] = np.array([b"other"])
    with pytest.raises(ModelFileError):
        inspect_file(tmp_path / "m.h5")


def test_the_command_prints_text_or_json_and_ends_with_1_for_a_bad_file(tmp_path):
    path = str(CASES / "opt_adam.mid.h5")
    done = kbridge("inspect", path, "--weights", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "loads here     yes" in done.stdout and "Variable_5:0" in done.stdout
    facts = json.loads(kbridge("inspect", path, "--json", home=tmp_path).stdout)
    assert facts["training"]["optimizer_values"] == 87
    (tmp_path / "bad.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    done = kbridge("inspect", str(tmp_path / "bad.h5"), home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "") and "bad.h5" in done.stderr
    assert kbridge("inspect", str(tmp_path / "none.h5"), home=tmp_path).returncode == 1


def test_inspecting_builds_no_layer(tmp_path):
    code = f"""
from kbridge.engine.layer import Layer
def refuse(*args, **kwargs):
    raise SystemExit("a layer was built")
Layer.__init__ = refuse
from kbridge.inspection import inspect_file
print(inspect_file({str(CASES / "arch_seq2seq.h5")!r}, weights=True)["loads"])
"""
    assert output(code, tmp_path).strip() == "True"


def test_no_backend_is_loaded_to_look_at_a_file(tmp_path):
    """Whichever the user has chosen, and whatever the file holds: functions as bytecode, operations, a folder."""
    data = ROOT / "tests" / "data"
    files = [data / "bytecode/models/keras.keras", data / "bytecode/models/tf_keras.h5", data / "checkpoints/keras2/conv2d/saved_model"]
    program = f"""
import sys, kbridge.saving.functions, kbridge.operations
print('kbridge.backend' in sys.modules)
from kbridge.cli import main
for file in {list(map(str, files))}:
    main(['inspect', file])
print({{name.partition('.')[0] for name in sys.modules}} & {{'tensorflow', 'theano'}})
"""
    lines = output(program, tmp_path, KBRIDGE_BACKEND="tensorflow").splitlines()
    assert (lines[0], lines[-1]) == ("False", "set()")


def test_the_count_of_updates_of_an_older_optimizer_is_state():
    """tf.keras before 2.11 keeps it beside the moments; plain SGD has nothing else."""
    from kbridge.inspection.contents import open_contents

    with open_contents(ROOT / "tests/data/checkpoints/keras2/training_adagrad_legacy/weights.index") as found:
        names = [name for name, _ in found.optimizer]
    assert names[0] == "optimizer/iter/.ATTRIBUTES/VARIABLE_VALUE"
    assert len(names) > 1


@pytest.mark.parametrize("name", ["crop_pad_up_2d_th", "prelu_shared_axes", "srelu_shared", "parametric_softplus_shared"])
def test_settings_that_keras_1_left_out_come_from_the_rest_of_the_file(name):
    """The ordering of other layers, and weights with one entry for a whole axis: the file loads as ``inspect`` says, whatever the setting."""
    path = ROOT / f"tests/data/oracle/cases/{name}.h5"
    facts = inspect_file(path)
    assert facts["loads"] and not facts["notes"]
    with np.load(path.with_suffix(".npz")) as arrays:
        expected = next(key for key in ("both/predict/0", "tf/predict/0") if key in arrays)
        np.testing.assert_allclose(load_model(path).predict(arrays["x/0"]), arrays[expected], atol=1e-5)


def test_an_ordering_that_nothing_in_the_file_tells_is_a_note():
    path = ROOT / "tests/data/oracle/cases/crop_pad_up_3d_th.h5"
    assert "'zeropadding3d_1'" in inspect_file(path)["notes"][0]
    with pytest.raises(ModelFileError, match="zeropadding3d_1.*set_image_dim_ordering"):
        load_model(path)
    K.set_image_dim_ordering("th")
    try:
        assert load_model(path).input_shape == (None, 2, 2, 3, 2)
    finally:
        K.set_image_dim_ordering("tf")
