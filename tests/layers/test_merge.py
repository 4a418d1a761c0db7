"""Merge and merge: every mode against NumPy, shapes as promised, masks, functions, errors."""

import numpy as np
import oracle_models as pack
import pytest
from layers.helper import check_layer

from kbridge import backend as K
from kbridge.engine.topology import Input, Merge, merge
from kbridge.layers.core import Dense, Masking
from kbridge.models import Model, load_model

ELEMENTWISE = {
    "sum": lambda *xs: sum(xs),
    "mul": lambda *xs: np.prod(xs, axis=0),
    "ave": lambda *xs: np.mean(xs, axis=0),
    "max": lambda *xs: np.max(xs, axis=0),
}


@pytest.mark.parametrize("mode", ELEMENTWISE)
def test_elementwise_modes(mode):
    check_layer(Merge, {"mode": mode}, [(4,), (4,), (4,)], reference=ELEMENTWISE[mode])


@pytest.mark.parametrize(
    ("shapes", "axis"),
    [([(3,), (2,)], -1), ([(3, 4), (2, 4)], 1), ([(3, 4), (3, 2)], 2), ([(3, 4), (3, 2), (3, 1)], -1), ([(None, 4), (None, 2)], -1)],
)
def test_concat(shapes, axis):
    check_layer(Merge, {"mode": "concat", "concat_axis": axis}, shapes, reference=lambda *xs: np.concatenate(xs, axis=axis))


@pytest.mark.parametrize(
    ("shapes", "axes", "formula"),
    [
        ([(3,), (3,)], 1, "ni,ni->n"),
        ([(3,), (3,)], -1, "ni,ni->n"),
        ([(3, 4), (3, 5)], [1, 1], "nij,nik->njk"),
        ([(3, 4), (5, 4)], (2, 2), "nij,nkj->nik"),
        ([(4, 4), (4, 4)], -1, "nij,nkj->nik"),
        ([(3, 4), (4,)], [2, 1], "nij,nj->ni"),
        ([(4,), (3, 4)], [1, 2], "nj,nij->ni"),
    ],
)
def test_dot(shapes, axes, formula):
    def reference(x, y):
        result = np.einsum(formula, x, y)
        return result[:, None] if result.ndim == 1 else result

    check_layer(Merge, {"mode": "dot", "dot_axes": axes}, shapes, reference=reference)


def test_cos_of_vectors():
    def cosine(x, y):
        return (np.sum(x * y, axis=1) / np.sqrt(np.sum(x**2, axis=1) * np.sum(y**2, axis=1)))[:, None]

    check_layer(Merge, {"mode": "cos", "dot_axes": 1}, [(3,), (3,)], reference=cosine)


def test_cos_of_matrices_divides_by_products_of_each_with_itself():
    # as Keras 1 defined it, which is a cosine for vectors only; large where the product is negative, hence the data
    def reference(x, y):
        norms = np.sqrt(np.einsum("nij,nkj->nik", x, x) * np.einsum("nij,nkj->nik", y, y))
        return np.einsum("nij,nkj->nik", x, y) / np.maximum(norms, K.epsilon())

    data = [np.random.RandomState(i).uniform(0.5, 1, (3, 3, 4)).astype(K.floatx()) for i in range(2)]
    check_layer(Merge, {"mode": "cos", "dot_axes": 2}, [(3, 4), (3, 4)], data=data, reference=reference)


def test_cos_gives_the_values_of_keras_1_in_the_shape_it_promised(tmp_path):
    case = pack.Case("merge_cos_2d")
    model = load_model(pack.model_file(case.row, tmp_path))
    np.testing.assert_allclose(model.predict(case.x), case.arrays["both/predict/0"][:, 0], rtol=1e-4, atol=1e-5)


def difference(xs):
    return xs[0] - xs[1]


def shape_of_first(shapes):
    return shapes[0]


@pytest.mark.parametrize("output_shape", [None, (4,), shape_of_first])
def test_a_function_as_mode(output_shape):
    check_layer(
        Merge,
        {"mode": difference, "output_shape": output_shape},
        [(4,), (4,)],
        reference=lambda x, y: x - y,
        custom_objects={"difference": difference, "shape_of_first": shape_of_first},
    )


