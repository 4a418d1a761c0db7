"""TensorFlow's own functions in Lambda layers, losses and on a model's tensors, as Keras 1 scripts used them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = """
import numpy as np
import tensorflow as tf
from kbridge import backend as K
from kbridge.layers import Dense, Lambda
from kbridge.models import Sequential

np.random.seed(0)
centred = Lambda(lambda x: tf.nn.relu(x) - tf.reduce_mean(x, axis=-1, keepdims=True))
model = Sequential([Dense(3, input_dim=4), centred, Dense(1)])
model.compile("sgd", lambda true, predicted: tf.reduce_mean(tf.square(true - predicted), axis=-1))
x, y = np.random.rand(16, 4).astype("float32"), np.random.rand(16, 1)

w, b, w2, b2 = model.get_weights()
z = x @ w + b
expected = (np.maximum(z, 0) - z.mean(-1, keepdims=True)) @ w2 + b2
np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-6)
np.testing.assert_allclose(model.evaluate(x, y, verbose=0), np.mean((y - expected) ** 2), rtol=1e-4)

total = tf.reduce_sum(model.output)
saliency = K.gradients(total, [model.input])[0]
value, gradient = K.function([model.input], [total, saliency])([x])
np.testing.assert_allclose(value, expected.sum(), rtol=1e-4)
np.testing.assert_allclose(gradient, ((z > 0) * w2[:, 0] - w2.mean()) @ w.T, rtol=1e-3, atol=1e-5)

losses = model.fit(x, y, nb_epoch=5, verbose=0).history["loss"]
assert losses[-1] < losses[0], losses
print("fine")
"""


@pytest.mark.usefixtures("K")
def test_lambda_layers_losses_and_top_level_of_a_script():
    env = {**os.environ, "KBRIDGE_BACKEND": "tensorflow"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True, timeout=180)
    assert done.stdout.endswith("fine\n"), done.stdout + done.stderr
