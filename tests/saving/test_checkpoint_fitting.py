"""Checkpoints into models that a program builds: what fits, what the errors name, and what is checked before it is believed."""

from __future__ import annotations

import shutil
from pathlib import Path

import fuzz_formats
import numpy as np
import pytest
from keras2_checkpoints import mixed_class
from processes import kbridge

from kbridge import backend as K
from kbridge import layers
from kbridge.inspection import as_text, inspect_file
from kbridge.layers import GRU, LSTM, BatchNormalization, Bidirectional, Dense, Layer
from kbridge.models import Sequential, load_model, model_from_json
from kbridge.saving.checkpoint.bundle import open_bundle
from kbridge.saving.checkpoint.checksum import masked_crc
from kbridge.saving.errors import ModelFileError

DATA = Path(__file__).parents[1] / "data"
CHECKPOINTS = DATA / "checkpoints"
#: LSTM(3) from 2 numbers, Dense(4), BatchNormalization, Dense(2), trained by Adam
TRAINED = CHECKPOINTS / "keras2" / "training_adam"
PERCEPTRON = DATA / "old" / "tf.keras-1.15.5" / "perceptron"


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def wanted():
    return load_model(TRAINED.parents[2] / "keras2" / "training_adam.h5", compile=False)


def plain_model(*sizes):
    # all gates side by side, as in tf.keras
    return Sequential([LSTM(3, input_shape=(4, 2), consume_less="gpu"), Dense(sizes[0]), BatchNormalization(), Dense(sizes[1])])


def test_a_model_of_other_names_takes_the_weights_in_order():
    model = plain_model(4, 2)
    model.load_weights(TRAINED)
    for got, value in zip(model.get_weights(), wanted().get_weights(), strict=True):
        np.testing.assert_array_equal(got, value)


@pytest.mark.parametrize(
    "layers, message",
    [
        ((LSTM, Dense), "4 layers with weights, but the model .* has 2"),
        ((5, 2), r"'kernel' has the shape \(3, 5\) in Keras 2, but layer_with_weights-1/kernel.* in the file has \(3, 4\)"),
        ((GRU,), r"GRU.*'kernel' has the shape \(2, 9\)"),
        ((Bidirectional,), "Bidirectional, but 'zeta' in the checkpoint has no 'forward_layer' .*'cell'"),
        (
            (BatchNormalization,),
            r"needs 'gamma', 'beta', 'moving_mean', 'moving_variance', but 'my' in the checkpoint has 'kernel', 'bias'",
        ),
    ],
)
def test_errors_name_what_is_missing_left_over_or_of_another_shape(layers, message):
    first = LSTM(3, input_shape=(4, 2))
    if layers == (LSTM, Dense):
        model = Sequential([first, Dense(4)])
    elif layers == (5, 2):
        model = plain_model(5, 2)
    elif layers == (GRU,):
        model = Sequential([GRU(3, input_shape=(4, 2)), Dense(4), BatchNormalization(), Dense(2)])
    elif layers == (Bidirectional,):
        model = Sequential([Bidirectional(first, input_shape=(4, 2)), Dense(4), BatchNormalization(), Dense(2)])
    else:
        model = Sequential([first, BatchNormalization(), Dense(4), Dense(2)])
    before = model.get_weights()
    with pytest.raises(ModelFileError, match=message):
        model.load_weights(TRAINED)
    for got, value in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(got, value)


def test_layers_by_name_are_those_that_both_sides_have():
    model = Sequential([Dense(4, input_dim=3, name="my"), Dense(2, name="other")])
    other = model.layers[1].get_weights()
    model.load_weights(TRAINED, by_name=True)
    np.testing.assert_array_equal(model.layers[0].get_weights()[0], wanted().get_layer("my").get_weights()[0])
    np.testing.assert_array_equal(model.layers[1].get_weights()[0], other[0])


def test_the_state_of_another_optimizer_is_a_warning_and_the_weights_load():
    model = plain_model(4, 2)
    model.compile("rmsprop", "mse")
    with pytest.warns(UserWarning, match="an optimizer other than RMSprop.*checkpoint-state"):
        model.load_weights(TRAINED)
    np.testing.assert_array_equal(model.get_weights()[-1], wanted().get_weights()[-1])


class Scaled(Layer):
    """A layer whose attributes have the names of another program's."""

    def build(self, input_shape):
        self.bias = self.add_weight((input_shape[-1], 4), name="second", initializer="zero")
        self.kernel = self.add_weight((4,), name="first", initializer="zero")
        super().build(input_shape)

    def call(self, x, mask=None):
        return K.dot(x, self.bias) + self.kernel

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], 4)


