"""A corpus of hostile and damaged model files: each is refused with ModelFileError, and nothing in it runs."""

import json
import marshal
import os
import shutil
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense, Input, merge
from kbridge.models import Model, Sequential, load_model, model_from_json
from kbridge.saving.errors import ModelFileError
from kbridge.saving.precheck import check_bytes, mapped
from kbridge.saving.reading import open_file


@pytest.fixture(scope="module")
def good_file(tmp_path_factory):
    """A good model file, compiled and trained for a step."""
    model = Sequential([Dense(3, input_dim=4, name="d1"), Dense(2, name="d2")])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 4)), np.ones((2, 2)))
    path = tmp_path_factory.mktemp("good") / "model.h5"
    model.save(path)
    return path


@pytest.fixture
def path(good_file, tmp_path):
    """A copy of the good file, to be spoilt."""
    shutil.copy(good_file, tmp_path / "model.h5")
    yield str(tmp_path / "model.h5")
    K.clear_session()


def change_text(path, name, change):
    with h5py.File(path, "r+") as h5:
        config = json.loads(h5.attrs[name])
        changed = change(config)
        h5.attrs[name] = json.dumps(config if changed is None else changed)


def refused(path, match=None, **options):
    with pytest.raises(ModelFileError, match=match):
        load_model(path, **options)


# ---------------------------------------------------------------------- code


def evil_code(marker):
    return f"__import__('os').system('touch {marker}')"


def bytecode(marker):
    code = compile(f"lambda x: {evil_code(marker)}", "evil", "eval").co_consts[0]
    return [marshal.dumps(code).decode("raw_unicode_escape"), None, None]


def lambda_entry(marker, **extra):
    return {
        "class_name": "Lambda",
        "config": {
            "name": "evil",
            "trainable": True,
            "function": bytecode(marker),
            "function_type": "lambda",
            "output_shape": None,
            "output_shape_type": "raw",
            "arguments": {},
            **extra,
        },
    }


def test_bytecode_of_a_lambda_layer_never_runs(path, tmp_path):
    marker = tmp_path / "ran"
    change_text(path, "model_config", lambda c: c["config"].append(lambda_entry(marker)))
    refused(path, "'evil'")
    assert not marker.exists()


def test_bytecode_deep_inside_other_layers_never_runs(path, tmp_path):
    marker = tmp_path / "ran"

    def change(config):
        entry = lambda_entry(marker)
        for _ in range(5):
            entry = {"class_name": "Sequential", "config": [entry]}
        config["config"].append({"class_name": "TimeDistributed", "config": {"name": "t", "layer": entry}})

    change_text(path, "model_config", change)
    refused(path, "'evil'")
    assert not marker.exists()


def test_bytecode_as_output_shape_or_merge_mode_never_runs(path, tmp_path):
    marker = tmp_path / "ran"
    entry = lambda_entry(marker, function="known", function_type="function", output_shape=bytecode(marker), output_shape_type="lambda")
    change_text(path, "model_config", lambda c: c["config"].append(entry))
    refused(path, "output_shape", custom_objects={"known": lambda x: x})
    merged = {"class_name": "Merge", "config": {"name": "m", "mode": bytecode(marker), "mode_type": "lambda"}}
    with pytest.raises(ModelFileError, match="'m'"):
        model_from_json(json.dumps({"class_name": "Sequential", "config": [merged]}))
    assert not marker.exists()


def test_function_type_that_lies_runs_nothing(path, tmp_path):
    marker = tmp_path / "ran"
    for kind in ("raw", "code", None, 3):
        entry = lambda_entry(marker, function_type=kind)
        with pytest.raises((ModelFileError, ValueError, TypeError)):
            model_from_json(json.dumps({"class_name": "Sequential", "config": [entry]}))
    assert not marker.exists()


