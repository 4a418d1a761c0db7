"""Each argument of the layers of Keras 2 and 3 that have cases in tests/layer_options stands in one of them."""

import json
from pathlib import Path

import pytest
from layer_options.case import FAMILIES, LIBRARIES, cases

ARGUMENTS = json.loads((Path(__file__).parents[1] / "data" / "layer_options" / "arguments.json").read_text())
#: what every layer has, how weights are stored, what only chooses a kernel, and penalties of results, which have cases elsewhere
NEUTRAL = {
    "name", "dtype", "trainable", "dynamic", "activity_regularizer", "lora_rank", "lora_alpha", "gptq_unpacked_column_size", "quantization_config",
    "weights", "sparse", "softmax_robust_masking", "robust_masking", "flash_attention", "renorm_clipping", "renorm_momentum",
}  # fmt: skip
#: what draws numbers in training only, and what is refused: by layer
WITHOUT_CASE = {
    **dict.fromkeys(("Attention", "AdditiveAttention"), {"dropout", "seed"}), "BatchNormalization": {"renorm"},
    # a model for it has samples of a known number, and other models beside it: cases of tests/keras2_layers.py
    **dict.fromkeys(("SimpleRNN", "LSTM", "GRU", "RNN"), {"stateful"}),
    # and no library computes the channels first over time without a GPU: tests/layers compares both orders
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"), {"stateful", "data_format"}),
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), {"dropout", "seed", "sliding_window", "use_gate"}),
}  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_argument_has_a_case(library):
    given: dict[str, set[str]] = {}
    for case in (case for family in FAMILIES for case in cases(family, library)):
        given.setdefault(case.layer, set()).update(case.options, case.parts, {"layer"} if case.wrapped else ())
        for part in case.parts.values():
            for inner, options in part if isinstance(part, list) else [part]:
                given.setdefault(inner, set()).update(options)
    assert len(given) > 50
    for layer, options in given.items():
        missing = set(ARGUMENTS[library].get(layer, ())) - options - NEUTRAL - WITHOUT_CASE.get(layer, set())
        assert not missing, f"{layer}: no case gives {sorted(missing)}"
