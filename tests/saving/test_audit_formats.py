"""What Python itself sees while archives, checkpoints, SavedModel folders, sharded weights and vocabularies are loaded, sound and hostile ones.

Each lies in a folder of its own; no other file is opened, and no code comes from any of them.
"""

import os
import subprocess
import sys
from pathlib import Path

from kbridge import backend as K

PROGRAM = r"""
import base64, copy, json, os, shutil, sys, tempfile, warnings, zipfile
from importlib.util import find_spec
from pathlib import Path

from fuzz_formats import varint

from kbridge.inspection import as_text, inspect_file
from kbridge.layers import Dense
from kbridge.models import Sequential, load_model, model_from_json, model_from_yaml

warnings.simplefilter("ignore")
folder, data, few = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "few"
canary, elsewhere = folder / "canary", folder.parent / "elsewhere.h5"
tempfile.tempdir = str(folder / "unpacked")
os.mkdir(tempfile.tempdir)
recorded = json.loads((data / "bytecode" / "functions.json").read_text())


def good(*names):
    found = []
    for name in names:
        target = folder / name.replace("/", "_")
        (shutil.copytree if (data / name).is_dir() else shutil.copy)(data / name, target)
        found.append(target)
    return found


# ---- archives: sound ones, with vocabularies and compressed weights, and hostile ones
archives = good("keras3/dense_layers.keras", "keras3/nested_models.keras", "adapted/keras_sl.keras", "adapted/keras_tv_idf.keras", "bytecode/models/keras.keras")


def changed(name, change, extra=(), compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(data / "keras3" / "dense_layers.keras") as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    path = folder / f"{name}.keras"
    with zipfile.ZipFile(path, "w", compression) as archive:
        for member, content in [*members.items(), *extra]:
            archive.writestr(member, content)
    archives.append(path)


def with_layer(layer):
    def change(config):
        layers = config["config"]["layers"]
        layers.insert(1, {"module": "keras.layers", "registered_name": None, "build_config": {}, **layer})

    return change


def function(stored):
    config = {"name": "hostile", "trainable": True, "dtype": "float32", "arguments": {}, "output_shape": None, "mask": None}
    return {"class_name": "Lambda", "config": {**config, "function": stored}}


changed("packed", lambda config: None, compression=zipfile.ZIP_DEFLATED)
versions = ("3.11",) if few else ("2.7", "3.8", "3.13")
for version in versions:
    for name in ("imports_os", "evaluates", "opens", "climbs", "scale"):
        if name in recorded[version]:
            code, defaults, closure = recorded[version][name]
            stored = {"class_name": "__lambda__", "config": {"code": code, "defaults": defaults, "closure": closure}}
            changed(f"{version}-{name}", with_layer(function(stored)))
for number, stored in enumerate([
    {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    {"module": "builtins", "class_name": "function", "config": "eval", "registered_name": "eval"},
    {"module": "keras.src.utils.python_utils", "class_name": "function", "config": "func_load", "registered_name": None},
]):
    changed(f"named-{number}", with_layer(function(stored)))
changed("class", with_layer({"module": "subprocess", "class_name": "Popen", "config": {"args": f"touch {canary}"}, "registered_name": "Popen"}))
changed("code", with_layer({"module": "builtins", "class_name": "exec", "config": f"open({str(canary)!r}, 'w')"}))
changed("vocabulary", with_layer({"class_name": "StringLookup", "config": {"name": "v", "vocabulary": "/etc/passwd"}}))
changed("traversal", lambda config: None, extra=[("../elsewhere.h5", b"x")])
changed("pickled", with_layer(function({"class_name": "__lambda__", "config": {"code": base64.b64encode(b"\x80\x04cos\nsystem\n").decode()}})))

# ---- checkpoints and SavedModel folders
checkpoint = good("checkpoints/keras2/training_adam")[0]
saved = good("checkpoints/keras2/dense_layers/saved_model", "checkpoints/keras2/nested_models/saved_model")


def field(number, value):
    return varint(number << 3 | 2) + varint(len(value)) + value


def saved_as(name, root):
    target = folder / name
    shutil.copytree(saved[0], target)
    record = field(3, b"root") + field(4, b"_tf_keras_sequential") + field(5, json.dumps(root).encode())
    (target / "keras_metadata.pb").write_bytes(field(1, record))
    saved.append(target)


for version in versions:
    for name in ("imports_os", "evaluates", "scale"):
        if name in recorded[version]:
            layer = {"name": "l", "trainable": True, "dtype": "float32", "function": recorded[version][name], "function_type": "lambda", "module": "os",
                     "output_shape": None, "output_shape_type": "raw", "output_shape_module": None, "arguments": {}, "batch_input_shape": [None, 3]}
            config = {"name": "s", "layers": [{"class_name": "Lambda", "config": layer}]}
            saved_as(f"saved-{version}-{name}", {"class_name": "Sequential", "config": config, "keras_version": "2.10.0", "backend": "tensorflow"})
saved_as("saved-class", {"class_name": "os.system", "config": {"layers": []}, "keras_version": "2.10.0"})
os.symlink(elsewhere, checkpoint / "other.index")

# ---- weights: in several files, and in files that a list should not name
shards = folder / "sharded"
os.mkdir(shards)
for path in data.glob("keras3/shards*"):
    shutil.copy(path, shards)
listed = shards / "shards.weights.json"
hostile_lists = []
for number, name in enumerate(["../elsewhere.h5", str(elsewhere), "..", "a\\b", "x:y"]):
    hostile_lists.append(shards / f"hostile_{number}.weights.json")
    hostile_lists[-1].write_text(json.dumps({"metadata": {}, "weight_map": {"/a": [name]}}))
elsewhere.write_bytes((data / "keras3" / "dense_layers.h5").read_bytes())
weights = good("keras3/language.weights.h5")

texts = [json.loads(path.read_text()) for path in [checkpoint / "model.json"]]
yamls = [f"class_name: Sequential\nconfig: [!!python/object/apply:os.system ['touch {canary}']]", "!!python/object/new:os.system ['x']"]

model = model_from_json((checkpoint / "model.json").read_text())
sharded_model = load_model(data / "keras3" / "stacks.keras", compile=False)


def attempt(call, *args):
    try:
        call(*args)
        return "loaded"
    except (ValueError, TypeError, OSError):
        return "refused"


def everything():
    found = [attempt(load_model, path) for path in [*archives, *saved]]
    found += [attempt(lambda p: as_text(inspect_file(p, weights=True)), path) for path in [*archives, *saved, checkpoint / "weights.index", *weights]]
    found += [attempt(model.load_weights, path) for path in [checkpoint / "weights", *saved[:1], *archives[:2], *weights, listed, *hostile_lists]]
    found.append(attempt(sharded_model.load_weights, listed))
    assert found[-1] == "loaded"
    found += [attempt(model_from_json, json.dumps(text)) for text in texts]
    if find_spec("yaml"):
        found += [attempt(model_from_yaml, text) for text in yamls]
    return found


everything()  # what kbridge itself imports when it is first used
WATCHED = ("exec", "compile", "import", "marshal", "code.__new__", "function.__new__", "pickle", "os.", "subprocess", "ctypes", "socket", "shutil", "tempfile", "builtins.input", "builtins.breakpoint")
#: what unpacking compressed weights and looking into a folder take, below the folder
OWN = ("os.walk", "os.mkdir", "os.rmdir", "os.remove", "os.scandir", "os.listdir", "shutil.rmtree", "tempfile.mkdtemp")
#: Theano looks for a faster sigmoid whenever it is asked to compute one
THEANO = ("scipy.special.expit",)
seen, opened = [], []
listening = False


def hook(event, args):
    if not listening:
        return
    inside = bool(args) and (str(args[0]).startswith(str(folder)) or args[0] == "weights.h5" or event == "os.scandir" and isinstance(args[0], int))
    if event == "open":
        opened.append(str(args[0]))
    elif event == "import" and "theano" in sys.modules and args[0] in THEANO:
        pass
    elif event.startswith(WATCHED) and not (event in OWN and inside):
        seen.append((event, repr(args)[:200]))


sys.addaudithook(hook)
listening = True
outcomes = everything()
listening = False
print("outcomes", {word: outcomes.count(word) for word in set(outcomes)}, "of", len(archives), "archives and", len(saved), "folders")
own = [str(folder)]
if "theano" in sys.modules:  # it reads parts of its own programs in C
    own.append(str(Path(sys.modules["theano"].__file__).parent))
foreign = [path for path in opened if not path.startswith(tuple(own)) or "canary" in path]
print("events", seen[:5], "opened", foreign[:5], "canary", canary.exists())
assert not seen and not foreign and not canary.exists()
assert any("vocabulary" in path or "keras_sl" in path for path in opened) and any("data-00000" in path for path in opened)
assert outcomes.count("loaded") > 15 and outcomes.count("refused") > 15
listening = True
with open(__import__("os").devnull):
    exec("1")
listening = False
assert os.devnull in opened and {event for event, _ in seen} >= {"exec", "compile"}, seen
"""


def test_no_code_of_a_file_runs_and_only_its_own_parts_are_opened(tmp_path):
    here = Path(__file__)
    inner = tmp_path / "files"
    inner.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(inner), str(here.parents[1] / "data"), "all" if K.backend() == "numpy" else "few"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), str(here.parent)]), "KBRIDGE_BACKEND": K.backend()},
    )
    assert done.returncode == 0, done.stdout + done.stderr