@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "subprocess.Popen", "__import__", "get_custom_objects", "K", "np", ""])
def test_class_names_that_are_no_layers_are_refused(path, name):
    def change(config):
        config["config"][1] = {
            "class_name": name,
            "module": "os",
            "registered_name": name,
            "config": {"name": "x", "command": "true"},
        }

    change_text(path, "model_config", change)
    refused(path, "Unknown layer")


@pytest.mark.parametrize("key", ["activation", "init", "W_regularizer", "W_constraint"])
@pytest.mark.parametrize(
    "value",
    [
        "eval",
        "os.system",
        "__builtins__",
        "K",
        "get",
        "get_from_module",
        {"name": "eval"},
        {"name": "get"},
        {"name": "get_from_module"},
        ["x"],
        3,
    ],
)
def test_names_of_functions_come_from_closed_tables(path, key, value):
    change_text(path, "model_config", lambda c: c["config"][1]["config"].update({key: value}))
    refused(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(loss="eval"),
        lambda c: c.update(loss="get"),
        lambda c: c.update(loss="get_from_module"),
        lambda c: c.update(loss=["mse", "mse"]),
        lambda c: c.update(loss=None),
        lambda c: c.update(loss={"other": "mse"}),
        lambda c: c.update(metrics=["eval"]),
        lambda c: c.update(metrics=3),
        lambda c: c.update(optimizer_config={"class_name": "eval", "config": {}}),
        lambda c: c.update(optimizer_config={"class_name": "os.system", "config": {"command": "true"}}),
        lambda c: c.update(optimizer_config={"class_name": "Adam", "config": {"lr": "high"}}),
        lambda c: c.update(optimizer_config={"class_name": "Adam", "config": {"unknown": 1}}),
        lambda c: c.update(optimizer_config="adam"),
        lambda c: c.update(optimizer_config={"class_name": "SGD", "config": {}}),
        lambda c: c.pop("loss"),
        lambda c: c.pop("optimizer_config"),
        lambda c: c.update(sample_weight_mode="other"),
        lambda c: c.update(loss_weights=[1, 2, 3]),
        lambda c: [],
        lambda c: "text",
    ],
)
def test_training_configs_that_make_no_sense_are_refused(path, change):
    change_text(path, "training_config", lambda c: change(c))
    refused(path)


# ---------------------------------------------------------------------- configs


