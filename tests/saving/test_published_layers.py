"""Layers as people publish them for Keras 3 and tf.keras (tests/published): files with them load by ``--custom``, and predict what real Keras did."""

import os
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from processes import output

from kbridge import backend as K
from kbridge.custom_file import objects_in
from kbridge.models import load_model, model_from_json

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data" / "published"
FILES = sorted(path.name for path in DATA.iterdir() if path.suffix in (".keras", ".h5"))
#: other backends than NumPy read those in which something else is computed than in the others
SAMPLE = (
    "keras3_causal_block.keras", "keras3_capsules.keras", "keras3_patch_embedding.keras", "keras3_residual_block.keras", "keras3_sampling.keras",
    "keras3_cross_attention.keras", "keras3_masked_tokens.keras", "tf_keras_encoder.h5", "tf_keras_self_attention.keras",
    "tf_keras_pixel_shuffle.keras", "tf_keras_minibatch.keras",
)  # fmt: skip


def own(library):
    return objects_in(str(TESTS / "published" / f"for_{library}.py"))


def case(name):
    """(library, arrays by name) of a file."""
    library = "keras3" if name.startswith("keras3") else "tf_keras"
    with np.load(DATA / f"{library}.npz") as arrays:
        head = name.removeprefix(f"{library}_").partition(".")[0] + "/"
        return library, {key.removeprefix(head): arrays[key] for key in arrays.files if key.startswith(head)}


def loaded(name, objects=None):
    library, arrays = case(name)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no training configuration")
        model = load_model(DATA / name, custom_objects=objects or own(library))
    x = [arrays[key] for key in sorted(arrays) if key.startswith("input/")]
    return model, x if len(x) > 1 else x[0], arrays["predicted"]


def test_files_with_published_layers_predict_what_keras_did():
    everything = K.backend() == "numpy" or os.environ.get("KBRIDGE_FILES") == "all"
    assert len(FILES) == 36 and set(SAMPLE) < set(FILES)
    objects = {library: own(library) for library in ("keras3", "tf_keras")}
    for name in FILES if everything else SAMPLE:
        model, x, predicted = loaded(name, objects[case(name)[0]])
        np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-4, atol=2e-6, err_msg=name)


def test_what_is_loaded_trains_with_losses_of_the_file_and_is_saved(tmp_path):
    objects = own("tf_keras")
    model, x, predicted = loaded("tf_keras_encoder.h5", objects)
    model.compile("sgd", objects["dice_loss"], metrics=[objects["rmse"]])
    before = model.get_weights()
    assert len(model.train_on_batch(x, predicted + 1)) == 2
    assert all(not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    model.save(tmp_path / "ours.h5")
    after = load_model(tmp_path / "ours.h5", custom_objects=objects)
    np.testing.assert_allclose(after.predict(x), model.predict(x), rtol=1e-5, atol=1e-6)
    # the defaults of tf.keras, which the layers inside have, are kept in texts too
    again = model_from_json(model.to_json(), custom_objects=objects)
    assert [w.shape for w in again.get_weights()] == [w.shape for w in before]


LATER = """
from keras import layers
import keras

def conv(*args, **kwargs):
    return layers.Conv2D(*args, **kwargs)

def recurrent():
    return layers.LSTM(3), layers.GRU(3)

def late():
    import keras as later
    from tensorflow.keras.layers import Dense as D
    return later.layers.Dense is D, D(3, kernel_initializer="he_normal", input_shape=(2,))

is_layer = isinstance(layers.Dense(3), layers.Dense), isinstance(layers.Dense(3), layers.Dropout)
"""


@pytest.fixture
def later(tmp_path):
    (tmp_path / "own.py").write_text(LATER)
    return objects_in(str(tmp_path / "own.py"))


def test_arguments_of_both_ages_and_those_that_could_be_either(later):
    conv = later["conv"]
    assert (conv(4, 3).nb_row, conv(4, (3, 2)).nb_col, conv(filters=4, kernel_size=3, padding="same", use_bias=False).bias) == (3, 2, False)
    assert conv(4, 3, 2, border_mode="same", subsample=(2, 2)).nb_col == 2
    assert type(conv(4, 3, dilation_rate=2)).__name__ == "AtrousConvolution2D"
    with pytest.raises(TypeError, match=r"Conv2D\(4, 3, 3\): in Keras 1 .* in later Keras .* Name them"):
        conv(4, 3, 3)
    with pytest.raises(TypeError, match="Conv2D has no argument 'kernel_sise'. Did you mean 'kernel_size'"):
        conv(4, kernel_sise=3)
    assert later["is_layer"] == (True, False)
    same, dense = later["late"]()
    assert same and dense.batch_input_shape == (None, 2)


@pytest.mark.parametrize(
    ("version", "gates", "two_biases"),
    [(None, "sigmoid", True), ("3.5.0", "sigmoid", True), ("2.11.0", "sigmoid", True), ("2.2.4", "hard_sigmoid", False)],
)
def test_defaults_are_those_of_the_keras_that_wrote_the_file(later, version, gates, two_biases):
    from kbridge.engine.writer import written_by

    with written_by(version):
        lstm, gru = later["recurrent"]()
    assert (lstm.inner_activation.__name__, gru.inner_activation.__name__, gru.reset_after) == (gates, gates, two_biases)


def test_a_file_leaves_keras_as_it_was(tmp_path):
    (tmp_path / "own.py").write_text("import keras, tensorflow as tf\nfrom keras.layers import Dense\nwas = keras.layers.__name__\n")
    (tmp_path / "bad.py").write_text("import keras\n1 / 0\n")
    program = f"""
import os, sys
before = sorted(name for name in sys.modules if name.partition(".")[0] in ("keras", "tensorflow")), dict(os.environ), list(sys.meta_path)
from kbridge import __version__
from kbridge.custom_file import objects_in
from kbridge.errors import UsageError
print(objects_in({str(tmp_path / "own.py")!r}))
try:
    objects_in({str(tmp_path / "bad.py")!r})
except UsageError as error:
    print("bad")
import kbridge
after = sorted(name for name in sys.modules if name.partition(".")[0] in ("keras", "tensorflow")), dict(os.environ)
print(after == before[:2], kbridge.__version__ == __version__, sys.modules["kbridge.as_keras"].enabled())
"""
    assert output(program, tmp_path, KBRIDGE_BACKEND="numpy").splitlines() == ["{'was': 'keras.layers'}", "bad", "True True False"]
    assert "keras" not in sys.modules or not sys.modules["keras"].__name__.startswith("kbridge")


def test_what_a_file_cannot_have_is_said(tmp_path):
    from kbridge.errors import UsageError

    for text, message in (
        ("import tensorflow as tf\ntf.Variable(1.0)", "tensorflow.Variable: a layer here makes its weights by self.add_weight"),
        ("import keras\nkeras.layers.TFSMLayer", "keras.layers has no 'TFSMLayer' here"),
        ("from keras import random\nrandom.shuffle", "keras.random has no function 'shuffle' here"),
        ("import keras.no_such", "No module named 'keras.no_such'"),
        ("from keras.src.backend.torch import nn", "No module named 'keras.src.backend.torch'"),
    ):
        (tmp_path / "own.py").write_text(text + "\n")
        with pytest.raises(UsageError) as caught:
            objects_in(str(tmp_path / "own.py"))
        assert message in str(caught.value)
