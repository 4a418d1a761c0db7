"""Each keras.json in config_examples chooses what it says, in a process with a home of its own."""

import importlib.util
import json
import shutil

import pytest
from processes import ROOT, output

EXAMPLES = ROOT / "config_examples"
USED = {
    "numpy": {"backend": "numpy", "ordering": "tf"},
    "tensorflow": {"backend": "tensorflow", "ordering": "tf"},
    "theano": {"backend": "theano", "ordering": "th"},
}
CODE = """
import json
from kbridge import backend as K
from kbridge.layers import Dense
from kbridge.models import Sequential
model = Sequential([Dense(3, input_dim=2)])
print(json.dumps({"backend": K.backend(), "ordering": K.image_dim_ordering(), "floatx": K.floatx(), "epsilon": K.epsilon(),
                  "shape": model.predict([[1, 2], [3, 4]]).shape}))
"""


def test_every_example_is_tested():
    assert {folder.name for folder in EXAMPLES.iterdir() if folder.is_dir()} == set(USED)


@pytest.mark.parametrize("name", USED)
def test_example(name, tmp_path):
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / ".keras").mkdir()
    file = shutil.copy(EXAMPLES / name / "keras.json", tmp_path / ".keras")
    before = open(file).read()
    found = json.loads(output(CODE, tmp_path).splitlines()[-1])
    assert found == {**USED[name], "floatx": "float32", "epsilon": 1e-7, "shape": [2, 3]}
    assert open(file).read() == before
