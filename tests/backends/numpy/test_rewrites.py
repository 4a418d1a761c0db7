"""Each rewrite of the NumPy backend's plans: it applies, it saves work, and the numbers stay."""

import ast
import pathlib

import numpy as np
import pytest

from kbridge.backends import registry
from kbridge.backends.numpy import graph, ops
from kbridge.backends.numpy.executor import plan
from kbridge.backends.numpy.graph import Leaf, Op, make
from kbridge.backends.numpy.ops import broadcasting, common, filling, joining, shapes, slicing
from kbridge.backends.numpy.rewrites import TABLE, without
from kbridge.conformance import harness
from kbridge.conformance.random_programs import Expected, generate, problems

K = registry.load("numpy")
RNG = np.random.default_rng(0)


def tensor(*shape):
    """A computed tensor of unknown static lengths: nothing is known of it while the graph is built."""
    return K.exp(K.variable(RNG.uniform(-1, 1, shape)))


def filled(number, shape, *more):
    return make(filling.FILL, (tensor(*shape),), (number, "float32", *more))


def last_turn():
    return K.rnn(lambda x, s: (K.tanh(x + s[0]), [K.tanh(x + s[0])]), tensor(2, 5, 3), [K.zeros((2, 3))])[1]


def uneven():
    x = tensor(2, 4, 3)
    outputs = K.rnn(
        lambda x_t, s: (K.sum(K.square(x[:, : s[0], 0]), axis=1, keepdims=True) * x_t, [s[0] + 1]), x, [K.constant(1, dtype="int32")]
    )[1]
    return K.gradients(K.sum(outputs), [x])[0]


def gradient_of_parts():
    x = tensor(2, 6)
    return K.gradients(K.sum(K.square(x[:, :3]) + K.exp(x[:, 3:])), [x])[0]


def gradient_of_turns():
    x = tensor(2, 3)
    spread = make(slicing.SLICE_GRADIENT, (tensor(4, 2, 3), x), ((1, slicing.WHOLE, slicing.WHOLE),))
    return spread[1] + spread[2]


def convolved():
    return K.conv2d(tensor(2, 12, 12, 64), tensor(3, 3, 64, 64), border_mode="same")


def convolutions_gradient(which):
    x, kernel = tensor(2, 12, 12, 64), tensor(3, 3, 64, 64)
    return K.gradients(K.sum(K.conv2d(x, kernel, border_mode="same") * tensor(2, 12, 12, 64)), [(x, kernel)[which]])[0]


def gradient_of_pooled_relu():
    x = tensor(2, 8, 8, 3)
    return K.gradients(K.sum(K.square(K.pool2d(K.relu(x), (2, 2), (2, 2), dim_ordering="tf"))), [x])[0]


#: rewrites that take less storage in as many calls
SMALLER = {"slice_of_a_loops_last_turn", "relu_before_pooling"}

#: rewrites that take more calls for fewer multiplications, and the op that does it
FASTER = {
    "conv_by_tiles": "winograd_conv",
    "conv_input_by_tiles": "winograd_conv",
    "conv_kernel_by_tiles": "winograd_kernel_gradient",
}

