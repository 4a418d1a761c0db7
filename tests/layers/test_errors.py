"""Layers that don't fit their inputs say which layer, which argument and what would fit."""

import pytest

from kbridge import backend as K
from kbridge import layers
from kbridge.layers import LSTM, Bidirectional, Convolution1D, Convolution2D, Dense, Input, Merge, merge

pytestmark = pytest.mark.usefixtures("channels_last")


@pytest.mark.parametrize("wanted", [2, 3, 4, 5])
@pytest.mark.parametrize("given", [2, 3, 4, 5])
def test_inputs_with_too_few_or_too_many_axes(wanted, given):
    kinds = {
        2: layers.MaxoutDense(3, name="odd"),
        3: LSTM(3, name="odd"),
        4: Convolution2D(2, 1, 1, name="odd"),
        5: layers.ConvLSTM2D(2, 1, 1, name="odd"),
    }
    if given == wanted:
        assert K.int_shape(kinds[wanted](Input((4,) * (given - 1)))) is not None
        return
    with pytest.raises(ValueError, match=f"layer odd: expected ndim={wanted}, found ndim={given} "):
        kinds[wanted](Input((4,) * (given - 1)))


IMAGES = {
    "Convolution2D": (2, 5, 5),
    "AtrousConvolution2D": (2, 5, 5),
    "SeparableConvolution2D": (2, 5, 5),
    "LocallyConnected2D": (2, 5, 5),
    "MaxPooling2D": ((5, 5),),
    "AveragePooling2D": ((5, 5),),
    "Cropping2D": (((2, 2), (2, 2)),),
    "Deconvolution2D": (2, 5, 5, (None, 20, 20, 20)),
    "Convolution3D": (2, 5, 5, 5),
    "MaxPooling3D": ((5, 5, 5),),
    "AveragePooling3D": ((5, 5, 5),),
    "Cropping3D": (((2, 2), (2, 2), (2, 2)),),
    "ConvLSTM2D": (2, 5, 5),
}


@pytest.mark.parametrize("ordering", ["th", "tf"])
@pytest.mark.parametrize("cls", IMAGES)
def test_images_in_the_other_dim_ordering(cls, ordering):
    """The error names the layer, the setting, and what the other value would expect."""
    K.set_image_dim_ordering(ordering)
    lengths = (16,) * (3 if "3D" in cls else 2)
    shape = (*lengths, 3) if ordering == "th" else (3, *lengths)
    if cls == "ConvLSTM2D":
        shape = (4, *shape)
    other, expected = ("tf", "spatial axes, channels") if ordering == "th" else ("th", "channels, ...spatial axes")
    with pytest.raises(ValueError, match=f"{cls} odd: .*dim_ordering is '{ordering}'.*with '{other}' .*{expected}.*image_dim_ordering"):
        getattr(layers, cls)(*IMAGES[cls], name="odd")(Input(shape))


@pytest.mark.parametrize(
    ("cls", "arguments", "shape", "at"),
    [
        ("Convolution1D", (2, 9), (4, 3), 1),
        ("AtrousConvolution1D", (2, 3, "uniform", None, None, "valid", 1, 4), (4, 3), 1),
        ("LocallyConnected1D", (2, 9), (4, 3), 1),
        ("MaxPooling1D", (9,), (4, 3), 1),
        ("Convolution2D", (2, 3, 9), (4, 4, 3), 2),
        ("Convolution3D", (2, 3, 3, 9), (4, 4, 4, 3), 3),
    ],
)
def test_a_kernel_larger_than_its_input(cls, arguments, shape, at):
    with pytest.raises(ValueError, match=rf"{cls} odd: a window of \(.*9.*\) doesn't fit .*because axis {at} has the length 4") as caught:
        getattr(layers, cls)(*arguments, name="odd")(Input(shape))
    assert ("dim_ordering" in str(caught.value)) == ("1D" not in cls)


@pytest.mark.parametrize("mode", ["sum", "mul", "ave", "max", "dot", "cos"])
def test_a_merge_of_different_shapes(mode):
    with pytest.raises(ValueError, match=rf"Merge odd \(mode '{mode}'\).*\(None, 3\), \(None, 4\)"):
        merge([Input((3,)), Input((4,))], mode=mode, name="odd")
    branches = [layers.InputLayer((3,)), layers.InputLayer((4,))]
    with pytest.raises(ValueError, match=rf"Merge odd \(mode '{mode}'\).*\(None, 3\), \(None, 4\)"):
        Merge(branches, mode=mode, name="odd")


def test_a_concatenation_of_different_shapes():
    with pytest.raises(ValueError, match=r"Merge odd \(mode 'concat'\).*concat_axis=1.*\(None, 3, 4\), \(None, 5, 6\)"):
        merge([Input((3, 4)), Input((5, 6))], mode="concat", concat_axis=1, name="odd")


def test_merge_modes_that_there_are_not():
    with pytest.raises(ValueError, match="Merge odd: unknown mode 'summ'.*'sum'"):
        merge([Input((3,)), Input((3,))], mode="summ", name="odd")
    with pytest.raises(ValueError, match="Bidirectional: merge_mode .*'concat'.*got 'cat'"):
        Bidirectional(LSTM(3), merge_mode="cat")


def test_stateful_layers_without_a_batch_size():
    for layer in (LSTM(3, stateful=True, name="odd"), layers.GRU(3, stateful=True, name="odd")):
        with pytest.raises(ValueError, match="odd is stateful.*batch_input_shape"):
            layer(Input((4, 3)))
    with pytest.raises(ValueError, match="odd is stateful.*batch_input_shape"):
        layers.ConvLSTM2D(3, 3, 3, stateful=True, name="odd")(Input((4, 5, 5, 3)))
    with pytest.raises(ValueError, match="forward_odd is stateful.*batch_input_shape"):
        Bidirectional(LSTM(3, stateful=True, name="odd"))(Input((4, 3)))


def test_a_layer_after_one_that_gives_too_few_axes():
    with pytest.raises(ValueError, match="layer odd: expected ndim=3, found ndim=2"):
        Convolution1D(2, 3, name="odd")(Dense(3)(Input((4,))))