def test_weights_of_a_class_of_ones_own_go_by_its_attributes_where_they_have_names_of_the_checkpoint():
    model = Sequential([LSTM(3, input_shape=(4, 2)), Scaled(), BatchNormalization(), Dense(2)])
    with pytest.raises(ModelFileError, match="shape"):
        # 'kernel' there is a matrix, and here the attribute of that name a vector
        model.load_weights(TRAINED)


def test_automatic_names_of_a_saver_are_ranked_and_missing_ones_named(tmp_path):
    left = Sequential([Dense(6, input_dim=4), BatchNormalization()])
    with pytest.raises(
        ModelFileError, match=r"the model has no weights for these variables in it: .*dense_1/kernel|left over in the checkpoint"
    ):
        left.load_weights(PERCEPTRON / "names")
    missing = Sequential([Dense(6, input_dim=4), BatchNormalization(), Dense(5, bias=False), Dense(3), Dense(1)])
    with pytest.raises(ModelFileError, match="Missing: 'dense_"):
        missing.load_weights(PERCEPTRON / "names")
    model = Sequential([Dense(6, input_dim=4), BatchNormalization(), Dense(5, bias=False), Dense(3)])
    model.load_weights(PERCEPTRON / "names")
    by_objects = Sequential([Dense(6, input_dim=4), BatchNormalization(), Dense(5, bias=False), Dense(3)])
    by_objects.load_weights(PERCEPTRON / "objects")
    for got, value in zip(model.get_weights(), by_objects.get_weights(), strict=True):
        np.testing.assert_array_equal(got, value)


# ---------------------------------------------------------------------- files


def test_tensors_of_all_types_and_in_pieces_are_read():
    folder = CHECKPOINTS / "tensors"
    with np.load(folder / "values.npz") as values, open_bundle(str(folder / "tensors")) as bundle:
        assert set(bundle.names) == {*values.files, "text", "complex"}
        for name in values.files:
            found = bundle.tensor(name).read()
            assert found.dtype == values[name].dtype
            np.testing.assert_array_equal(found, values[name])
        for name in ("text", "complex"):
            with pytest.raises(ModelFileError, match="weights are numbers"):
                bundle.tensor(name)


@pytest.mark.parametrize("data, crc", [(b"", 0), (b"\0" * 32, 0x8A9136AA), (b"123456789", 0xE3069283)])
def test_checksums_are_those_of_the_published_examples(data, crc):
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert masked_crc(data) == masked


def test_checksums_of_large_data_are_those_of_their_parts():
    data = np.random.RandomState(0).bytes(3_000_001)
    register = 0xFFFFFFFF
    from kbridge.saving.checkpoint.checksum import _listed_table

    for byte in data:
        register = _listed_table()[(register ^ byte) & 255] ^ register >> 8
    crc = register ^ 0xFFFFFFFF
    assert masked_crc(data) == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(TRAINED, tmp_path / "c")
    return tmp_path / "c"


def spoil(path, change):
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    "name, change, message",
    [
        ("weights.data-00000-of-00001", lambda d: d[:200], "its end is missing"),
        ("weights.data-00000-of-00001", lambda d: bytes([d[0] ^ 1]) + d[1:], "checksum is wrong"),
        ("weights.index", lambda d: d[:-20], "its end is missing"),
        ("weights.index", lambda d: d[:10] + bytes([d[10] ^ 4]) + d[11:], "checksum of the block"),
        ("weights.index", lambda d: b"", "its end is missing"),
        ("weights.index", lambda d: b"\0" * 200 + d[-48:], "checksum|beyond the end"),
    ],
)
def test_changed_files_are_refused_with_what_is_wrong(name, change, message, copy):
    spoil(copy / name, change)
    with pytest.raises(ModelFileError, match=message):
        plain_model(4, 2).load_weights(copy / "weights")


def test_data_that_are_missing_are_named(copy):
    (copy / "weights.data-00000-of-00001").unlink()
    with pytest.raises(ModelFileError, match="weights.data-00000-of-00001.* is missing"):
        plain_model(4, 2).load_weights(copy)