#: for each row of the table, a tensor whose plan it makes smaller
CASES = {
    "broadcasts_by_itself": lambda: make(broadcasting.BROADCAST_LIKE, (tensor(1, 3), tensor(2, 3))) * tensor(2, 3),
    "nothing_added": lambda: tensor(2, 3) + filled(0, (2, 3)),
    "times_one": lambda: tensor(2, 3) * filled(1, (2, 3)) + tensor(2, 3) * filled(0, (2, 3)),
    "nothing_taken_away": lambda: tensor(2, 3) - filled(0, (2, 3)),
    "divided_by_one": lambda: tensor(2, 3) / filled(1, (2, 3)) + filled(0, (2, 3)) / tensor(2, 3),
    "nothing_negated": lambda: -filled(0, (2, 3)) * tensor(2, 3),
    "same_dtype": lambda: make(common.CAST, (tensor(2, 3),), "float32"),
    "nothing_broadcast": lambda: make(broadcasting.SUM_TO, (tensor(2, 3), tensor(2, 3))),
    "sum_of_nothing": lambda: make(broadcasting.SUM_TO, (filled(0, (2, 3)), tensor(3))) * tensor(3),
    "sum_of_zeros": lambda: K.sum(filled(0, (2, 3), "value"), axis=1) + tensor(2),
    "sum_of_permuted": lambda: make(broadcasting.SUM_TO, (K.permute_dimensions(tensor(2, 3, 4), (1, 0, 2)), tensor(4))),
    "sum_of_one": lambda: K.sum(tensor(2, 1, 3), axis=1) + K.mean(tensor(2, 1, 3), axis=1),
    "same_shape": lambda: make(shapes.RESHAPE, (tensor(2, 3),), (2, 3)),
    "reshape_of_reshape": lambda: K.reshape(K.reshape(tensor(2, 3), (6,)), (3, 2)),
    "axes_in_their_order": lambda: make(shapes.PERMUTE, (tensor(2, 3),), (0, 1)),
    "permute_of_permute": lambda: K.permute_dimensions(K.permute_dimensions(tensor(2, 3, 4), (1, 2, 0)), (0, 2, 1)),
    "no_padding": lambda: make(slicing.PAD, (tensor(2, 3),), ((0, 0), (0, 0))),
    "join_of_one": lambda: make(joining.CONCATENATE, (tensor(2, 3),), 0),
    "slice_of_all": lambda: tensor(2, 3)[:],
    "slice_of_joined": lambda: K.concatenate([tensor(2, 3), tensor(2, 4)], axis=1)[:, 4:6],
    "slice_of_new_axis": lambda: K.expand_dims(tensor(2, 3), 1)[:, 0],
    "slice_of_slices_gradient": gradient_of_turns,
    "slice_of_permuted": lambda: K.permute_dimensions(K.concatenate([tensor(2, 3), tensor(2, 4)], axis=1), (1, 0))[5],
    "slice_of_a_loops_last_turn": lambda: last_turn()[:, 4],
    "slice_of_uneven_turns": uneven,
    "sum_of_slices_gradients": gradient_of_parts,
    "relu_before_pooling": gradient_of_pooled_relu,
    "conv_by_tiles": convolved,
    "conv_input_by_tiles": lambda: convolutions_gradient(0),
    "conv_kernel_by_tiles": lambda: convolutions_gradient(1),
}


def work(tensor, monkeypatch):
    """(items of the plan's schedule and its calls; its bytes; the names of its ops; the value)."""
    found = []
    original = plan.allocate
    monkeypatch.setattr(plan, "allocate", lambda schedule, arenas: (found.append(schedule), original(schedule, arenas))[1])
    function = K.function([], [tensor])
    (value,) = function([])
    monkeypatch.setattr(plan, "allocate", original)
    made = function._last[1]
    return len(found[0].body) + len(made.body), made.nbytes, {v.op.name for v in found[0].live}, value


def test_every_rewrite_has_a_test():
    assert set(CASES) == set(TABLE)


@pytest.mark.parametrize("name", CASES)
def test_a_rewrite_saves_work_and_keeps_the_numbers(name, monkeypatch):
    y = CASES[name]()
    less, small, names, value = work(y, monkeypatch)
    row = TABLE[name]
    with without(name):
        if row.needed:
            with pytest.raises(ValueError, match="a different shape in each turn"):
                work(y, monkeypatch)
            return
        more, large, others, expected = work(y, monkeypatch)
    if name in FASTER:
        assert FASTER[name] in names - others
    else:
        assert less < more or (name in SMALLER and small < large)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())


def test_random_programs_without_any_rewrite():
    for seed in range(500, 530):
        program, expected = generate(seed)
        assert isinstance(expected, Expected)
        with without():
            assert not problems(harness.fresh(K), program, "float64", expected), seed


def test_without_gives_the_table_back():
    before = dict(TABLE)
    with pytest.raises(ZeroDivisionError), without():
        assert set(TABLE) == {name for name, row in before.items() if row.needed}
        raise ZeroDivisionError
    assert before == TABLE


def all_ops():
    """The names of all ops."""
    kinds, names = [Op], set()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        names.add(kind.name)
    return names | set(ops.elementwise.UNARY) | set(ops.elementwise.BINARY) | set(ops.reductions.REDUCTIONS)


def test_rewrites_and_comparisons_name_ops_that_exist():
    names = all_ops()
    assert {op for row in TABLE.values() for op in row.ops} <= names
    compared = set()
    for path in pathlib.Path(graph.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "name":
                compared |= {c.value for n in node.comparators for c in ast.walk(n) if isinstance(c, ast.Constant)}
    assert {"slice", "add"} < compared <= names


def test_ops_are_told_apart_by_what_they_say_of_themselves():
    """Two ops of one meaning count the same: none is compared by identity."""
    for path in pathlib.Path(graph.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute) and node.left.attr == "op":
                assert not any(isinstance(o, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for o in node.ops), f"{path.name}:{node.lineno}"
    assert all(leaf.name for leaf in (Leaf("x"), graph.VARIABLE))
