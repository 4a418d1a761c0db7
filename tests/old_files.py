"""Small models as old libraries build, train and save them: Keras 2.2.4 and 2.3.1 on TensorFlow 1.15, and its tf.keras.

    python tests/old_files.py FOLDER [keras|tf.keras]

is run with each library, on the Python that has it (3.6 or 3.7: nothing here is newer), and writes into FOLDER/LIBRARY each model
in all forms that the library has, and predictions.npz: inputs, predictions, and predictions after a step of training from the file.
So tests/data/old was made.
"""

import os
import sys

import numpy as np

#: name -> (function of keras and its layers that gives a model, optimizer)
CASES = {}


def case(optimizer):
    """Register a function that builds a model."""

    def register(build):
        CASES[build.__name__] = (build, optimizer)
        return build

    return register


@case("Adam")
def perceptron(k, L):
    return k.models.Sequential([
        L.Dense(6, activation="relu", input_shape=(4,), kernel_regularizer=k.regularizers.l2(0.01)), L.BatchNormalization(),
        L.Dense(5, activation="elu", use_bias=False, kernel_constraint=k.constraints.MaxNorm(2.0)), L.LeakyReLU(0.2), L.Dense(3, activation="softmax"),
    ])  # fmt: skip


@case("SGD")
def pictures(k, L):
    return k.models.Sequential([
        L.Conv2D(4, 3, padding="same", activation="relu", input_shape=(9, 8, 3)), L.BatchNormalization(), L.MaxPooling2D(2),
        L.SeparableConv2D(5, 2, strides=1), L.DepthwiseConv2D(2, padding="same"), L.ReLU(6.0), L.UpSampling2D(2), L.ZeroPadding2D(1),
        L.Conv2DTranspose(3, 3, strides=2), L.GlobalAveragePooling2D(), L.Dense(2),
    ])  # fmt: skip


@case("RMSprop")
def texts(k, L):
    words = k.Input((6,), dtype="int32")
    x = L.Embedding(9, 4, mask_zero=True)(words)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    x = L.GRU(4, reset_after=False, recurrent_activation="hard_sigmoid", return_sequences=True)(x)
    x = L.TimeDistributed(L.Dense(3, activation="tanh"))(x)
    return k.Model(words, L.Dense(2)(L.SimpleRNN(3)(x)))


@case("Adagrad")
def shared_and_merged(k, L):
    a, b = k.Input((4,), name="left"), k.Input((4,), name="right")
    shared = L.Dense(3, activation="tanh", name="shared")
    x, y = shared(a), shared(b)
    joined = L.concatenate([L.add([x, y]), L.multiply([x, y]), L.subtract([x, y]), L.maximum([x, y]), L.average([x, y])])
    return k.Model([a, b], [L.Dense(2, name="one")(joined), L.Dense(1, name="two", activation="sigmoid")(L.dot([x, y], 1))])


@case("Adadelta")
def models_inside(k, L):
    inner = k.models.Sequential([L.Dense(4, input_shape=(3,), activation="relu"), L.BatchNormalization(), L.Dense(2)], name="inner")
    z = k.Input((2,))
    head = k.Model(z, L.Dense(3, activation="tanh")(z), name="head")
    x = k.Input((5, 3))
    return k.Model(x, L.Dense(1)(L.Flatten()(L.TimeDistributed(head)(L.TimeDistributed(inner)(x)))))


@case("Adamax")
def series(k, L):
    return k.models.Sequential([
        L.Conv1D(4, 3, padding="causal", dilation_rate=2, input_shape=(10, 2)), L.PReLU(shared_axes=[1]), L.Conv1D(3, 2, strides=2),
        L.LocallyConnected1D(2, 2), L.Cropping1D(1), L.AveragePooling1D(1), L.Flatten(), L.Dense(2),
    ])  # fmt: skip


@case("SGD")
def films(k, L):
    return k.models.Sequential([
        L.ConvLSTM2D(2, 2, padding="same", return_sequences=True, input_shape=(3, 5, 4, 2)), L.Conv3D(3, (2, 2, 2), activation="relu"),
        L.MaxPooling3D((1, 2, 2)), L.Permute((3, 1, 2, 4)), L.Reshape((-1, 3)), L.GlobalMaxPooling1D(), L.Dense(2),
    ])  # fmt: skip


@case("Adam")
def residual(k, L):
    x = k.Input((8, 8, 2))
    y = L.Conv2D(4, 3, strides=2, padding="same", use_bias=False, name="res1/conv")(x)
    y = L.BatchNormalization(name="res1/bn", scale=False)(y)
    y = L.Activation("relu")(y)
    skip = L.Conv2D(4, 1, strides=2, name="res1/skip")(x)
    y = L.Add()([L.Conv2D(4, 3, padding="same", name="res1/conv2")(y), skip])
    return k.Model(x, L.Dense(3, activation="softmax", name="top")(L.GlobalAveragePooling2D()(y)))


