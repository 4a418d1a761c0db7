"""Files that Keras 2.2.4 and 2.3.1 wrote themselves (tests/data/keras2_real) predict and train as they did there.

Those of cuDNN's layers are compared with LSTM and GRU, as these Keras' own conversion fills them from the same file.
"""

from __future__ import annotations

from pathlib import Path

import keras2_real
import numpy as np
import pytest
from one_step import predicted_and_trained

from kbridge import backend as K
from kbridge.models import load_model

DATA = Path(__file__).parents[1] / "data" / "keras2_real"


#: What Keras 2.2.4 on TensorFlow 1.14 trains otherwise than 2.3.1 on 1.15, to which kbridge is equal to 1e-7: its separable convolutions, by up
#: to 0.05 in one step. Differences of the loss for weights that are moved by 1e-5, in float64, are kbridge's gradients to 1e-10.
OTHERWISE_TRAINED = {("separable", "224")}


@pytest.fixture(autouse=True)
def fresh_session():
    yield
    K.clear_session()


@pytest.mark.parametrize("version", ["224", "231"])
@pytest.mark.parametrize("name", keras2_real.CASES)
def test_a_file_of_keras_2_itself_predicts_and_trains_as_there(name, version):
    with np.load(DATA / f"{version}_{name}.npz") as arrays:
        x, predicted, trained = (
            [arrays[f"{what}/{i}"] for i in range(sum(key.startswith(f"{what}/") for key in arrays.files))]
            for what in ("input", "predicted", "trained")
        )
    model = load_model(DATA / f"{version}_{name}.h5", compile=False)
    # Keras 2.3 by itself doesn't divide the loss of a masked output by the share of steps that its mask keeps: here 4 of 5
    weights = [0.8 if version == "231" and mask is not None else 1.0 for mask in keras2_real.listed(model.output_mask)]
    options = {"loss_weights": weights} if set(weights) != {1.0} else {}
    before, after = predicted_and_trained(model, x, keras2_real.targets(predicted), **options)
    for i, (got, wanted) in enumerate(zip(before, predicted, strict=True)):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-5, err_msg=f"output {i}")
    if (name, version) in OTHERWISE_TRAINED:
        return
    for i, (got, wanted) in enumerate(zip(after, trained, strict=True)):
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4, err_msg=f"output {i} after a step of training")
