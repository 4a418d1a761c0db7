"""A model that Keras 1 saved on Theano computes what it computed there.

The files of the oracle that TensorFlow saved hold the same numbers as Theano's would; without the ':0' of their weights'
names they are Theano's.
"""

import warnings

import h5py
import numpy as np
import oracle_models as pack
import pytest

from kbridge import backend as K
from kbridge.layers import MaxPooling2D
from kbridge.models import Sequential, load_model, model_from_json

#: Layers of which Keras 1 on Theano computed something else from the same numbers.
CONVOLUTIONS = ("Convolution", "Deconvolution", "ConvLSTM2D", "Atrous", "MaxPooling", "AveragePooling")


def cases():
    """Cases of models with convolutions that Theano computed, and with which results."""
    for name, row in pack.rows().items():
        on_theano = row["oracle_status"]["th"] == "ok" and not row.get("set_image_dim_ordering")
        if on_theano and any(word.startswith(CONVOLUTIONS) for word in row["covers"]):
            yield name


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


def as_from_theano(source, target):
    """A copy of a file with the names that Theano gave to weights."""
    with h5py.File(source) as old, h5py.File(target, "w") as new:
        for name, value in old.attrs.items():
            new.attrs[name] = value
        for layer, group in old["model_weights"].items():
            inner = new.create_group(f"model_weights/{layer}")
            names = [n.decode().removesuffix(":0") for n in group.attrs["weight_names"]] if len(group.attrs["weight_names"]) else []
            inner.attrs["weight_names"] = np.array([n.encode() for n in names]) if names else np.zeros(0)
            for stored, renamed in zip(group.attrs["weight_names"], names):
                inner[renamed] = group[stored][()]
        new["model_weights"].attrs["layer_names"] = old["model_weights"].attrs["layer_names"]


@pytest.mark.parametrize("name", list(cases()))
def test_predictions_are_those_of_theano(name, tmp_path):
    case = pack.Case(name)
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    expected = {key.split("/", 1)[1]: v for key, v in case.arrays.items() if key.startswith(("both/", "th/"))}
    model = load_model(tmp_path / "theano.h5")
    np.testing.assert_allclose(model.predict(case.x, batch_size=case.batch_size), expected["predict/0"], rtol=1e-4, atol=1e-5)


def test_original_backend_overrides_what_the_names_tell(tmp_path):
    case = pack.Case("conv2d_th_valid")
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    model = load_model(tmp_path / "theano.h5", original_backend="tensorflow")
    np.testing.assert_allclose(model.predict(case.x), case.expected()["predict/0"], rtol=1e-4, atol=1e-5)
    model.load_weights(tmp_path / "theano.h5")
    np.testing.assert_allclose(model.predict(case.x), case.arrays["th/predict/0"], rtol=1e-4, atol=1e-5)


def test_saved_again_a_model_from_theano_stays_what_it_is(tmp_path):
    case = pack.Case("conv2d_tf_valid")
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    model = load_model(tmp_path / "theano.h5")
    model.save(tmp_path / "ours.h5")
    np.testing.assert_array_equal(load_model(tmp_path / "ours.h5").predict(case.x), model.predict(case.x))


def test_moments_of_kernels_are_flipped_with_the_kernels(tmp_path):
    case = pack.Case("conv2d_th_valid")
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    model = load_model(tmp_path / "theano.h5")
    trained = [model.train_on_batch(case.x, case.y) for _ in range(2)]
    assert trained[1] != trained[0]
    model.save(tmp_path / "trained.h5")
    with h5py.File(tmp_path / "trained.h5", "r+") as h5:
        # the same state as Theano would have stored it: kernels and their moments flipped
        h5.attrs["backend"] = "theano"
        for group in (h5["model_weights/convolution2d_1"], h5["optimizer_weights"]):
            for stored in group.values():
                if stored.ndim == 4:
                    stored[...] = np.flip(stored[()], (2, 3))
    restored = load_model(tmp_path / "trained.h5")
    assert restored.train_on_batch(case.x, case.y) == model.train_on_batch(case.x, case.y)
    for a, b in zip(restored.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["conv2d_even_same", "deconv2d_tf_same_stride", "pool2d_avg_tf_same", "pool3d_same_tf"])
def test_padding_of_theano_survive_saving_again_and_json(name, tmp_path):
    case = pack.Case(name)
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    model = load_model(tmp_path / "theano.h5")
    model.save(tmp_path / "ours.h5")
    expected = model.predict(case.x)
    np.testing.assert_allclose(expected, case.arrays["th/predict/0"], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(load_model(tmp_path / "ours.h5").predict(case.x), expected)
    rebuilt = model_from_json(model.to_json())
    rebuilt.load_weights(tmp_path / "ours.h5")
    np.testing.assert_array_equal(rebuilt.predict(case.x), expected)


def test_only_where_padding_matters_the_config_tells_of_it(tmp_path):
    """So that Keras 1 can read what it can compute."""
    case = pack.Case("conv2d_tf_valid")
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    assert "border_origin" not in load_model(tmp_path / "theano.h5").to_json()


def test_weights_of_theano_in_a_model_with_other_padding_are_warned_about(tmp_path):
    case = pack.Case("conv2d_even_same")
    as_from_theano(pack.DATA / case.row["h5"], tmp_path / "theano.h5")
    model = load_model(pack.DATA / case.row["h5"])
    with pytest.warns(UserWarning, match="border_origin='theano'"):
        model.load_weights(tmp_path / "theano.h5")
    config = model.get_config()
    for entry in config:
        entry["config"]["border_origin"] = "theano"
    rebuilt = Sequential.from_config(config)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rebuilt.load_weights(tmp_path / "theano.h5")
    np.testing.assert_allclose(rebuilt.predict(case.x), case.arrays["th/predict/0"], rtol=1e-4, atol=1e-5)


def test_an_unknown_border_origin_is_an_error():
    with pytest.raises(ValueError, match="border_origin must be 'tensorflow' or 'theano', got 'torch'"):
        MaxPooling2D(border_origin="torch")
