"""What it takes to start a model of many equal layers, counted in calls of Python functions: no more for each layer than it was, however many there are."""

import json

import numpy as np
from processes import output

#: calls for a Dense layer with SGD, in Python 3.11 (later ones make fewer, as list comprehensions are no functions there). They were 520 and 1420
BUILDING, STEP = 332, 1120

COUNT = """
import json, sys
import numpy as np
from kbridge.layers import Dense
from kbridge.models import Sequential
from kbridge.optimizers import SGD

def calls(work):
    count = 0
    def seen(frame, event, arg):
        nonlocal count
        count += event == "call"
    sys.setprofile(seen)
    result = work()
    sys.setprofile(None)
    return count, result

def counted(layers):
    def build():
        model = Sequential([Dense(16, activation="relu", input_dim=16)])
        for _ in range(layers - 1):
            model.add(Dense(16, activation="relu"))
        model.compile(loss="mse", optimizer=SGD())
        return model
    building, model = calls(build)
    x = np.ones((8, 16), "float32")
    return building, calls(lambda: model.train_on_batch(x, x))[0]

counted(2)  # what is imported and remembered
print(json.dumps([counted(layers) for layers in (20, 60, 100)]))
"""


def test_starting_takes_the_same_number_of_calls_for_each_layer(tmp_path):
    few, more, many = np.array(json.loads(output(COUNT, tmp_path, KBRIDGE_NUM_THREADS="1")))
    # names of layers get longer, and a few things are looked up in trees
    np.testing.assert_allclose(many - more, more - few, rtol=0.02)
    each = (many - few) / 80
    assert (each <= [BUILDING, STEP]).all(), each