def test_a_list_that_claims_enormous_tensors_takes_no_memory(copy):
    from kbridge.saving.checkpoint.table import entries

    found = [(key, bytes(value)) for key, value in entries(memoryview((copy / "weights.index").read_bytes()))]
    huge = bytes([0x08, 1, 0x12, 8, 0x12, 6, 0x08]) + fuzz_formats.varint(2**40 // 2**7)[:5] + bytes([0x28]) + fuzz_formats.varint(2**42)
    changed = [(key, huge if key.startswith(b"layer") else value) for key, value in found]
    (copy / "weights.index").write_bytes(fuzz_formats.table(changed))
    with pytest.raises(ModelFileError):
        plain_model(4, 2).load_weights(copy)


def metadata(kind, text):
    """A keras_metadata.pb with one object."""
    v = fuzz_formats.varint
    record = b"".join(v(n << 3 | 2) + v(len(value)) + value for n, value in ((3, b"root"), (4, kind), (5, text)))
    return v(1 << 3 | 2) + v(len(record)) + record


def test_saved_models_without_configs_say_what_they_are_and_what_to_do(tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"\x08\x01\x12\x00")
    with pytest.raises(ModelFileError, match=r"without the configs of Keras.*model\.export.*model\.save"):
        load_model(folder)
    shutil.copytree(TRAINED / "saved_model", tmp_path / "own")
    (tmp_path / "own" / "keras_metadata.pb").write_bytes(
        metadata(b"_tf_keras_model", b'{"name": "mine", "class_name": "MyModel", "config": {}}')
    )
    with pytest.raises(ModelFileError, match=r"'mine' has the class 'MyModel' and no config.*traced functions.*load_weights"):
        load_model(tmp_path / "own")
    # its weights still load, and inspect tells both
    model = plain_model(4, 2)
    model.load_weights(tmp_path / "own")
    np.testing.assert_array_equal(model.get_weights()[-1], wanted().get_weights()[-1])
    assert "MyModel" in as_text(inspect_file(tmp_path / "own"))


def test_a_layer_that_is_known_as_function_alone_is_named(tmp_path):
    text = (
        b'{"name": "s", "class_name": "Sequential", "keras_version": "2.9.0", "config": {"name": "s", "layers": ['
        b'{"class_name": "InputLayer", "config": {"batch_input_shape": [null, 4], "dtype": "float32", "name": "i"}},'
        b'{"class_name": "My>Gaze", "config": {"name": "looks"}}]}}'
    )
    shutil.copytree(TRAINED / "saved_model", tmp_path / "own")
    (tmp_path / "own" / "keras_metadata.pb").write_bytes(metadata(b"_tf_keras_sequential", text))
    with pytest.raises(ModelFileError, match="'looks' is a Gaze of a later Keras, which kbridge doesn't have.*custom_objects"):
        load_model(tmp_path / "own")


def test_commands_take_checkpoints_and_folders(tmp_path):
    done = kbridge("inspect", str(TRAINED / "saved_model"), home=tmp_path)
    assert done.returncode == 0 and "114 parameters" in done.stdout and "Adam" in done.stdout
    done = kbridge("convert", str(TRAINED / "saved_model"), "new.h5", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = kbridge("compare", str(TRAINED), str(TRAINED.parents[2] / "keras2" / "training_adam.h5"), home=tmp_path)
    assert done.returncode == 0 and "ok: the same" in done.stdout
    done = kbridge("convert", str(TRAINED), "new.h5", home=tmp_path, cwd=tmp_path)
    assert done.returncode == 1 and "weights but no layers" in done.stderr


def test_a_class_with_weights_and_layers_takes_them_by_the_names_of_its_attributes():
    x, predicted = (np.load(CHECKPOINTS / "mixed" / "predictions.npz")[name] for name in ("x", "predicted"))
    model = Sequential([mixed_class(layers)(3, name="mixed", input_shape=(3,))])
    model.load_weights(CHECKPOINTS / "mixed" / "weights")
    np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-4, atol=1e-6)


def test_the_weights_that_keras_3_exports_go_into_a_model_of_its_layers(tmp_path):
    folder = CHECKPOINTS / "exported"
    x, predicted = (np.load(folder / "predictions.npz")[name] for name in ("x", "predicted"))
    text = (folder / "model.json").read_text()
    prefix = folder / "variables" / "variables"
    # by names; in order, which is the same here, for layers that are called otherwise
    for source in (text, text.replace('"left"', '"l"').replace('"out"', '"end"')):
        model = model_from_json(source)
        model.load_weights(prefix)
        np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-4, atol=1e-6)
    shutil.copytree(folder / "variables", tmp_path / "folder" / "variables")
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"")
    named = Sequential([Dense(4, name="left", input_shape=(4,)), Dense(3, name="other")])
    named.load_weights(tmp_path / "folder", by_name=True)
    np.testing.assert_array_equal(named.get_weights()[0], model.get_weights()[0])
    with pytest.raises(ModelFileError, match="it has 12 weights, but the model .* has 4. In the file: 'left/kernel', "):
        named.load_weights(prefix)
    wrong = model_from_json(text.replace('"units": 2', '"units": 5'))
    with pytest.raises(ModelFileError, match="layer 'out'"):
        wrong.load_weights(prefix)
