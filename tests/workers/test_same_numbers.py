"""n workers give the weights, the optimizer's state and the history of one process."""

import os

import pytest

from workers.comparison import train, worst
from workers.matrix import CASES, DIVISIBLE, LIMITS

#: starting TensorFlow and Theano takes far longer than training: the matrix (``python -m workers.matrix``) has all cases
SHORT = ["weighted_mlp", "penalties", "carried_states"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained")


@pytest.fixture(scope="module")
def alone(folder):
    backend = os.environ.get("KBRIDGE_BACKEND", "numpy")
    return train(0, cases(backend), folder, backend=backend)


def of(names, found):
    return {key: value for key, value in found.items() if key.partition("/")[0] in names}


def cases(backend):
    return CASES if backend == "numpy" else SHORT[:2]


def too_far(found, limit):
    return {case: (f"{difference:.1e}", where) for case, (difference, where) in found.items() if not difference <= limit}


def test_workers_give_the_numbers_of_one_process(folder, backend, alone):
    names = cases(backend)
    for workers in (3, 4) if backend == "numpy" else (3,):
        assert not too_far(worst(alone, train(workers, names, folder, backend=backend)), LIMITS["float32"])


def test_divided_updates_and_gradients_in_float16(folder, backend, alone):
    names = DIVISIBLE if backend == "numpy" else SHORT[:2]
    alone = of(names, alone)
    divided = train(3, names, folder, backend=backend, KBRIDGE_DISTRIBUTED_UPDATE="divided")
    assert not too_far(worst(alone, divided), LIMITS["float32"])
    if backend == "numpy":
        for update in ("whole", "divided"):
            variables = {"KBRIDGE_DISTRIBUTED_UPDATE": update, "KBRIDGE_DISTRIBUTED_COMPRESSION": "float16"}
            half = worst(alone, train(3, names, folder, backend=backend, **variables))
            assert not too_far(half, LIMITS["float16"])
            # numbers of 11 bits were sent
            assert all(difference > 1e-7 for difference, _ in half.values())


def test_averages_with_equal_weights_are_far_off(folder, backend, alone):
    if backend != "numpy":
        pytest.skip("which numbers are summed doesn't depend on the backend: tried on numpy")
    names = ["weighted_mlp", "last_row_alone", "masked_steps", "two_outputs", "penalties", "images", "steps_by_hand"]
    found = worst(of(names, alone), train(3, names, folder, "--equal", backend=backend))
    assert all(difference > 1e-3 for difference, _ in found.values()), found
