"""``kbridge compare`` and its Python calls: data, losses, training, custom objects, mistakes of the user, results."""

import json
import os
import re

import numpy as np
import pytest
from processes import ROOT, kbridge, output

import kbridge as kb
from kbridge import backend as K
from kbridge.comparison import backends
from kbridge.comparison.difference import difference
from kbridge.errors import UsageError
from kbridge.layers import (
    Activation,
    BatchNormalization,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    Input,
    Lambda,
    Layer,
    merge,
)
from kbridge.models import Model, Sequential
from kbridge.testing import assert_backends_agree

CASES = ROOT / "tests" / "data" / "oracle" / "cases"
TWO = ["numpy", "tensorflow"]
#: starts much faster than TensorFlow
PAIR = ["numpy", "planted"]


def small(loss="mse"):
    np.random.seed(1)
    model = Sequential([Dense(5, input_dim=4, name="a"), Activation("tanh", name="wrong"), Dense(2, name="c")])
    model.compile("sgd", loss)
    return model


def two_inputs():
    np.random.seed(1)
    x, y = Input((3,), name="x"), Input((5,), name="y")
    joined = merge([x, y], mode="concat", name="joined")
    model = Model([x, y], [Dense(2, name="one")(joined), Dense(1, name="two")(y)])
    model.compile("sgd", ["mse", "mae"])
    return model


@pytest.fixture
def saved(tmp_path):
    def save(model):
        model.save(str(tmp_path / "model.h5"))
        return tmp_path / "model.h5"

    return save


# ---------------------------------------------------------------------- results


