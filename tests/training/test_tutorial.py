"""The Keras 1 tutorial, word for word with ``kbridge`` for ``keras``."""

import numpy as np

from kbridge.layers.core import Activation, Dense
from kbridge.models import Sequential, load_model


def data(samples=200, seed=0):
    rng = np.random.RandomState(seed)
    X = rng.randn(samples, 100).astype("float32")
    Y = np.eye(10)[(X[:, :10] + 0.3 * rng.randn(samples, 10)).argmax(axis=1)]
    return X, Y


def tutorial_model(seed=1):
    np.random.seed(seed)
    model = Sequential()
    model.add(Dense(output_dim=64, input_dim=100))
    model.add(Activation("relu"))
    model.add(Dense(output_dim=10))
    model.add(Activation("softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="sgd", metrics=["accuracy"])
    return model


def test_fit_shows_progress_and_returns_a_history(capsys):
    X, Y = data()
    history = tutorial_model().fit(X, Y, nb_epoch=5, batch_size=32, validation_data=data(50, 1))
    assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}
    assert history.epoch == [0, 1, 2, 3, 4]
    assert history.history["loss"][-1] < history.history["loss"][0]
    shown = capsys.readouterr().out
    assert "Train on 200 samples, validate on 50 samples" in shown
    assert "Epoch 1/5" in shown
    assert "Epoch 5/5" in shown
    assert "200/200 [==============================] - 0s - loss: " in shown
    assert " - val_acc: " in shown


def test_batches_evaluation_and_prediction():
    X_train, Y_train = data()
    X_test, Y_test = data(70, 1)
    model = tutorial_model()
    loss, accuracy = model.train_on_batch(X_train[:32], Y_train[:32])
    assert np.isfinite(loss)
    assert 0 <= accuracy <= 1
    assert model.metrics_names == ["loss", "acc"]
    loss_and_metrics = model.evaluate(X_test, Y_test, verbose=1)
    assert len(loss_and_metrics) == 2
    classes = model.predict_classes(X_test, batch_size=32, verbose=0)
    proba = model.predict_proba(X_test, batch_size=32, verbose=0)
    assert classes.shape == (70,)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.predict(X_test, batch_size=32).argmax(axis=1), classes)


def test_evaluation_averages_over_an_incomplete_last_batch():
    X, Y = data(70)
    model = tutorial_model()
    np.testing.assert_allclose(model.evaluate(X, Y, batch_size=32, verbose=0), model.evaluate(X, Y, batch_size=70, verbose=0), rtol=1e-5)


def by_hand(weights, X, Y, epochs, batch_size, lr):
    """The same training in plain NumPy, in double precision."""
    W1, b1, W2, b2 = (w.astype("float64") for w in weights)
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            x, y = X[start : start + batch_size].astype("float64"), Y[start : start + batch_size]
            h = np.maximum(x @ W1 + b1, 0)
            z = h @ W2 + b2
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            dz = (p - y) / len(x)
            dh = (dz @ W2.T) * (h > 0)
            W2, b2 = W2 - lr * h.T @ dz, b2 - lr * dz.sum(axis=0)
            W1, b1 = W1 - lr * x.T @ dh, b1 - lr * dh.sum(axis=0)
    return W1, b1, W2, b2


def test_five_epochs_give_the_weights_that_training_by_hand_gives():
    """Each backend within half of 1e-4 of the same numbers, so that backends agree within 1e-4."""
    X, Y = data()
    model = tutorial_model()
    expected = by_hand(model.get_weights(), X, Y, epochs=5, batch_size=32, lr=0.01)
    model.fit(X, Y, nb_epoch=5, batch_size=32, shuffle=False, verbose=0)
    for have, want in zip(model.get_weights(), expected):
        np.testing.assert_allclose(have, want, atol=5e-5)


def test_initial_weights_depend_on_the_seed_alone():
    # NumPy's own draws, in the order in which the layers are built
    model = tutorial_model(seed=5)
    np.random.seed(5)
    limit = np.sqrt(6 / (100 + 64))
    np.testing.assert_allclose(model.get_weights()[0], np.random.uniform(-limit, limit, (100, 64)), rtol=1e-6)


def test_a_loaded_model_goes_on_exactly_where_it_stopped(tmp_path):
    X, Y = data()
    for optimizer in ("sgd", "adam", "rmsprop"):
        model = tutorial_model()
        model.compile(loss="categorical_crossentropy", optimizer=optimizer, metrics=["accuracy"])
        model.fit(X, Y, nb_epoch=2, batch_size=32, shuffle=False, verbose=0)
        path = str(tmp_path / "my_model.h5")
        model.save(path)
        again = load_model(path)
        np.testing.assert_array_equal(model.predict(X), again.predict(X))
        model.fit(X, Y, nb_epoch=2, batch_size=32, shuffle=False, verbose=0)
        again.fit(X, Y, nb_epoch=2, batch_size=32, shuffle=False, verbose=0)
        for one, other in zip(model.get_weights(), again.get_weights()):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-7)


def test_plain_lists_are_data():
    X_test, Y_test = [[1, 1], [0, 100]], [[2], [100]]
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mae")
    model.set_weights([np.array([[1.0], [0.5]]), np.array([0.25])])
    assert model.predict(X_test).ravel().tolist() == [1.75, 50.25]
    assert model.evaluate(X_test, Y_test, verbose=0) == np.mean([0.25, 49.75])
    history = model.fit(X_test, Y_test, nb_epoch=1, verbose=0)
    assert history.history["loss"] == [25.0]
    # one array in a list means the same as the array
    assert model.predict([np.array(X_test, "float32")]).shape == (2, 1)
