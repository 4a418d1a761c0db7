"""Predicts and evaluates with all workers: python share_predictions.py FOLDER [die]. Worker 0 compares with one process."""

import os
import sys
from pathlib import Path

import h5py
import numpy as np

from kbridge import distributed
from kbridge.distributed import inference, results
from kbridge.layers import Dense, Input
from kbridge.models import Model

folder = Path(sys.argv[1])
inference.BLOCK = 250
np.random.seed(3)
first, second = Input((4,)), Input((2,))
hidden = Dense(5, activation="tanh")(first)
model = Model([first, second], [Dense(3)(hidden), Dense(1)(second)])
model.compile("sgd", "mse", metrics=["mae"])
one = Model(first, Dense(2)(hidden))
rng = np.random.RandomState(4)
x, z = rng.rand(2500, 4).astype("float32"), rng.rand(2500, 2).astype("float32")
y = [rng.rand(2500, 3), rng.rand(2500, 1)]
if distributed.rank() == 0 and not (folder / "x.npy").exists():
    np.save(folder / "x.npy", x)
    with h5py.File(folder / "data.h5", "w") as file:
        file["z"] = z
    (folder / "parts").mkdir()
    for number, start in enumerate((0, 1000, 1003)):
        np.save(folder / "parts" / f"{number}.npy", x[start : [1000, 1003, 2500][number]])
# reading begins when worker 0 has written
distributed.predict(one, x[:3])
if "die" in sys.argv and distributed.rank() == 1:
    whole = results.Results.write

    def write(self, block, start, values):
        whole(self, block, start, values)
        os.kill(os.getpid(), 9)

    results.Results.write = write
blocks = []
if "count" in sys.argv:
    whole_write = results.Results.write
    results.Results.write = lambda self, block, start, values: (blocks.append(block), whole_write(self, block, start, values))[1]
written = distributed.predict(one, str(folder / "x.npy"), folder / "out.npy", batch_size=50)
if "count" in sys.argv and distributed.rank() == 0:
    print("again", blocks)
np.testing.assert_array_equal(written, one.predict(x, batch_size=50))
np.testing.assert_array_equal(distributed.predict(one, folder / "parts"), one.predict(x))
for found, expected in zip(
    distributed.predict(model, [x, f"{folder}/data.h5:z"], [folder / "a.npy", folder / "b.npy"]), model.predict([x, z])
):
    np.testing.assert_array_equal(found, expected)
weights = [rng.rand(2500), rng.rand(2500)]
np.testing.assert_allclose(
    distributed.evaluate(model, [folder / "parts", z], y, 64, weights),
    model.evaluate([x, z], y, 64, verbose=0, sample_weight=weights),
    rtol=1e-12,
)
if distributed.rank() == 0:
    print("files", sorted(path.name for path in folder.iterdir()))
