"""Small models behind applications, asked without a network: a fixture that folders with such tests have in their conftest."""

import contextlib

import numpy as np
import pytest

from kbridge.layers import Dense, Flatten, Input, merge
from kbridge.models import Model, Sequential


def row_model(path, factor=1.0):
    """y = x @ [[1, 0], [0, 2], [3, 0]] * factor"""
    model = Sequential([Dense(2, input_dim=3, name="y")])
    model.set_weights([np.array([[1.0, 0], [0, 2], [3, 0]]) * factor, np.zeros(2)])
    model.save(path)
    return model


def two_model(path):
    """Two inputs and two outputs."""
    a, b = Input((2,), name="a"), Input((2, 2), name="b")
    both = merge([a, Flatten()(b)], mode="concat")
    model = Model([a, b], [Dense(2, name="p")(both), Dense(1, name="q")(both)])
    model.save(path)
    return model


def picture_model(path):
    """The means of the channels."""
    model = Sequential([Flatten(input_shape=(2, 2, 3)), Dense(3, name="y")])
    model.set_weights([np.tile(np.eye(3), (4, 1)) / 4, np.zeros(3)])
    model.save(path)
    return model


@pytest.fixture
def serve(tmp_path):
    """``serve(name=maker)``: a client of an application over models that ``maker(path)`` saves."""
    pytest.importorskip("starlette", reason="starlette is not installed (extra 'serve')")
    pytest.importorskip("httpx2", reason="httpx2 is not installed (extra 'test')")
    from starlette.testclient import TestClient

    from kbridge.serving import create_app

    with contextlib.ExitStack() as stack:

        def serve(settings=None, **makers):
            paths = {}
            for name, maker in makers.items():
                paths[name] = str(tmp_path / f"{name}.h5")
                maker(paths[name])
            app = create_app(paths, **{"poll": 0.0, **(settings or {})})
            # answers are what a client sees, also where the server fails
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield serve