def test_a_function_takes_arguments_and_masks():
    def weighted(xs, factor, mask=None):
        assert len(mask) == 2
        return xs[0] + factor * xs[1]

    a, b = Input((2,)), Input((2,))
    y = merge([a, b], mode=weighted, output_shape=(2,), arguments={"factor": 3.0})
    assert K.function([a, b], [y])([np.ones((1, 2)), np.ones((1, 2))])[0].tolist() == [[4.0, 4.0]]


def test_merge_of_layers_is_a_layer():
    a, b = Dense(2, input_dim=3), Dense(2, input_dim=3)
    for layer in (a, b):
        layer.create_input_layer(layer.batch_input_shape)
    layer = merge([a, b], mode="sum")
    assert isinstance(layer, Merge) and layer.output_shape == (None, 2)


def masked(data_steps, axis_mode, **kwargs):
    """The mask of two masked sequences merged."""
    x, y = Input((4, 2)), Input((4, 2))
    merged = merge([Masking()(x), Masking()(y)], mode=axis_mode, **kwargs)
    mask = merged._keras_history[0].inbound_nodes[0].output_masks[0]
    arrays = []
    for steps in data_steps:
        array = np.ones((1, 4, 2))
        array[0, steps:] = 0
        arrays.append(array)
    return K.function([x, y], [mask])(arrays)[0].astype(int).tolist()


def test_masks_are_joined():
    assert masked((2, 3), "sum") == [[1, 1, 0, 0]]
    assert masked((2, 3), "concat") == [[1, 1, 0, 0]]
    assert masked((2, 3), "concat", concat_axis=1) == [[1, 1, 0, 0, 1, 1, 1, 0]]


def test_a_mask_of_one_input_holds_for_the_sum():
    x, y = Input((4, 2)), Input((4, 2))
    merged = merge([Masking()(x), y], mode="concat")
    mask = merged._keras_history[0].inbound_nodes[0].output_masks[0]
    array = np.ones((1, 4, 2))
    array[0, 1:] = 0
    assert K.function([x, y], [mask])([array, array])[0].astype(int).tolist() == [[1, 0, 0, 0]]
    plain = merge([x, y], mode="sum")
    assert plain._keras_history[0].inbound_nodes[0].output_masks == [None]


@pytest.mark.parametrize(
    ("shapes", "kwargs", "message"),
    [
        ([(3,), (4,)], {"mode": "sum"}, r"same shape.*\(None, 3\).*\(None, 4\)"),
        ([(3,), (3, 4)], {"mode": "max"}, "same shape"),
        ([(3, 4), (2, 5)], {"mode": "concat"}, "agree on all axes but concat_axis=-1"),
        ([(3,), (3, 4)], {"mode": "concat"}, "same number of axes"),
        ([(3,), (3,)], {"mode": "concat", "concat_axis": 2}, "concat_axis=2 is out of range"),
        ([(3,), (4,)], {"mode": "dot"}, "different lengths 3 and 4"),
        ([(3,), (3,), (3,)], {"mode": "dot"}, "exactly 2 inputs"),
        ([(3,), (3,)], {"mode": "dot", "dot_axes": 0}, "batch axis"),
        ([(3,), (3,)], {"mode": "cos", "dot_axes": 5}, "out of range"),
        ([(3,)], {"mode": "sum"}, "at least 2"),
        ([(3,), (3,)], {"mode": "add"}, "unknown mode 'add'"),
        ([(3,), (3,)], {"mode": "avg"}, "Did you mean 'ave'"),
    ],
)
def test_what_cannot_be_merged_is_refused_by_name(shapes, kwargs, message):
    with pytest.raises(ValueError, match=f"(?s)Merge the_merge.*{message}"):
        merge([Input(s) for s in shapes], name="the_merge", **kwargs)


def test_merge_takes_lists_of_tensors():
    with pytest.raises(TypeError, match="list of tensors"):
        merge([np.ones((2, 2)), np.ones((2, 2))])
    with pytest.raises(ValueError, match="at least 2"):
        Merge(mode="sum")(Input((3,)))


def test_unknown_batch_sizes_and_lengths_fit_known_ones():
    a, b = Input(batch_shape=(5, 3, 2)), Input((None, 2))
    y = merge([a, b], mode="sum")
    assert y._keras_shape == (5, 3, 2)
    model = Model([a, b], y)
    assert model.predict([np.ones((5, 3, 2)), np.ones((5, 3, 2))], batch_size=5).shape == (5, 3, 2)