def first_layer(**changes):
    return lambda c: c["config"][0]["config"].update(changes)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: [],
        lambda c: 3,
        lambda c: {},
        lambda c: c.update(class_name="Model"),
        lambda c: c.update(class_name=None),
        lambda c: c.update(config=None),
        lambda c: c.update(config=[]),
        lambda c: c.update(config=[3]),
        lambda c: c.update(config={"name": "m", "layers": [], "input_layers": [], "output_layers": []}),
        lambda c: c["config"][0].pop("config"),
        lambda c: c["config"][0].pop("class_name"),
        lambda c: c["config"][0].update(config=None),
        first_layer(output_dim=-1),
        first_layer(output_dim=0.5),
        first_layer(output_dim="many"),
        first_layer(output_dim=None),
        first_layer(batch_input_shape=None),
        first_layer(batch_input_shape=[]),
        first_layer(batch_input_shape=[None, -4]),
        first_layer(batch_input_shape="text"),
        first_layer(batch_input_shape=[None, 2**70]),
        first_layer(input_dtype="object"),
        first_layer(unknown_argument=1),
        first_layer(name=["list"]),
        first_layer(name={"a": 1}),
        first_layer(activation={"name": ["x"]}),
        first_layer(W_regularizer={"l1": 0.1}),
    ],
)
def test_configs_that_make_no_sense_are_refused(path, change):
    change_text(path, "model_config", change)
    refused(path)


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[" * 100_000, b"\xff\xfe", b'"' + b"x" * 1000 + b'"', b"NaN"])
def test_model_config_that_is_no_json_is_refused(path, text):
    with h5py.File(path, "r+") as h5:
        h5.attrs.create("model_config", text, shape=(), dtype=h5py.string_dtype("ascii"))
    refused(path)


@pytest.mark.parametrize("value", [3, np.arange(3), np.array([b"a", b"b"]), 2.5, True])
def test_model_config_of_another_type_is_refused(path, value):
    with h5py.File(path, "r+") as h5:
        h5.attrs["model_config"] = value
    refused(path, "model_config")


def graph(tmp_path):
    a = Input((4,), name="a")
    model = Model(a, merge([Dense(2, name="x")(a), Dense(2, name="y")(a)], mode="sum", name="m"))
    model.save(tmp_path / "graph.h5")
    return str(tmp_path / "graph.h5")


@pytest.mark.parametrize(
    "calls",
    [
        [[["m", 0, 0]]],  # a circle
        [[["none", 0, 0]]],
        [[["a", 7, 0]]],
        [[["a", 0, 7]]],
        [[["a", -1, 0]]],
        [[["a", 0, -5]]],
        [[["a"]]],
        [["a", 0, 0]],
        [[]],
        "a",
        None,
        [[["a", "0", 0]]],
        [[[["a"], 0, 0]]],
    ],
)
def test_graphs_that_are_none_are_refused(tmp_path, calls):
    path = graph(tmp_path)

    def change(config):
        entry = next(e for e in config["config"]["layers"] if e["name"] == "x")
        entry["inbound_nodes"] = calls

    change_text(path, "model_config", change)
    refused(path, compile=False)


# ---------------------------------------------------------------------- sizes


def test_layer_larger_than_its_stored_weights_is_refused_before_memory_is_taken(path):
    change_text(path, "model_config", first_layer(output_dim=2**40))
    refused(path, "more weights than the file holds")


def test_stored_array_larger_than_the_layer_is_refused(path):
    with h5py.File(path, "r+") as h5:
        del h5["model_weights/d1/d1_W:0"]
        h5["model_weights/d1/d1_W:0"] = np.ones((400, 300))
    refused(path, r"\(4, 3\).*\(400, 300\)")


def test_deep_nesting_is_refused(path):
    def change(config):
        entry = config["config"][0]
        for _ in range(300):
            entry = {"class_name": "Sequential", "config": [entry]}
        return entry

    change_text(path, "model_config", change)
    refused(path)


def test_hundred_thousand_layers_are_refused(path):
    change_text(
        path,
        "model_config",
        lambda c: c["config"].extend([{"class_name": "Activation", "config": {"activation": "relu"}}] * 100_000),
    )
    refused(path, "layers")


def nested_calls(depth):
    """A model in a model and so on, each called twice by the next: 2 ** depth calls of one layer."""
    model = {"class_name": "Dense", "config": {"name": "dense", "output_dim": 1, "input_dim": 1}}
    for level in range(depth):
        source = {"name": "x", "class_name": "InputLayer", "inbound_nodes": []}
        source["config"] = {"name": "x", "batch_input_shape": [None, 1], "input_dtype": "float32", "sparse": False}
        calls = [[["x", 0, 0]], [["inner", 0 if level == 0 else 1, 0]]]
        inner = {"name": "inner", "class_name": model["class_name"], "config": model["config"], "inbound_nodes": calls}
        if level == 0:
            del inner["config"]["input_dim"]
        config = {"name": f"level{level}", "layers": [source, inner], "input_layers": [["x", 0, 0]]}
        config["output_layers"] = [["inner", 1 if level == 0 else 2, 0]]
        model = {"class_name": "Model", "config": config}
    return json.dumps(model)


def test_models_nested_so_that_calls_multiply_are_refused():
    assert model_from_json(nested_calls(4)).predict(np.ones((1, 1))).shape == (1, 1)
    with pytest.raises(ModelFileError, match="called more than"):
        model_from_json(nested_calls(40))


def lstm(**config):
    return json.dumps({"class_name": "Sequential", "config": [{"class_name": "LSTM", "config": {"output_dim": 4, **config}}]})


def test_a_state_larger_than_any_model_has_is_refused():
    assert model_from_json(lstm(stateful=True, batch_input_shape=[2, 3, 1])).layers[0].stateful
    with pytest.raises(ModelFileError, match="states of its layers take more than"):
        model_from_json(lstm(stateful=True, batch_input_shape=[10**9, 3, 1]))


def test_unrolling_over_millions_of_steps_is_refused():
    assert model_from_json(lstm(unroll=True, batch_input_shape=[None, 3, 1])).layers[0].unroll
    with pytest.raises(ModelFileError, match="called more than.*unrolled layer"):
        model_from_json(lstm(unroll=True, batch_input_shape=[None, 10**7, 1]))


def test_a_model_of_a_thousand_layers_is_loaded():
    model = Sequential([Dense(2, input_dim=2, name="first")] + [Dense(2) for _ in range(999)])
    assert len(model_from_json(model.to_json()).layers) == 1000


@pytest.mark.once
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
def test_loading_a_bomb_takes_little_memory(path, tmp_path):
    change_text(path, "model_config", first_layer(output_dim=2**28))
    with h5py.File(path, "r+") as h5:
        del h5["model_weights/d1/d1_W:0"]
        h5.create_dataset("model_weights/d1/d1_W:0", (4, 2**28), "f4", compression="gzip")
    code = (
        "import resource, sys\nfrom kbridge.models import load_model\nfrom kbridge.saving.errors import ModelFileError\n"
        "import h5py\nbefore = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    load_model(sys.argv[1])\nexcept ModelFileError:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    environment = {**os.environ, "KBRIDGE_BACKEND": "numpy", "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True, env=environment)
    assert int(done.stdout) < 100_000  # kilobytes; the array would take 4 million


# ---------------------------------------------------------------------- HDF5


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("value", ["nine long", ["nine long"] * 3])
def test_texts_that_claim_to_be_longer_than_the_file_are_refused_before_memory_is_taken(libver, value, tmp_path):
    path = tmp_path / "m.h5"
    with h5py.File(path, "w", libver=libver) as h5:
        h5.attrs["model_config"] = value
    with mapped(str(path)) as data:
        check_bytes(str(path), data)
    data = path.read_bytes()
    heap = data.index(b"GCOL").to_bytes(8, "little")
    stored = (9).to_bytes(4, "little") + heap
    assert stored in data
    path.write_bytes(data.replace(stored, (2**31).to_bytes(4, "little") + heap))
    refused(path, "the length of a text|checksum")


def test_the_last_of_many_texts_may_not_claim_to_be_longer_than_the_file_either(tmp_path):
    path = tmp_path / "m.h5"
    with h5py.File(path, "w") as h5:
        h5.attrs["names"] = ["nine long"] * 20
    data = bytearray(path.read_bytes())
    last = data.rindex((9).to_bytes(4, "little") + data.index(b"GCOL").to_bytes(8, "little"))
    data[last : last + 4] = (2**31).to_bytes(4, "little")
    path.write_bytes(data)
    with mapped(str(path)) as raw, pytest.raises(ModelFileError, match="the length of a text"):
        check_bytes(str(path), raw)


def test_a_heap_of_texts_that_is_not_whole_is_found_in_a_file_and_in_a_member_of_an_archive(tmp_path):
    path, size = tmp_path / "m.h5", 1000
    with h5py.File(path, "w") as h5:
        h5.attrs["names"] = ["nine long"] * 3
    data = bytearray(path.read_bytes())
    heap = data.index(b"GCOL")
    data[heap + 24 : heap + 32] = (2**40).to_bytes(8, "little")  # the size of its first text
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match="a heap of texts"), open_file(str(path)) as root:
        root.names("names")
    path.write_bytes(b"x" * size + data + b"x" * size)
    with mapped(str(path)) as raw:
        with pytest.raises(ModelFileError, match=f"a heap of texts at byte {heap}"):
            check_bytes(str(path), raw.part(size, len(data)))
        check_bytes(str(path), raw.part(size, heap))