def test_a_real_model_agrees(tmp_path):
    case = "embedding_mask_zero_lstm"
    done = kbridge("compare", str(CASES / f"{case}.h5"), "--backends", "numpy,tensorflow", "--train-steps", "1", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "... all layers: numpy, tensorflow" in done.stderr and "... training: numpy, tensorflow" in done.stderr
    assert "weights after 1 steps:" in done.stdout and "ok: all within tolerance" in done.stdout


def test_a_backend_that_differs_gives_status_1_a_reason_a_page_and_json(plant, saved, tmp_path):
    plant("gradient tanh")
    path = saved(small())
    variables = {name: os.environ[name] for name in ("PYTHONPATH", "KBRIDGE_PLANTED")}
    arguments = [
        "--backends",
        "numpy,planted",
        "--train-steps",
        "2",
        "--html",
        str(tmp_path / "x.html"),
        "--json",
        str(tmp_path / "x.json"),
    ]
    done = kbridge("compare", str(path), *arguments, home=tmp_path, **variables)
    assert done.returncode == 1
    assert "wrong (Activation): its gradient is wrong on planted, from the same input" in done.stdout
    assert "DIFFERENT" in done.stdout
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["ok"] is False and found["first_output"] is None and found["causes"][0]["layer"] == "wrong"
    assert [len(losses) for losses in found["train_losses"].values()] == [2, 2]
    assert [(row["name"], row["trained"]["ok"]) for row in found["layers"] if row["trained"]] == [("a", False), ("c", False)]
    assert "wrong on planted" in (tmp_path / "x.html").read_text()


def test_error_carried_on_is_told_from_error_made_in_a_layer(plant, saved):
    plant("value tanh")
    result = kb.compare(saved(small()), PAIR)
    (row,) = [row for row in result.layers if row.name == "c"]
    assert row.off and not row.wrong and row.own["planted"].ok
    assert [row.name for row in result.layers if row.wrong] == ["wrong"]
    assert "(carried)" in str(result).split("\nc ")[1].splitlines()[0]


def test_error_that_only_adds_up_is_blamed_on_no_layer(plant, saved):
    plant("value tanh")
    model = Sequential([Dense(3, input_dim=3, activation="tanh", bias=False, name=f"d{i}") for i in range(5)])
    model.set_weights([np.eye(3, dtype="float32")] * 5)
    # each layer is 1% off, and 3% are more than is tolerated
    result = kb.compare(saved(model), PAIR, data=np.full((2, 3), 0.01), atol=0, rtol=0.025)
    assert result.first_output.name == "d2" and not any(row.wrong for row in result.layers)
    assert [(cause.layer, cause.kind, cause.backends) for cause in result.causes][0] == ("d2", "output", [])
    assert "small differences add up" in str(result)
    assert result.causes[0].errors["numpy"] < 1e-7 < 1e-4 < result.causes[0].errors["planted"]


def test_a_gradient_that_jumps_where_rounding_decides_is_no_mistake(plant, saved):
    plant("rounding")
    model = Sequential([Dense(2, input_dim=2, activation="relu", name="kink"), Dense(1, name="c")])
    # the first unit is at zero, where a ReLU's gradient jumps from 0 to 1
    model.set_weights([np.array([[1.0, 1], [-1, 1]]), np.zeros(2), np.ones((2, 1)), np.zeros(1)])
    result = kb.compare(saved(model), PAIR, data=np.ones((3, 2)))
    kink = result.layers[1]
    assert kink.weights.abs > 0.1 and kink.weights.jump and kink.jumps
    assert result.ok and not result.causes and "ok (jump)" in str(result) and "a gradient where a ReLU is at zero" in str(result)
    assert "ok (jump)" in result.to_html()


def test_training_that_follows_rounding_alone_is_no_mistake(plant, saved):
    plant("rounding")
    np.random.seed(0)
    # batch normalization takes the bias before it away: its gradient is zero but for rounding, of which Adam makes whole steps
    model = Sequential([Dense(6, input_dim=4, name="a"), BatchNormalization(mode=2, name="b"), Dense(1, name="c")])
    model.compile("adam", "mse")
    result = kb.compare(saved(model), PAIR, train_steps=2)
    assert result.ok and result.layers[1].trained.jump
    assert not result.layers[3].trained.jump
    # a mistake that training shows is still one
    plant("gradient square")
    assert not kb.compare(saved(model), PAIR, train_steps=2).ok


def test_python_call_takes_a_model_and_gives_rows():
    result = kb.compare(small(), TWO, train_steps=2)
    rows = [(row.name, row.class_name, row.shape) for row in result.layers]
    assert rows[1:] == [("a", "Dense", [4, 5]), ("wrong", "Activation", [4, 5]), ("c", "Dense", [4, 2])]
    assert list(result.losses) == TWO and all(len(losses) == 2 for losses in result.train_losses.values())
    assert result.ok and result.trained.ok and result.predictions.ok


def test_the_page_needs_no_network_and_can_be_used_without_mouse_or_sight(plant):
    plant("none")
    page = kb.compare(CASES / "fit_bn.h5", PAIR).to_html()
    assert not re.search(r"https?:|<link|<script src|@import|url\(", page)
    assert page.count('<tr id="row-') == 4 and page.count('<a href="#row-') == 4
    heads = re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", page.split('<table id="layers">')[1].split("</thead>")[0])
    assert len(heads) == 11 and all(head.startswith('<button type="button">') for head in heads)
    assert "aria-sort=ascending" in page and 'role="status"' in page and 'lang="en"' in page
    assert "prefers-color-scheme:dark" in page and 'name="viewport"' in page


def test_names_from_a_model_are_text_in_the_page(plant):
    plant("none")
    model = Sequential([Dense(2, input_dim=2, name="<script>alert(1)</script>")])
    assert "<script>alert" not in kb.compare(model, PAIR).to_html()


def test_dropout_and_noise_are_off_in_training_too(plant):
    plant("none")
    model = Sequential([Dense(5, input_dim=4), Dropout(0.5), GaussianNoise(3.0), Dense(2)])
    model.compile("sgd", "mse")
    assert kb.compare(model, PAIR, train_steps=2).ok


# ---------------------------------------------------------------------- data, losses


def test_given_data_targets_and_loss_are_used(saved, tmp_path):
    x, y = np.random.rand(6, 4), np.random.rand(6, 2)
    model = small()
    expected = np.mean(np.abs(model.predict(x) - y))
    result = kb.compare(saved(model), TWO, data=x, targets=y, loss="mae")
    assert result.layers[0].shape == [6, 4]
    np.testing.assert_allclose(list(result.losses.values()), expected, rtol=1e-5)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y.npy", y)
    arguments = ["--data", str(tmp_path / "x.npy"), "--targets", str(tmp_path / "y.npy"), "--loss", "mae", "--backends", "numpy,tensorflow"]
    done = kbridge("compare", str(tmp_path / "model.h5"), *arguments, home=tmp_path)
    assert done.returncode == 0 and f"numpy {result.losses['numpy']:.7g}" in done.stdout


def test_arrays_of_several_inputs_go_by_name_or_in_order(plant, saved):
    plant("none")
    arrays = {"y": np.random.rand(6, 5), "x": np.random.rand(6, 3)}
    model = two_inputs()
    by_name = kb.compare(saved(model), PAIR, data=arrays)
    in_order = kb.compare(saved(model), PAIR, data=[arrays["x"], arrays["y"]])
    other_names = kb.compare(saved(model), PAIR, data={"arr_0": arrays["x"], "arr_1": arrays["y"]})
    assert by_name.ok and by_name.losses == in_order.losses == other_names.losses


def test_the_seed_decides_what_is_drawn(plant, saved):
    plant("none")
    path = saved(Sequential([Embedding(3, 2, input_length=4), Dense(2)]))
    losses = [kb.compare(path, PAIR, seed=seed).losses["numpy"] for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


# ---------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": np.zeros((6, 7))}, r"has the shape \(None, 4\), but the data have \(6, 7\)"),
        ({"data": np.array(["x"])}, "must be numbers, got <U1"),
        ({"data": [np.zeros((6, 4))] * 2}, "the model has 1 inputs .* but the data hold 2 arrays"),
        ({"data": np.zeros((6, 4)), "targets": np.zeros((5, 2))}, "the same number of samples, got 6, 5"),
        ({"targets": np.zeros((4, 3))}, r"output c has the shape \(None, 2\), but the targets have \(4, 3\)"),
        ({"loss": "nope"}, "Invalid objective: 'nope'"),
        ({"atol": -1}, "can't be negative"),
        ({"custom": "nowhere.py"}, "There is no file nowhere.py"),
        ({"backends": ["numpy"]}, "at least two different backends, got numpy"),
    ],
)
def test_mistakes_are_told(options, message, saved):
    with pytest.raises(UsageError, match=message):
        kb.compare(saved(small()), **{"backends": TWO, **options})


