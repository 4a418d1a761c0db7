"""Makes the helpers in this folder importable from all test folders; set-up that all tests share."""

import sys
from importlib.util import find_spec

import pytest
from hypothesis import settings

#: module that tests need -> the extra of kbridge that installs it
EXTRAS = {
    "tensorflow": "tensorflow", "theano": "theano", "yaml": "yaml", "PIL": "images", "scipy": "images", "pydot": "plot",
    "sklearn": "sklearn", "librosa": "audio", "fissix": "py2", "tensorboard": "tensorboard", "mpi4py": "distributed",
    "starlette": "serve", "uvicorn": "serve", "tf_keras": "test", "onnxruntime": "test", "dask": "test",
}  # fmt: skip


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*modules): skipped, with the extra's name, where one of the modules isn't installed")
    config.addinivalue_line(
        "markers", "once: what it checks doesn't depend on the backend, a converted file, say; tests/run.py runs it on the first one alone"
    )


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for module in marker.args:
            if find_spec(module) is None:
                pytest.skip(f"{module} is not installed (extra {EXTRAS[module]!r})")


# the same examples in each run and no time limit for one: a failure is found by the change that caused it
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def fresh_graph():
    """A new graph for each test on backends whose graph only grows, where every new function takes longer than the last."""
    yield
    K = sys.modules.get("kbridge.backend")
    if K is not None and K.backend() == "tensorflow":
        K.clear_session()


@pytest.fixture(autouse=True)
def forgotten_custom_objects():
    """What a test gave as ``custom_objects`` isn't known to the next one."""
    yield
    names = sys.modules.get("kbridge.utils.generic_utils")
    if names is not None:
        names._remembered.clear()
