"""What ``custom_objects`` named once is known to later calls, as in Keras 1; functions of Lambda layers are not."""

import numpy as np
import pytest

from kbridge import backend as K
from kbridge.layers import Dense, Input, Lambda, Layer
from kbridge.models import Model, Sequential, load_model, model_from_json
from kbridge.optimizers import SGD
from kbridge.utils import generic_utils


@pytest.fixture(autouse=True)
def forget():
    before = dict(generic_utils._remembered)
    yield
    generic_utils._remembered.clear()
    generic_utils._remembered.update(before)


class Twice(Layer):
    def call(self, x, mask=None):
        return 2 * x


class Slow(SGD):
    pass


def cube(x):
    return x * x * x


def far(y_true, y_pred):
    return K.mean(K.abs(y_true - y_pred), axis=-1)


def test_layers_functions_losses_and_optimizers_are_remembered(tmp_path):
    model = Sequential([Dense(2, input_dim=3, activation=cube), Twice()])
    model.compile(Slow(), far, metrics=[far])
    model.save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="cube|Twice"):
        load_model(tmp_path / "m.h5")
    known = {"Twice": Twice, "cube": cube, "far": far, "Slow": Slow}
    load_model(tmp_path / "m.h5", custom_objects=known)
    again = load_model(tmp_path / "m.h5")
    x = np.random.rand(4, 3)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert type(again.optimizer) is Slow and isinstance(again.layers[1], Twice)
    assert isinstance(model_from_json(model.to_json()).layers[1], Twice)


def test_a_functional_models_config_remembers_too():
    x = Input((3,))
    config = Model(x, Twice()(x)).get_config()
    Model.from_config(config, custom_objects={"Twice": Twice})
    assert isinstance(Model.from_config(config).layers[-1], Twice)


def test_kbridges_own_names_come_first_later_on():
    class Other(Dense):
        pass

    model = Sequential([Dense(2, input_dim=3)])
    text = model.to_json()
    assert type(model_from_json(text, custom_objects={"Dense": Other}).layers[0]) is Other
    assert type(model_from_json(text).layers[0]) is Dense


def test_functions_of_lambda_layers_are_not_remembered():
    def double(x):
        # a loop is no straight line of operations, so that the function is stored by its name alone
        for _ in range(1):
            x = 2 * x
        return x

    text = Sequential([Lambda(double, input_shape=(3,), name="doubling")])
    with pytest.warns(UserWarning, match="double"):
        text = text.to_json()
    model_from_json(text, custom_objects={"double": double})
    with pytest.raises(ValueError, match=r"custom_objects.*\[differences: stored-code\]"):
        model_from_json(text)
