"""Real models of Keras 1 compute the same on all backends, layer by layer, to 1e-4.

A sample of them runs always, on Theano without its compiler. ``KBRIDGE_COMPARE=all`` runs every model that has no
Lambda layer, as compiled code and with two steps of training, which takes a long time when Theano's cache is empty.
"""

import contextlib
import importlib.util
import json
import os

import oracle_models as pack
import pytest

import kbridge as kb
from kbridge.comparison.backends import Backends

ALL = os.environ.get("KBRIDGE_COMPARE") == "all"
#: of each kind of layer one, masks, models in models, shared layers, several outputs
SAMPLE = [
    "arch_inception_tf", "arch_vgg_tf", "arch_residual_th", "bn_mode2_shared", "deconv2d_tf_same_stride", "embedding_mask_zero_lstm",
    "gru_stateful", "lstm_masking", "merge_cos_3d", "nested_two_outputs", "obj_hinge", "sequential_of_models", "srelu_shared",
    "temporal_sample_weight_mask", "trainable_false_nested", "zeropad2d_asym_th",
]  # fmt: skip
BACKENDS = [name for name in ("numpy", "tensorflow", "theano") if importlib.util.find_spec(name)]


def names() -> list[str]:
    """Cases without Lambda layers."""
    return [name for name in pack.rows() if not name.startswith("lambda_") and (ALL or name in SAMPLE)]


@pytest.fixture(scope="module")
def backends(tmp_path_factory):
    """Image ordering -> backends that stay up for all models; the setting is their keras.json's."""
    variables = {} if ALL else {"THEANO_FLAGS": "cxx=,optimizer=fast_compile"}
    with contextlib.ExitStack() as stack:
        made = {}
        for ordering in ("tf", "th"):
            home = tmp_path_factory.mktemp(ordering)
            (home / "keras.json").write_text(json.dumps({"image_dim_ordering": ordering}))
            made[ordering] = stack.enter_context(Backends(variables=variables | {"KERAS_HOME": str(home)}))
        yield made


@pytest.mark.parametrize("name", names())
def test_backends_agree(name, backends, tmp_path):
    assert len(BACKENDS) > 1, "one backend has nothing to be compared with"
    row, custom = pack.rows()[name], None
    if row.get("custom_objects"):
        custom = tmp_path / "custom.py"
        sources = [f"{key} = {value}\n" for key, value in row["custom_objects"].items()]
        custom.write_text("from keras import backend as K\n" + "".join(sources))
    running = backends[row.get("set_image_dim_ordering", "tf")]
    result = kb.compare(pack.model_file(row, tmp_path), BACKENDS, custom=custom, train_steps=2 if ALL else 0, running=running)
    assert result.ok, str(result)


@pytest.mark.parametrize("name", ["embedding_mask_zero_lstm", "nested_two_outputs", "bn_mode2_shared", "obj_sparse_cc_3d"])
def test_each_layer_alone_is_close_to_float64_on_every_backend(name, backends):
    # no rounding is tolerated, so that each layer is looked at
    result = kb.compare(pack.DATA / pack.rows()[name]["h5"], BACKENDS, atol=0, rtol=0, running=backends["tf"])
    assert not result.ok and result.causes
    owns = [*(row.own for row in result.layers if row.sources), result.loss_own]
    assert all(list(own) == BACKENDS for own in owns)
    errors = [d.abs for own in owns for found in own.values() for d in (found.output, found.gradient)]
    assert 0 < max(errors) < 1e-6
