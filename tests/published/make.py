"""Files of real libraries with the layers of this folder: ``cd tests; python -m published.make keras3|tf_keras FOLDER`` writes, for each case, the
model and what it predicts. So ``tests/data/published`` was made, with Keras 3.15 and tf_keras 2.21.
"""

import os
import sys

import numpy as np


def inputs(shapes, name):
    """Inputs of a case: numbers of words for embeddings."""
    chance = np.random.RandomState(4)
    if len(shapes[0]) == 1 and ("token" in name or "positional" in name):
        return [chance.randint(0, 9, (3, *shapes[0])).astype("int32")]
    return [chance.uniform(-1, 1, (3, *shape)).astype("float32") for shape in shapes]


def main(library, folder):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    if library == "tf_keras":
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
        import tf_keras as keras

        from published import for_tf_keras as own
    else:
        import keras

        from published import for_keras3 as own
    os.makedirs(folder, exist_ok=True)
    arrays = {}
    for name, (shapes, build) in own.CASES.items():
        keras.utils.set_random_seed(3)
        x = inputs(shapes, name)
        ends = [keras.Input(shape, dtype=array.dtype.name) for shape, array in zip(shapes, x, strict=True)]
        model = keras.Model(ends, build(*ends))
        chance = np.random.RandomState(5)
        model.set_weights(
            [value + chance.uniform(0.0, 0.3, value.shape) if value.dtype.kind == "f" else value for value in model.get_weights()]
        )
        predicted = model.predict(x, verbose=0)
        for suffix in ("keras",) if library == "keras3" else ("h5", "keras"):
            path = os.path.join(folder, f"{library}_{name}.{suffix}")
            try:
                model.save(path)
            except ValueError as error:
                # weights without names have one name there
                print(path, error)
                os.remove(path)
                continue
            again = keras.models.load_model(path, custom_objects=vars(own))
            np.testing.assert_allclose(again.predict(x, verbose=0), predicted, rtol=1e-5, atol=1e-6)
        arrays.update({f"{name}/input/{place}": value for place, value in enumerate(x)})
        arrays[f"{name}/predicted"] = predicted
        print(library, name, len(model.weights))
    np.savez_compressed(os.path.join(folder, f"{library}.npz"), **arrays)


if __name__ == "__main__":
    main(*sys.argv[1:])
