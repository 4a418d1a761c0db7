"""What ``kbridge run`` gives programs back: the table in the documentation, and that each entry of it is there, under ``kbridge run`` only."""

import importlib.util
import json

import numpy as np
import pytest
from processes import ROOT, kbridge, output

from kbridge.compat import table

PAGE = (ROOT / "docs" / "migrating.md").read_text(encoding="utf-8")
ENTRIES = [(module, names) for module, names, _ in table.given()]


def test_the_page_has_the_table_of_the_code():
    assert table.inserted(PAGE) == PAGE, "python -m kbridge.compat.table docs/migrating.md"


def test_all_of_the_table_is_there(tmp_path):
    (tmp_path / "program.py").write_text(
        f"""
import importlib, warnings
warnings.simplefilter("ignore")
for module, names in {ENTRIES!r}:
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        continue
    value = importlib.import_module(module)
    for name in names:
        found = value
        for part in name.split("."):
            found = getattr(found, part)
print("all there", callable(reload))
"""
    )
    flags = {"THEANO_FLAGS": "cxx=,optimizer=fast_compile", "KBRIDGE_BACKEND": "numpy"}
    done = kbridge("run", str(tmp_path / "program.py"), home=tmp_path, **flags)
    assert done.stdout == "all there True\n", done.stderr


def test_nothing_of_it_is_there_otherwise(tmp_path):
    """Neither with kbridge imported nor with ``import kbridge.as_keras``."""
    code = """
import builtins, collections, inspect, time, sys, pickle
before = (pickle.load, pickle.loads, sys.meta_path[:])
import kbridge.as_keras
import keras.models, h5py, numpy, yaml
print(hasattr(builtins, "reload"), hasattr(collections, "Iterable"), hasattr(time, "clock"), hasattr(sys, "setdefaultencoding"))
print(hasattr(h5py.Dataset, "value"), hasattr(numpy, "cast"), (pickle.load, pickle.loads) == before[:2])
"""
    assert output(code, home=tmp_path, KBRIDGE_BACKEND="numpy") == "False False False False\nFalse False True\n"


STANDARD_LIBRARY = """
import sys
reload(sys)
sys.setdefaultencoding("utf8")
import base64, collections, fractions, inspect, string, time
from collections import Iterable, MutableMapping
print(isinstance([], collections.Iterable), issubclass(dict, MutableMapping), isinstance(len, collections.Callable))
print(tuple(inspect.getargspec(lambda a, b=2, *c, **d: 0)), time.clock() > 0, fractions.gcd(12, 18))
print(base64.decodestring(base64.encodestring(b"x")), string.lowercase[:3], "abc".translate(string.maketrans("a", "b")))
import xml.etree.cElementTree as ET
print(ET.fromstring("<a><b/></a>").find("b").tag)
import subprocess
if len(sys.argv) == 1:
    assert subprocess.call([sys.executable, __file__, "child"]) == 0
"""


def test_the_standard_library_of_those_years_in_children_too(tmp_path):
    (tmp_path / "program.py").write_text(STANDARD_LIBRARY)
    done = kbridge("run", str(tmp_path / "program.py"), home=tmp_path)
    lines = "True True True\n(['a', 'b'], 'c', 'd', (2,)) True 6\nb'x' abc bbc\nb\n"
    assert (done.returncode, done.stdout) == (0, 2 * lines), done.stderr


PICKLES = """
import pickle, sys
import numpy as np
data = pickle.load(open(sys.argv[1], "rb"))
print(data["x"].tolist(), data["x"].dtype, data["s"], data["o"].tolist(), data["w"].tolist())
print(pickle.loads(b"U\\x04caf\\xe9."), type(pickle.Unpickler(open(sys.argv[1], "rb")).load()))
pickle.dump({"a": [1]}, open("made.pkl", "w"))
print(pickle.load(open("made.pkl")))
"""


def test_pickles_of_python_2(tmp_path):
    (tmp_path / "program.py").write_text(PICKLES)
    arrays = ROOT / "tests" / "data" / "pickles" / "arrays_python2.pkl"
    done = kbridge("run", str(tmp_path / "program.py"), str(arrays), home=tmp_path, cwd=tmp_path)
    assert done.stdout.splitlines() == [
        "[[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]] float32 3.0 [[1], [2, 3]] [b'a', b'b']",
        "café <class 'dict'>",
        "{'a': [1]}",
    ], done.stderr


H5PY = """
import os, h5py, numpy as np
with h5py.File("made.h5") as f:
    f["a"] = np.arange(3)
    f.attrs["text"] = "words"
    f.attrs["bytes"] = [b"a", b"b"]
    f.attrs.create("texts", ["x", "yy"], dtype=h5py.special_dtype(vlen=str))
f = h5py.File("made.h5")
print(f["a"].value.tolist(), f["a"].value.dtype.kind, f.attrs["text"].decode("utf8"), [n.decode("utf8") for n in f.attrs["bytes"]])
print([n.decode() for n in f.attrs["texts"]], f.attrs.get("text").decode(), f.attrs["text"] == "words", isinstance(f["a"].file, h5py.File))
f.close()
with h5py.File("made.h5", "r") as f:
    print(f.mode)
try:
    h5py.File("none.h5", "r")
except OSError:
    print("no file")
from keras.models import Sequential, load_model
from keras.layers import Dense
model = Sequential([Dense(2, input_dim=3)])
model.compile("sgd", "mse")
model.save("model.h5")
print(np.array_equal(load_model("model.h5").get_weights()[0], model.get_weights()[0]))
with h5py.File("model.h5") as f:
    print([n.decode("utf8") for n in f["model_weights"].attrs["layer_names"]], f.attrs["keras_version"].decode("utf8"))
"""


