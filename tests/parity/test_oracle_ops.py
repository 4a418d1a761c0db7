"""Every backend-op row of the real Keras 1.2.2, on each backend: values, dtypes, gradients, errors.

What differs by choice stands in ``tests/data/oracle/differences.json`` with the reason.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import oracle_rows as oracle
import pytest
from parity import matrix

from kbridge.conformance import harness

BACKEND_ROWS = [row_id for row_id, row in oracle.rows().items() if not oracle.is_frontend(row)]
ROWS = [pytest.param(name, row_id, id=f"{row_id}-{name}") for name in matrix.BACKENDS for row_id in BACKEND_ROWS]


class Built:
    """A row on a backend: tensors to run, or a Python value, or the error it raised."""

    def __init__(self, K, row):
        self.row, self.inputs = row, oracle.Inputs(K, row)
        self.tensors, self.value, self.grads, self.error = [], None, {}, None
        try:
            self._build(K)
        except Exception as error:
            self.error = error

    def _build(self, K):
        args, kwargs, row = self.inputs.args, dict(self.inputs.kwargs), self.row
        if "rnn_step" in row:
            result = self._rnn(K, args, kwargs)
        elif row["op"] == "ctc_decode":
            paths, scores = K.ctc_decode(*args, **kwargs)
            result = [*paths, scores]
        else:
            result = getattr(K, row["op"])(*args, **kwargs)
        outputs = list(result) if isinstance(result, (list, tuple)) and any(K.is_tensor(r) for r in result) else [result]
        if row.get("update"):
            K.function([], [], updates=[tuple(outputs)])([])
            self.value = [K.get_value(args[0])]
        elif row.get("learning_phase"):
            function = K.function([K.learning_phase()], outputs)
            self.value = [function([phase])[0] for phase in (0, 1)]
        elif K.is_tensor(outputs[0]):
            self.tensors = outputs
            self._gradients(K)
        elif isinstance(result, np.ndarray):
            self.value = [result]
        else:
            self.value = result

    def _gradients(self, K):
        wanted = self.inputs.gradient_arguments() + self.inputs.without_gradient()
        if not wanted:
            return
        loss = K.sum(self.tensors[0])
        if "grad_of" in self.row:
            loss = loss + K.sum(K.square(self.tensors[1]))
        self.grads = dict(zip(wanted, K.gradients(loss, [self.inputs.variables[i] for i in wanted])))

    @staticmethod
    def _rnn(K, args, kwargs):
        """The step that the row describes."""
        w = K.variable(np.random.RandomState(11).uniform(-0.5, 0.5, (3, 5)))
        u = K.variable(np.random.RandomState(12).uniform(-0.5, 0.5, (5, 5)))
        constants = kwargs.pop("constants", None)

        def step(x, states):
            h = K.dot(x, w) + K.dot(states[0], u)
            h = K.tanh(h if constants is None else h + states[1])
            return h, [h]

        kwargs["constants"] = None if constants is None else [constants]
        last, outputs, states = K.rnn(step, args[0], [args[1]], input_length=4, **kwargs)
        return [last, outputs, states[0]]

    def symbolic(self):
        return self.tensors + [g for g in self.grads.values() if g is not None]


@cache
def results(name):
    """For each row: the built row, and its values or the error of running it."""
    K = harness.fresh(matrix.backend(name))
    with harness.floatx("float32"), harness.quick(K):
        built = {row_id: Built(K, oracle.rows()[row_id]) for row_id in BACKEND_ROWS}
        symbolic = [row_id for row_id, b in built.items() if b.tensors]
        found = {}
        for start in range(0, len(symbolic), 60):
            chunk = symbolic[start : start + 60]
            jobs = [harness.Job([], built[row_id].symbolic()) for row_id in chunk]
            answers = harness.evaluate(K, jobs)
            found.update(zip(chunk, (a if isinstance(a, Exception) else a[0] for a in answers)))
    return {row_id: (b, found.get(row_id, b.value)) for row_id, b in built.items()}


@pytest.mark.parametrize(("name", "row_id"), ROWS)
def test_gives_what_keras_gave(name, row_id):
    row, chosen = oracle.rows()[row_id], oracle.differences().get(row_id, {})
    built, values = results(name)[row_id]
    if oracle.expects_error(row):
        assert isinstance(built.error, ValueError), f"Keras raised {row['status']}, here: {built.error!r}"
        return
    if built.error is not None:
        raise built.error
    if isinstance(values, Exception):
        raise values
    if row.get("python_value"):
        wanted = chosen.get("python_value") or row["python_value"][oracle.side(row)]
        assert repr(values) == wanted
        return
    count = len(built.tensors) or len(values)
    assert oracle.expected(row, f"out/{count - 1}") is not None
    assert oracle.expected(row, f"out/{count}") is None
    for i, got in enumerate(values[:count]):
        oracle.assert_equal(got, oracle.expected(row, f"out/{i}"), f"result {i}")
        assert str(np.asarray(got).dtype) == chosen.get("dtype", row["out_dtypes"][oracle.side(row)][i])
    gradients = iter(values[count:])
    for i, tensor in built.grads.items():
        if i in built.inputs.without_gradient():
            assert tensor is None, f"a gradient of argument {i}, where Keras had none"
        else:
            assert tensor is not None, f"no gradient of argument {i}"
            oracle.assert_equal(next(gradients), oracle.expected(row, f"grad/{i}"), f"gradient of argument {i}")


def test_every_chosen_difference_names_a_row_and_a_reason():
    for row_id, entry in oracle.differences().items():
        assert row_id in oracle.rows()
        assert len(entry["reason"]) > 20
