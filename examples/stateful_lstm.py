"""A time series by a stateful LSTM: it sees one value at a time and remembers the ones before.

The series are sums of two waves of unknown phase plus a little noise. One value says little about the next; a model that
keeps its state over all calls learns where in the waves each series is.
"""

import sys

import numpy as np

from kbridge.layers import LSTM, Dense
from kbridge.models import Sequential
from kbridge.optimizers import Adam

SERIES, LENGTH, CHUNK = 16, 400, 20


def waves(seed):
    """SERIES series of LENGTH + 1 values, (SERIES, LENGTH + 1, 1)."""
    rng = np.random.RandomState(seed)
    t, phases = np.arange(LENGTH + 1), rng.uniform(0, 2 * np.pi, (2, SERIES, 1))
    clean = 0.6 * np.sin(0.3 * t + phases[0]) + 0.4 * np.sin(0.71 * t + phases[1])
    return (clean + rng.normal(0, 0.02, clean.shape))[..., None]


np.random.seed(13)
model = Sequential()
model.add(LSTM(32, batch_input_shape=(SERIES, CHUNK, 1), return_sequences=True, stateful=True))
model.add(Dense(1))
model.compile(loss="mse", optimizer=Adam(lr=0.005))

for epoch in range(25):
    series = waves(seed=epoch)
    model.reset_states()
    # the state at the end of a chunk is where the next begins
    losses = [
        model.train_on_batch(series[:, start : start + CHUNK], series[:, start + 1 : start + CHUNK + 1])
        for start in range(0, LENGTH, CHUNK)
    ]
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1}: squared error {float(losses[0]):.4f} in the first chunk, {float(losses[-1]):.4f} in the last")

series = waves(seed=1000)
model.reset_states()
remembering = [model.predict(series[:, i : i + CHUNK], batch_size=SERIES) for i in range(0, LENGTH, CHUNK)]
forgetting = []
for start in range(0, LENGTH, CHUNK):
    model.reset_states()
    forgetting.append(model.predict(series[:, start : start + CHUNK], batch_size=SERIES)[:, :1])
first_steps = [chunk[:, :1] for chunk in remembering[1:]]
wanted = [series[:, start + 1 : start + 2] for start in range(CHUNK, LENGTH, CHUNK)]
with_state, without = (np.mean(np.square(np.subtract(p, wanted))) for p in (first_steps, forgetting[1:]))
print(f"The value after a chunk's first one, squared error: {with_state:.4f} with the state kept, {without:.4f} with it reset.")
print("Kept, it should be below 0.02, and less than a fifth of the other.")
if with_state > 0.02 or with_state > without / 5:
    sys.exit(1)