def test_h5py_of_those_years(tmp_path):
    (tmp_path / "program.py").write_text(H5PY)
    done = kbridge("run", str(tmp_path / "program.py"), home=tmp_path, cwd=tmp_path, KBRIDGE_BACKEND="numpy")
    assert done.stdout.splitlines() == [
        "[0, 1, 2] i words ['a', 'b']",
        "['x', 'yy'] words True True",
        "r",
        "no file",
        "True",
        "['dense_1'] 1.2.2",
    ], done.stderr


PACKAGES = """
import json, sys
import numpy as np
print(np.cast["float32"](3).dtype, np.cast[np.int32]([1.5]).tolist(), np.find_common_type([np.float32], [np.int64]))
import numpy.testing.utils as utils
utils.assert_allclose(1, 1)
found = {}
try:
    from scipy.signal import hamming, gaussian
    found["windows"] = [hamming(3).tolist(), gaussian(3, 1).tolist()]
except ImportError: pass
try:
    from PIL import Image
    from scipy.ndimage import imread
    Image.fromarray(np.arange(6, dtype="uint8").reshape(2, 3)).save("a.png")
    found["image"] = imread("a.png").tolist()
except ImportError: pass
try:
    from sklearn.metrics import jaccard_similarity_score
    found["jaccard"] = [jaccard_similarity_score([0, 2, 1, 3], [0, 1, 2, 3]), jaccard_similarity_score(np.array([[0, 1], [1, 1]]), np.ones((2, 2)))]
except ImportError: pass
try:
    import yaml
    found["yaml"] = [yaml.load("a: [1, 2]"), list(yaml.load_all("1\\n--- 2"))]
    try:
        yaml.load("!!python/object/apply:os.getcwd []")
    except yaml.YAMLError:
        found["yaml"].append("refused")
except ImportError: pass
print(json.dumps(found))
"""


def test_packages_of_those_years(tmp_path):
    (tmp_path / "program.py").write_text(PACKAGES)
    done = kbridge("run", str(tmp_path / "program.py"), home=tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "float32 [1] float32"
    found = json.loads(second)
    expected = {
        "windows": [[0.08, 1.0, 0.08], [float(np.exp(-0.5)), 1.0, float(np.exp(-0.5))]],
        "image": [[0, 1, 2], [3, 4, 5]],
        # half of the labels are right; label sets {1} of {0, 1} and {0, 1} of {0, 1}
        "jaccard": [0.5, 0.75],
        "yaml": [{"a": [1, 2]}, [1, 2], "refused"],
    }
    for name, value in found.items():
        assert value == expected[name] or np.allclose(value, expected[name])
    needed = {"windows": "scipy", "image": "PIL", "jaccard": "sklearn", "yaml": "yaml"}
    assert set(found) == {name for name, package in needed.items() if importlib.util.find_spec(package)}


@pytest.mark.skipif(importlib.util.find_spec("theano") is None, reason="theano is not installed")
def test_theano_of_those_years(tmp_path):
    (tmp_path / "program.py").write_text(
        """
import numpy as np
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams
from theano.tensor.signal import downsample
import theano.sandbox.cuda
from theano.sandbox.cuda.basic_ops import gpu_contiguous
from theano.sandbox.cuda import dnn
from theano.gof import Op, Apply
rng = RandomStreams(seed=7)
draw = theano.function([], [rng.uniform((1000,)), rng.normal((1000,), avg=5.0), rng.binomial((1000,), p=0.25)])
first, second = draw(), draw()
print(0.4 < first[0].mean() < 0.6, 4.8 < first[1].mean() < 5.2, 0.15 < first[2].mean() < 0.35, (first[0] != second[0]).all())
old = T.shared_randomstreams.RandomStreams(np.random.randint(2 ** 30))
draw = theano.function([], [old.uniform(size=(500,)), old.random_integers((500,), 1, 3), old.permutation((), 5), old.binomial(size=(500,), n=1, p=0.5)])
values = draw()
print(0 <= values[0].min() < values[0].max() < 1, sorted(set(values[1].tolist())), sorted(values[2].tolist()), set(values[3].tolist()))
x = T.ftensor4()
pooled = downsample.max_pool_2d(x, (2, 2), ignore_border=True)
print(theano.function([x], pooled)(np.arange(16, dtype="float32").reshape(1, 1, 4, 4)).ravel().tolist())
print(theano.sandbox.cuda.cuda_available, dnn.dnn_available(), theano.function([x], gpu_contiguous(x).sum())(np.ones((1, 1, 2, 2), "float32")))
"""
    )
    flags = {"THEANO_FLAGS": "cxx=,optimizer=fast_compile", "KBRIDGE_BACKEND": "theano"}
    done = kbridge("run", str(tmp_path / "program.py"), home=tmp_path, **flags)
    assert done.stdout.splitlines() == [
        "True True True True",
        "True [1, 2, 3] [0, 1, 2, 3, 4] {0, 1}",
        "[5.0, 7.0, 13.0, 15.0]",
        "False False 4.0",
    ], done.stderr


def test_names_of_python_2_are_named_as_such(tmp_path):
    for text, name in (("for i in xrange(3): pass", "xrange"), ("import cPickle", "cPickle")):
        done = kbridge("run", "-c", text, home=tmp_path)
        assert done.returncode == 1 and f"'{name}' is of Python 2: kbridge run --py2" in done.stderr