def test_what_looks_like_a_text_at_the_very_end_of_a_file_is_none(tmp_path):
    path = tmp_path / "m.h5"
    path.write_bytes(b"\0" * 32 + b"\x19\1\0\0\x10\0\0\0")
    with mapped(str(path)) as raw:
        check_bytes(str(path), raw)


def test_weights_in_another_file_are_refused(path, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\0" * 48)
    with h5py.File(path, "r+") as h5:
        del h5["model_weights/d1/d1_W:0"]
        h5["model_weights/d1"].create_dataset("d1_W:0", (4, 3), "f4", external=[(str(secret), 0, 48)])
    refused(path, "another file")


@pytest.mark.parametrize("link", [h5py.SoftLink("/model_weights/d2"), h5py.ExternalLink("/etc/passwd", "/x")])
@pytest.mark.parametrize("place", ["model_weights/d1", "model_weights/d1/d1_W:0", "model_weights", "optimizer_weights"])
def test_links_are_refused(path, link, place):
    with h5py.File(path, "r+") as h5:
        del h5[place]
        h5[place] = link
    refused(path, "links")


@pytest.mark.parametrize(
    "change",
    [
        lambda h5: h5["model_weights"].attrs.__delitem__("layer_names"),
        lambda h5: h5["model_weights/d1"].attrs.__delitem__("weight_names"),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", np.array([b"d1"])),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", np.array([b"d1", b"d1"])),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", np.array([b"d1", b"none"])),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", np.array([b"d1", b"../model_weights/d2"])),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", 3),
        lambda h5: h5["model_weights"].attrs.__setitem__("layer_names", np.array([[b"d1", b"d2"]])),
        lambda h5: h5["model_weights/d1"].attrs.__setitem__("weight_names", np.array([b"d1_W:0", b"none"])),
        lambda h5: h5["model_weights/d1"].attrs.__setitem__("weight_names", np.array([b"\xff\xff"])),
        lambda h5: h5.__delitem__("model_weights"),
        lambda h5: h5.__delitem__("model_weights/d2"),
        lambda h5: h5.__delitem__("model_weights/d1/d1_W:0"),
        lambda h5: h5["optimizer_weights"].attrs.__setitem__("weight_names", np.array([b"none"])),
        lambda h5: h5["optimizer_weights"].attrs.__setitem__("weight_names", h5["optimizer_weights"].attrs["weight_names"][:-1]),
        lambda h5: h5.attrs.__delitem__("model_config"),
        lambda h5: h5.attrs.__setitem__("backend", 3),
        lambda h5: h5.attrs.__setitem__("kbridge_optimizer_counters", "{"),
    ],
)
def test_files_with_parts_missing_or_mixed_up_are_refused(path, change):
    with h5py.File(path, "r+") as h5:
        change(h5)
    refused(path)


@pytest.mark.parametrize("dtype", [h5py.string_dtype(), "S4", h5py.ref_dtype, [("a", "f4")], "c8"])
def test_weights_that_are_no_numbers_are_refused(path, dtype):
    with h5py.File(path, "r+") as h5:
        del h5["model_weights/d1/d1_W:0"]
        h5["model_weights/d1"].create_dataset("d1_W:0", (4, 3), dtype)
    refused(path, "numbers")


def test_archives_and_other_formats_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("../../escaped", "x")
        archive.writestr("config.json", "{}")
    refused(tmp_path / "model.keras", "leads out of the archive")
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object))
    refused(tmp_path / "pickled.npy", "is an array of NumPy")


def test_weights_of_nan_are_fine(path):
    with h5py.File(path, "r+") as h5:
        h5["model_weights/d1/d1_W:0"][:] = np.nan
    assert np.isnan(load_model(path).get_weights()[0]).all()
