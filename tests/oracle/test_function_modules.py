"""Activations, objectives, metrics, constraints and regularizers against what Keras 1.2.2 gave, on the
backend in use."""

from __future__ import annotations

import importlib

import oracle_rows as oracle
import pytest

from kbridge import backend as K

ROWS = [row_id for row_id, row in oracle.rows().items() if oracle.is_frontend(row)]


def function_of(row):
    module, _, name = row["op"].partition(".")
    function = getattr(importlib.import_module(f"kbridge.{module}"), name)
    return function(**row["constructor_kwargs"]) if "constructor_kwargs" in row else function


@pytest.mark.parametrize("row_id", ROWS)
def test_gives_what_keras_gave(row_id):
    row = oracle.rows()[row_id]
    inputs = oracle.Inputs(K, row)
    result = function_of(row)(*inputs.args, **inputs.kwargs)
    wanted = inputs.gradient_arguments()
    gradients = K.gradients(K.sum(result), [inputs.variables[i] for i in wanted]) if wanted else []
    values = K.function([], [result, *gradients])([])
    oracle.assert_equal(values[0], oracle.expected(row, "out/0"), "result")
    for i, got in zip(wanted, values[1:]):
        oracle.assert_equal(got, oracle.expected(row, f"grad/{i}"), f"gradient of argument {i}")


def test_rows_cover_every_module():
    assert {oracle.rows()[row_id]["op"].partition(".")[0] for row_id in ROWS} == set(oracle.FRONTEND)
