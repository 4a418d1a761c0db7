"""n workers give the weights, the optimizer's state and the history of one process."""

import pytest

from workers.comparison import train, worst
from workers.matrix import CASES, LIMITS

#: starting TensorFlow and Theano takes far longer than training: the matrix (``python -m workers.matrix``) has all cases
SHORT = ["weighted_mlp", "penalties", "carried_states"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trained")


def cases(backend):
    return CASES if backend == "numpy" else SHORT[:2]


def too_far(found, limit):
    return {case: (f"{difference:.1e}", where) for case, (difference, where) in found.items() if not difference <= limit}


def test_workers_give_the_numbers_of_one_process(folder, backend):
    names = cases(backend)
    alone = train(0, names, folder, backend=backend)
    for workers in (3, 4) if backend == "numpy" else (3,):
        assert not too_far(worst(alone, train(workers, names, folder, backend=backend)), LIMITS["float32"])


def test_averages_with_equal_weights_are_far_off(folder, backend):
    if backend != "numpy":
        pytest.skip("which numbers are summed doesn't depend on the backend: tried on numpy")
    names = ["weighted_mlp", "last_row_alone", "masked_steps", "two_outputs", "penalties", "images", "steps_by_hand"]
    found = worst(train(0, names, folder, backend=backend), train(3, names, folder, "--equal", backend=backend))
    assert all(difference > 1e-3 for difference, _ in found.values()), found
