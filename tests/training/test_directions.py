"""mode='auto' of callbacks: which direction is better, by the name of what is monitored; and named metrics under masks."""

import types
import warnings

import numpy as np
import pytest

from kbridge import backend as K
from kbridge import metrics, objectives
from kbridge.callbacks import Callback, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from kbridge.callbacks.direction import larger_is_better
from kbridge.layers import Dense, Masking, TimeDistributed
from kbridge.models import Sequential

BETTER_LARGER = (
    "acc binary_accuracy categorical_accuracy sparse_categorical_accuracy top_k_categorical_accuracy precision recall "
    "fbeta_score fmeasure matthews_correlation"
).split()


def own_functions(module):
    return sorted(
        {
            f.__name__
            for f in vars(module).values()
            if isinstance(f, types.FunctionType)
            and not f.__name__.startswith("_")
            and ".utils." not in f.__module__
            and f.__module__ != "kbridge.errors"
        }
        - {"get", "get_from_module", "serialize", "deserialize", "weighted"}
    )


@pytest.mark.parametrize("name", [*own_functions(metrics), *own_functions(objectives), "loss", "acc"])
def test_the_direction_of_each_metric_is_known(name):
    for written in (name, f"val_{name}", f"val_out_{name}", f"accent_{name}", f"{name}_2", f"val_precision_loss_{name}"):
        assert larger_is_better(written) == (name in BETTER_LARGER, True), written


@pytest.mark.parametrize(
    "name, larger",
    [
        ("val_auc", True), ("roc_auc", True), ("val_AUC_1", True), ("auc_roc", True), ("val_f1", True), ("f1_score", True), ("dice_coef", True),
        ("mean_iou", True), ("jaccard", True), ("val_meanIoU", False), ("r2", True), ("my_acc", True), ("seqacc", True), ("top_3", True),
        ("dice_coef_loss", False), ("rmse", False), ("val_wordErrorRate", False), ("word_error_rate", False), ("perplexity", False),
        ("negative_log_likelihood", False), ("log_likelihood", True), ("neg_loss", True), ("false_positives", False), ("something", False),
    ],
)  # fmt: skip
def test_other_names_are_guessed_with_one_warning(name, larger):
    if name == "my_acc":  # 'acc' of an output called 'my'
        assert larger_is_better(name) == (True, True)
        return
    if name == "dice_coef_loss":
        assert larger_is_better(name) == (False, True)
        return
    assert larger_is_better(name) == (larger, False)
    for make in (EarlyStopping, ReduceLROnPlateau, lambda **options: ModelCheckpoint("file", save_best_only=True, **options)):
        with pytest.warns(
            UserWarning, match=rf"{'larger' if larger else 'smaller'} values of '{name}'.*mode='max'.*monitor-mode"
        ) as caught:
            make(monitor=name)
        assert len(caught) == 1 and caught[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make(monitor=name, mode="min")


class Logs(Callback):
    """Puts values of its own into the logs."""

    def __init__(self, name, values):
        self.name, self.values = name, values

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


def run(callback, name, values):
    model = Sequential([Dense(1, input_dim=1)])
    model.compile("sgd", "mse")
    x = np.zeros((2, 1))
    history = model.fit(x, x, nb_epoch=len(values), verbose=0, callbacks=[Logs(name, values), callback])
    return history, model


RISING, FALLING = [0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]


@pytest.mark.parametrize(
    "name", ["val_precision", "val_fmeasure", "val_matthews_correlation", "val_loss", "out_recall_1", "mean_squared_error"]
)
@pytest.mark.parametrize("mode", ["auto", "max", "min"])
def test_callbacks_follow_the_direction(name, mode, tmp_path):
    larger = mode == "max" or (mode == "auto" and name not in ("val_loss", "mean_squared_error"))
    good, bad = (RISING, FALLING) if larger else (FALLING, RISING)
    for values, epochs in ((good, 4), (bad, 2)):
        history, _ = run(EarlyStopping(monitor=name, mode=mode), name, values)
        assert len(history.epoch) == epochs
        _, model = run(ReduceLROnPlateau(monitor=name, mode=mode, patience=0, factor=0.5), name, values)
        assert float(K.get_value(model.optimizer.lr)) == pytest.approx(0.01 * (1 if values is good else 0.125))
        folder = tmp_path / str(epochs)
        folder.mkdir()
        run(ModelCheckpoint(str(folder / "{epoch:02d}"), monitor=name, mode=mode, save_best_only=True), name, values)
        assert len(list(folder.iterdir())) == (4 if values is good else 1)


@pytest.mark.parametrize("name", own_functions(objectives))
def test_a_metric_by_name_and_as_a_function_are_the_same_under_masks(name):
    np.random.seed(0)
    model = Sequential([Masking(input_shape=(4, 3)), TimeDistributed(Dense(3, activation="softmax"))])
    x, y = np.random.rand(5, 4, 3), np.random.rand(5, 4, 3)
    if name == "sparse_categorical_crossentropy":
        y = np.random.randint(0, 3, (5, 4, 1))
    x[1, 2:] = x[3, 1:] = 0
    model.compile("sgd", name, metrics=[name, getattr(objectives, name), getattr(metrics, name)])
    _, *values = model.evaluate(x, y, verbose=0)
    function = getattr(metrics, name)
    by_hand = K.eval(function(K.variable(y), K.variable(model.predict(x))))
    assert values == pytest.approx([float(by_hand)] * 3, rel=1e-5)
    assert model.metrics_names[1:] == [name] * 3
