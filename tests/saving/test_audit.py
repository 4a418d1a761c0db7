"""What Python itself sees while hostile files are loaded and inspected: no code comes from them, and no other file is opened."""

import os
import subprocess
import sys
from pathlib import Path

from kbridge import backend as K

PROGRAM = r"""
import base64, json, os, sys, warnings
from importlib.util import find_spec
from pathlib import Path

import h5py
import numpy as np

from kbridge.inspection import as_text, inspect_file
from kbridge.layers import Dense, Lambda
from kbridge.models import Sequential, load_model, model_from_json, model_from_yaml



warnings.simplefilter("ignore")
folder, recorded = Path(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())
canary = folder / "canary"


def model(stored, kind="lambda"):
    layer = {"name": "hostile", "function": stored, "function_type": kind, "output_shape": None, "output_shape_type": "raw",
             "arguments": {}, "trainable": True, "batch_input_shape": [None, 3], "input_dtype": "float32"}
    return {"class_name": "Sequential", "config": [{"class_name": "Lambda", "config": layer}]}


def keras2(stored, kind="lambda"):
    layer = {**model(stored, kind)["config"][0]["config"], "dtype": "float32", "module": "os"}
    del layer["input_dtype"]
    return {"class_name": "Sequential", "keras_version": "2.4.0", "backend": "tensorflow",
            "config": {"name": "s", "layers": [{"class_name": "Lambda", "config": layer}]}}


def written(name, config):
    path = folder / f"{name}.h5"
    with h5py.File(path, "w") as h5:
        h5.attrs["model_config"] = json.dumps(config)
        h5.attrs["keras_version"] = config.get("keras_version", "1.2.2")
        h5.create_group("model_weights").attrs["layer_names"] = np.array([b"hostile"])
        h5["model_weights"].create_group("hostile").attrs["weight_names"] = np.array([], "S1")
    return path


# what a program would run that unmarshals, evaluates or imports what these files hold
import marshal
dangerous = compile(f"def f(x):\n    return open({str(canary)!r}, 'w')", "f", "exec")
code = [c for c in dangerous.co_consts if hasattr(c, "co_code")][0]
cases = {"live": [marshal.dumps(code).decode("raw_unicode_escape"), None, None]}
few = sys.argv[3] == "few"
for version, functions in recorded.items():
    names = functions if version in ("2.7", "3.11", "3.13") and not few else ("imports_os", "climbs", "scale")
    for name in names if version in ("2.7", "3.11") or not few else ():
        if name in functions:
            cases[f"{version}-{name}"] = functions[name]
paths, texts = [], []
for name, (stored, defaults, closure) in cases.items():
    paths.append(written(name, model([stored, defaults, closure])))
    if name.startswith(("3.11", "live")):
        paths.append(written(name + "-2", keras2([stored, defaults, closure])))
        record = {"class_name": "__lambda__", "config": {"code": stored, "defaults": defaults, "closure": closure}}
        paths.append(written(name + "-record", keras2(record)))
        texts.append(json.dumps(model([stored, defaults, closure])))
for config in (
    model("os.system", "function"),
    keras2("system", "function"),
    keras2({"module": "os", "class_name": "function", "config": "system", "registered_name": "system"}),
    {"class_name": "Sequential", "config": [{"module": "builtins", "class_name": "exec", "config": "print(1)", "registered_name": None}]},
    {"class_name": "Sequential", "config": [{"module": "this", "class_name": "Zen", "config": {}, "registered_name": "package>Zen"}]},
):
    texts.append(json.dumps(config))
    paths.append(written(f"named-{len(paths)}", config))
yamls = ["!!python/object/apply:os.system ['touch x']", "!!python/name:os.system", "class_name: !!python/module:this\nconfig: []"]

safe = folder / "safe.h5"
Sequential([Lambda(lambda x: x * 2, input_shape=(3,)), Dense(2)]).save(safe)


def attempt(call, *args):
    try:
        call(*args)
        return "loaded"
    except (ValueError, TypeError):  # ModelFileError is a ValueError; texts are the caller's, and have Python's own errors too
        return "refused"


def everything():
    found = [attempt(load_model, path) for path in paths]
    found += [attempt(lambda p: as_text(inspect_file(p)), path) for path in paths]
    found += [attempt(model_from_json, text) for text in texts]
    if find_spec("yaml"):
        found += [attempt(model_from_yaml, text) for text in yamls]
    return found


load_model(safe)
everything()  # what kbridge itself imports when it is first used
WATCHED = ("exec", "compile", "import", "marshal", "code.__new__", "function.__new__", "pickle", "os.", "subprocess", "ctypes", "socket", "shutil", "builtins.input", "builtins.breakpoint")
seen, opened = [], []
listening = False


def hook(event, args):
    if not listening:
        return
    if event == "open":
        opened.append(str(args[0]))
    elif event.startswith(WATCHED):
        seen.append((event, repr(args)[:200]))


sys.addaudithook(hook)
listening = True
outcomes = everything()
listening = False
print("outcomes", {word: outcomes.count(word) for word in set(outcomes)})
own = [str(folder)]
if "theano" in sys.modules:  # it reads parts of its own programs in C
    own.append(str(Path(sys.modules["theano"].__file__).parent))
foreign = [path for path in opened if not path.startswith(tuple(own)) or "canary" in path]
print("events", seen[:5], "opened", foreign[:5], "canary", canary.exists())
assert not seen and not foreign and not canary.exists()
assert outcomes.count("loaded") > 10 and outcomes.count("refused") > 20
# the hook sees what it should
listening = True
marshal.loads(marshal.dumps(code))
exec("1")
listening = False
assert {event for event, _ in seen} >= {"marshal.loads", "exec", "compile"}, seen
"""


def test_no_code_of_a_file_is_loaded_compiled_imported_or_run_and_no_other_file_is_opened(tmp_path):
    recorded = Path(__file__).parents[1] / "data" / "bytecode" / "functions.json"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(recorded), "all" if K.backend() == "numpy" else "few"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "KBRIDGE_BACKEND": K.backend()},
    )
    assert done.returncode == 0, done.stdout + done.stderr