def test_backends_that_are_not_installed_are_left_out_and_named(saved, monkeypatch):
    installed = {"numpy", "tensorflow"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *_: name in installed)
    result = kb.compare(saved(small()))
    assert result.backends == TWO and "not compared: theano (not installed)" in str(result)
    installed.remove("tensorflow")
    with pytest.raises(UsageError, match=r"only numpy is installed: pip install '\.\[tensorflow\]' or"):
        kb.compare(saved(small()))


def test_a_backend_that_is_asked_for_must_work(plant, saved):
    plant("no such mistake")
    with pytest.raises(UsageError, match=r"planted can't run .*model\.h5: .*no such mistake"):
        kb.compare(saved(small()), PAIR)


def test_mistakes_on_the_command_line_give_status_1_and_one_line(saved, tmp_path):
    path, folder = str(saved(small())), tmp_path
    np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    small().save_weights(str(folder / "weights.h5"))
    for arguments, message in [
        (["nothing.h5"], "There is no model file nothing.h5"),
        ([str(folder / "weights.h5")], "holds only weights"),
        ([path, "--data", "none.npy"], "There is no file none.npy"),
        ([path, "--data", str(folder / "objects.npy")], "objects.npy as .npy or .npz"),
        ([path, "--html", str(folder / "no" / "x.html")], "there is no folder"),
        ([path, "--backends", "numpy,foo"], "must be one of 'numpy', 'tensorflow', 'theano'"),
        ([path, path, path], "got 3"),
    ]:
        done = kbridge("compare", *arguments, home=folder)
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr, (arguments, done.stderr)


# ---------------------------------------------------------------------- custom objects


class Twice(Layer):
    def call(self, x, mask=None):
        return 2 * x


def half(x):
    return x * 0.5


def squared(y_true, y_pred):
    return K.mean(K.square(y_pred - y_true), axis=-1)


CUSTOM = """
from keras import backend as K
from keras.layers import Layer
print("a custom file may print")
class Twice(Layer):
    def call(self, x, mask=None):
        return 2 * x
def half(x):
    return x * 0.5
def squared(y_true, y_pred):
    return K.mean(K.square(y_pred - y_true), axis=-1)
"""


