"""Makes the helpers in this folder importable from all test folders; set-up that all tests share."""

import os
import random
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from installed import installed

#: module that tests need -> the extra of kbridge that installs it
EXTRAS = {
    "tensorflow": "tensorflow", "keras": "tensorflow", "theano": "theano", "yaml": "yaml", "PIL": "images", "scipy": "images", "pydot": "plot",
    "sklearn": "sklearn", "librosa": "audio", "fissix": "py2", "tensorboard": "tensorboard", "mpi4py": "distributed",
    "starlette": "serve", "uvicorn": "serve", "tf_keras": "test", "onnxruntime": "test", "dask": "test",
}  # fmt: skip


def pytest_addoption(parser):
    parser.addoption("--passed-to", type=Path, metavar="FILE", help="write the names of the tests that pass, one a line")
    parser.addoption("--passed-in", type=Path, metavar="FILE", help="leave out the tests whose names it has")


class Passed:
    """Writes the names of the tests that pass; with several processes, the one that hears of all does."""

    def __init__(self, path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    def pytest_runtest_logreport(self, report):
        if report.when == "call" and report.passed:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{report.nodeid}\n")


def pytest_collection_finish(session):
    """To import ``kbridge.as_keras`` switches it on: a module that does so while it is collected changes what all tests mean by keras."""
    module = sys.modules.get("kbridge.as_keras")
    if module is not None and module.enabled():
        raise pytest.UsageError("a test module imports kbridge.as_keras at its top, which makes keras kbridge in the tests of all others")


def pytest_collection_modifyitems(config, items):
    path = config.getoption("--passed-in")
    if path is not None:
        passed = set(path.read_text(encoding="utf-8").splitlines())
        left = [item for item in items if item.nodeid in passed]
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item.nodeid not in passed]


def pytest_configure(config):
    path = config.getoption("--passed-to")
    if path is not None and "PYTEST_XDIST_WORKER" not in os.environ:
        config.pluginmanager.register(Passed(path))
    config.addinivalue_line("markers", "needs(*modules): skipped, with the extra's name, where one of the modules isn't installed")
    config.addinivalue_line(
        "markers", "once: what it checks doesn't depend on the backend, a converted file, say; tests/run.py runs it on the first one alone"
    )


def pytest_runtest_setup(item):
    for marker in item.iter_markers("needs"):
        for module in marker.args:
            if not installed(module):
                pytest.skip(f"{module} is not installed (extra {EXTRAS[module]!r})")


# the same examples in each run and no time limit for one: a failure is found by the change that caused it
settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def numbers_of_its_own(request):
    """The same random weights and data in each run: a failure is found by the change that caused it.

    ``KBRIDGE_TEST_SEED`` gives other numbers, to find tests that hold only for some.
    """
    seed = zlib.crc32(f"{request.node.nodeid} {os.environ.get('KBRIDGE_TEST_SEED', '')}".encode())
    random.seed(seed)
    np.random.seed(seed)


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


@pytest.fixture(autouse=True)
def keras_means_what_it_did():
    """A command that runs a program's file makes ``keras`` mean kbridge for the rest of its process, which here is that of all tests."""
    module = sys.modules.get("kbridge.as_keras")
    before = module is not None and module.enabled()
    yield
    module = sys.modules.get("kbridge.as_keras")
    if module is not None and module.enabled() and not before:
        module.disable()