def optimizer(k, name):
    """An optimizer with settings of its own."""
    made = getattr(k.optimizers, name)
    return made(0.05, momentum=0.9, nesterov=True) if name == "SGD" else made(0.01)


def inputs(model, name):
    """Inputs for a model: numbers of words for ``texts``."""
    chance = np.random.RandomState(3)
    shapes = [tuple(int(n) for n in tensor.shape[1:]) for tensor in model.inputs]
    if name == "texts":
        return [chance.randint(0, 9, (4, 6)).astype("int32")]
    return [chance.uniform(-1, 1, (4,) + shape).astype("float32") for shape in shapes]


def listed(values):
    """A model's predictions as a list."""
    return values if isinstance(values, list) else [values]


def targets(predicted):
    """What training is to reach: other values than the predictions."""
    return [value[::-1] * 0.5 + 0.1 for value in predicted]


def single(values):
    """A list's only entry, or the list."""
    return values[0] if len(values) == 1 else values


def main(folder, wanted=None):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    # Keras 2.2.4 makes variables that one part of a step may read after another has updated them
    tf.compat.v1.enable_resource_variables()
    try:
        import keras
    except ImportError:
        keras = None
    if keras is not None and wanted in (None, "keras"):
        write(os.path.join(folder, "keras-" + keras.__version__), keras, None)
    if wanted in (None, "tf.keras"):
        write(os.path.join(folder, "tf.keras-" + tf.__version__), tf.keras, tf)


def write(folder, k, tf):
    """All models of one library; ``tf`` where it is TensorFlow's own."""
    if not os.path.isdir(folder):
        os.makedirs(folder)
    arrays = {}
    for name in sorted(CASES):
        build, chosen = CASES[name]
        k.backend.clear_session()
        np.random.seed(7)
        model = build(k, k.layers)
        model.compile(optimizer(k, chosen), "mse")
        x = inputs(model, name)
        # moving averages, biases and moments that aren't 0
        chance = np.random.RandomState(5)
        model.set_weights([value + chance.uniform(0.0, 0.2, value.shape) for value in model.get_weights()])
        for _ in range(2):
            model.train_on_batch(single(x), single(targets(listed(model.predict(single(x))))))
        predicted = listed(model.predict(single(x)))
        model.save(os.path.join(folder, name + ".h5"))
        with open(os.path.join(folder, name + ".json"), "w") as file:
            file.write(model.to_json(indent=1))
        if tf is None or name in ("perceptron", "shared_and_merged"):
            with open(os.path.join(folder, name + ".yaml"), "w") as file:
                file.write(model.to_yaml())
        if tf is not None:
            inner = os.path.join(folder, name)
            model.save_weights(os.path.join(inner, "objects", "weights"), save_format="tf")
            saver = tf.compat.v1.train.Saver()
            saver.save(
                k.backend.get_session(), os.path.join(inner, "names", "model.ckpt"), write_meta_graph=False, latest_filename="checkpoint"
            )
            if name in ("perceptron", "shared_and_merged", "models_inside"):
                model.save(os.path.join(inner, "saved_model"), save_format="tf")
                without_functions(os.path.join(inner, "saved_model", "saved_model.pb"))
        model = k.models.load_model(os.path.join(folder, name + ".h5"))
        state = model.get_weights()
        model.train_on_batch(single(x), single(targets(predicted)))
        trained = listed(model.predict(single(x)))
        assert any((one != other).any() for one, other in zip(state, model.get_weights()))
        for what, values in (("input", x), ("predicted", predicted), ("trained", trained)):
            for i, value in enumerate(values):
                arrays[f"{name}/{what}/{i}"] = value
    np.savez_compressed(os.path.join(folder, "predictions.npz"), **arrays)
    print(folder, len(CASES), "models")


def without_functions(path):
    """Leave the operations out of a SavedModel, megabytes that kbridge passes over; the objects and their configs stay as they are."""
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    with open(path, "rb") as file:
        saved.ParseFromString(file.read())
    for graph in saved.meta_graphs:
        graph.ClearField("graph_def")
        graph.ClearField("signature_def")
        graph.object_graph_def.ClearField("concrete_functions")
        for node in graph.object_graph_def.nodes:
            for kind in ("function", "bare_concrete_function"):
                if node.HasField(kind):
                    getattr(node, kind).Clear()
                    getattr(node, kind).SetInParent()
    with open(path, "wb") as file:
        file.write(saved.SerializeToString())


if __name__ == "__main__":
    main(*sys.argv[1:])