@pytest.fixture
def of_its_own(saved):
    model = Sequential([Dense(3, input_dim=4), Twice(name="t"), Lambda(half, name="lam"), Dense(2)])
    model.compile("sgd", squared)
    return saved(model)


def test_missing_custom_objects_are_all_named(of_its_own, tmp_path):
    done = kbridge("compare", str(of_its_own), "--backends", "numpy,tensorflow", home=tmp_path)
    assert done.returncode == 1
    assert "it needs custom objects: Twice, squared. Give a file that defines them: --custom FILE.py" in done.stderr
    (tmp_path / "some.py").write_text("def half(x):\n    return x\n")
    with pytest.raises(UsageError, match=r"custom objects: Twice, squared\. .*some\.py doesn't define them"):
        kb.compare(of_its_own, TWO, custom=tmp_path / "some.py")


def test_custom_objects_come_from_a_file(of_its_own, tmp_path):
    (tmp_path / "mine.py").write_text(CUSTOM)
    done = kbridge("compare", str(of_its_own), "--backends", "numpy,tensorflow", "--custom", str(tmp_path / "mine.py"), home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Twice" in done.stdout


def test_a_custom_file_that_fails_is_named(of_its_own, tmp_path):
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(UsageError, match=r"broken\.py failed with ModuleNotFoundError: No module named 'nothing_of_this_name'"):
        kb.compare(of_its_own, TWO, custom=tmp_path / "broken.py")
    (tmp_path / "dies.py").write_text("import os, sys\nprint('last words', file=sys.stderr, flush=True)\nos._exit(3)\n")
    with pytest.raises(UsageError, match=r"its process ended with status 3\n(.*\n)*last words"):
        kb.compare(of_its_own, TWO, custom=tmp_path / "dies.py")


def test_long_runs_tell_what_they_wait_for(of_its_own, tmp_path, monkeypatch):
    monkeypatch.setattr(backends, "_PATIENCE", 0.3)
    (tmp_path / "slow.py").write_text("import time\ntime.sleep(2)\n" + CUSTOM)
    told = []
    kb.compare(of_its_own, TWO, custom=tmp_path / "slow.py", progress=told.append)
    assert any(re.fullmatch(r"inputs: \d+ s, still numpy \(loading the model\)", text) for text in told), told
    assert any(text.startswith("all layers: tensorflow done after") for text in told)


# ---------------------------------------------------------------------- for test suites


def test_assert_backends_agree_passes_where_backends_agree(plant, saved):
    assert_backends_agree(small(), TWO)
    plant("none")
    assert_backends_agree(saved(small()), PAIR, train_steps=1, atol=1e-5)


def test_assert_backends_agree_fails_with_the_table(plant, saved):
    plant("value tanh")
    with pytest.raises(AssertionError, match=r"(?s)layer +class.*wrong \(Activation\): its output is wrong on planted"):
        assert_backends_agree(saved(small()), PAIR)
    # the same mistake is tolerated where the test says so
    assert_backends_agree(saved(small()), PAIR, atol=0.5, rtol=0.5)


# ---------------------------------------------------------------------- parts


def test_differences_of_shapes_and_nan_are_never_within_tolerance():
    assert not difference([np.zeros(2), np.zeros(3)], 1, 1).ok
    assert not difference([np.zeros(2), np.array([0, np.nan])], 1e9, 1e9).ok
    assert difference([np.array([np.nan]), np.array([np.nan])], 0, 0).ok


def test_differences_are_measured_against_the_largest_value():
    d = difference([np.array([1e-9, 4.0]), np.array([2e-9, 4.5])], 0.1, 0.1)
    assert (d.abs, d.rel, d.tolerances, d.ok) == (0.5, 0.125, 1.0, True)
    assert sum(d.histogram) == 2 and d.histogram[0] == 0
    assert difference([np.zeros(3), np.zeros(3)], 0, 0).histogram[0] == 3


def test_importing_the_package_loads_no_comparison(tmp_path):
    assert "kbridge.comparison" not in output("import kbridge, sys; print(*sys.modules)", tmp_path).split()
