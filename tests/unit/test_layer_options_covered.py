"""Each argument of the layers of Keras 2 and 3 that have cases in tests/layer_options stands in one of them."""

import json
from pathlib import Path

import pytest
from layer_options.case import FAMILIES, LIBRARIES, cases

ARGUMENTS = json.loads((Path(__file__).parents[1] / "data" / "layer_options" / "arguments.json").read_text())
#: what every layer has, how weights are stored, and what only chooses a kernel
NEUTRAL = {
    "name", "dtype", "trainable", "dynamic", "lora_rank", "lora_alpha", "gptq_unpacked_column_size", "quantization_config",
    "weights", "sparse", "softmax_robust_masking", "robust_masking", "flash_attention", "renorm_clipping", "renorm_momentum",
}  # fmt: skip
#: what draws numbers in training only, and what is refused: by layer
WITHOUT_CASE = {
    **dict.fromkeys(("Attention", "AdditiveAttention"), {"dropout", "seed"}), "BatchNormalization": {"renorm"},
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), {"dropout", "seed", "sliding_window", "use_gate", "activity_regularizer"}),
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
