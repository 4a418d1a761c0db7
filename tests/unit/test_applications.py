"""The application models: architecture, weights, inputs and outputs."""

import json
import sys
import wave

import numpy as np
import pytest
from local_server import serving

from kbridge import applications
from kbridge import backend as K
from kbridge.applications import (
    VGG16,
    VGG19,
    InceptionV3,
    MusicTaggerCRNN,
    ResNet50,
    Xception,
    audio_conv_utils,
    imagenet_utils,
    inception_v3,
    music_tagger_crnn,
    resnet50,
    vgg16,
    xception,
)
from kbridge.layers import Convolution2D, Input
from kbridge.utils.generic_utils import CustomObjectScope


def zero_weights(shape, name=None, dim_ordering="th"):
    return K.zeros(shape, name=name)


@pytest.fixture
def quick():
    """Weights of zeros, where only shapes matter."""
    with CustomObjectScope({"glorot_uniform": zero_weights, "orthogonal": zero_weights}):
        yield


@pytest.fixture
def ordering():
    before = K.image_dim_ordering()
    yield K.set_image_dim_ordering
    K.set_image_dim_ordering(before)


# ---------------------------------------------------------------------- architecture


@pytest.mark.parametrize(
    "build, top, parameters, layers, shape",
    [
        (VGG16, True, 138_357_544, 23, (None, 1000)),
        (VGG16, False, 14_714_688, 19, (None, None, None, 512)),
        (VGG19, False, 20_024_384, 22, (None, None, None, 512)),
        (ResNet50, True, 25_636_712, 177, (None, 1000)),
        (ResNet50, False, 23_587_712, 175, (None, None, None, 2048)),
        (InceptionV3, True, 23_660_968, 220, (None, 1000)),
        (InceptionV3, False, 21_611_968, 217, (None, None, None, 2048)),
        (Xception, True, 22_910_480, 134, (None, 1000)),
        (Xception, False, 20_861_480, 132, (None, None, None, 2048)),
        (MusicTaggerCRNN, True, 400_562, 28, (None, 50)),
        (MusicTaggerCRNN, False, 398_912, 26, (None, 32)),
    ],
)
def test_parameters_layers_and_output(quick, build, top, parameters, layers, shape):
    model = build(weights=None, include_top=top)
    assert (model.count_params(), len(model.layers), model.output_shape) == (parameters, layers, shape)


def test_layers_have_the_names_that_files_of_weights_use(quick):
    def names(build):
        return [layer.name for layer in build(weights=None, include_top=False).layers]

    assert names(VGG16)[1:6] == ["block1_conv1", "block1_conv2", "block1_pool", "block2_conv1", "block2_conv2"]
    found = names(ResNet50)
    for name in ("conv1", "bn_conv1", "res2a_branch1", "bn3d_branch2c", "res4f_branch2b", "bn5c_branch2a", "avg_pool"):
        assert name in found
    assert "res2b_branch1" not in found
    assert [name for name in names(InceptionV3) if name.startswith("mixed")] == [
        *(f"mixed{n}" for n in range(9)), "mixed9_0", "mixed9", "mixed9_1", "mixed10",
    ]  # fmt: skip
    found = names(Xception)
    for name in ("block1_conv1_act", "block2_sepconv2_bn", "block4_pool", "block12_sepconv3_act", "block14_sepconv2"):
        assert name in found
    assert "block2_sepconv1_act" not in found
    found = names(MusicTaggerCRNN)
    assert [name for name in found if name.startswith(("bn", "gru"))] == [
        "bn_0_freq",
        "bn1",
        "bn2",
        "bn3",
        "bn4",
        "gru1",
        "gru2",
    ]


def transposed(weights):
    """Weights of a model with the channels last for one with the channels first."""
    return [w.transpose(3, 2, 0, 1) if w.ndim == 4 else w for w in weights]


@pytest.mark.parametrize("build, size", [(VGG16, 48), (ResNet50, 197), (InceptionV3, 139)])
def test_both_dim_orderings_compute_the_same(ordering, build, size):
    x = np.random.RandomState(0).uniform(-1, 1, (1, size, size, 3)).astype("float32")
    ordering("tf")
    last = build(weights=None, include_top=False, input_shape=(size, size, 3))
    ordering("th")
    first = build(weights=None, include_top=False, input_shape=(3, size, size))
    first.set_weights(transposed(last.get_weights()))
    expected = last.predict(x)
    found = first.predict(x.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    assert expected.std() > 0


def test_the_tagger_computes_the_same_in_both_dim_orderings(ordering):
    x = np.random.RandomState(0).normal(size=(1, 96, 1366, 1)).astype("float32")
    ordering("tf")
    last = MusicTaggerCRNN(weights=None)
    ordering("th")
    first = MusicTaggerCRNN(weights=None)
    first.set_weights(transposed(last.get_weights()))
    np.testing.assert_allclose(first.predict(x.transpose(0, 3, 1, 2)), last.predict(x), atol=1e-5)


def test_xception_takes_the_channels_last_and_says_so(quick, ordering):
    ordering("th")
    with pytest.warns(UserWarning, match="channels last"):
        model = Xception(weights=None, include_top=False, input_shape=(71, 71, 3))
    assert model.input_shape == (None, 71, 71, 3) and K.image_dim_ordering() == "th"
    assert model.predict(np.ones((1, 71, 71, 3))).shape == (1, 3, 3, 2048)


# ---------------------------------------------------------------------- arguments


@pytest.mark.parametrize("build, smallest", [(VGG16, 48), (VGG19, 48), (ResNet50, 197), (InceptionV3, 139), (Xception, 71)])
def test_shapes_of_the_input_are_checked(quick, build, smallest):
    with pytest.raises(ValueError, match=rf"at least {smallest} x {smallest}"):
        build(weights=None, include_top=False, input_shape=(smallest, smallest - 1, 3))
    with pytest.raises(ValueError, match="include_top=True"):
        build(weights=None, input_shape=(300, 300, 3))
    with pytest.raises(ValueError, match="3 channels"):
        build(weights=None, include_top=False, input_shape=(smallest, smallest, 1))
    model = build(weights=None, include_top=False, input_shape=(None, smallest, 3))
    assert model.input_shape == (None, None, smallest, 3)


@pytest.mark.parametrize("build", [VGG16, VGG19, ResNet50, InceptionV3, Xception, MusicTaggerCRNN])
def test_weights_and_classes_are_checked(build):
    with pytest.raises(ValueError, match="'nowhere.h5'"):
        build(weights="nowhere.h5")
    with pytest.raises(ValueError, match="classes=7"):
        build(classes=7)


def test_other_numbers_of_classes(quick):
    assert ResNet50(weights=None, classes=7).output_shape == (None, 7)
    assert MusicTaggerCRNN(weights=None, classes=7).output_shape == (None, 7)


def test_a_model_on_top_of_other_tensors(quick):
    start = Input(shape=(60, 60, 1))
    coloured = Convolution2D(3, 1, 1)(start)
    model = VGG16(weights=None, include_top=False, input_tensor=coloured)
    assert model.input_shape == (None, 60, 60, 1) and model.output_shape == (None, 1, 1, 512)
    own = K.placeholder(shape=(None, 48, 48, 3))
    model = VGG16(weights=None, include_top=False, input_tensor=own, input_shape=(48, 48, 3))
    assert model.predict(np.zeros((2, 48, 48, 3))).shape == (2, 1, 1, 512)


def test_blocks_can_be_used_alone(quick):
    x = Input(shape=(16, 16, 8))
    assert K.int_shape(resnet50.identity_block(x, 3, [4, 4, 8], stage=9, block="z")) == (None, 16, 16, 8)
    assert K.int_shape(resnet50.conv_block(x, 3, [4, 4, 12], stage=9, block="y")) == (None, 8, 8, 12)
    y = inception_v3.conv2d_bn(x, 5, 3, 3, border_mode="valid", subsample=(2, 2), name="own")
    assert K.int_shape(y) == (None, 7, 7, 5) and y._keras_history[0].name == "own_bn"


# ---------------------------------------------------------------------- weights


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    with serving() as running:
        yield running


def test_weights_of_either_convention_are_downloaded(server, tmp_path, monkeypatch, ordering):
    x = np.random.RandomState(0).uniform(-1, 1, (1, 48, 48, 3)).astype("float32")
    np.random.seed(1)
    trained = VGG16(weights=None, include_top=False, input_shape=(48, 48, 3))
    expected = trained.predict(x)
    trained.save_weights(tmp_path / "w.h5")
    origin = server.put("vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", (tmp_path / "w.h5").read_bytes())
    monkeypatch.setattr(vgg16, "TF_WEIGHTS_PATH_NO_TOP", origin)
    np.testing.assert_array_equal(VGG16(include_top=False, input_shape=(48, 48, 3)).predict(x), expected)
    assert (tmp_path / "home" / "models" / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5").exists()
    np.testing.assert_array_equal(VGG16(weights=tmp_path / "w.h5", include_top=False, input_shape=(48, 48, 3)).predict(x), expected)

    ordering("th")
    flipped = VGG16(weights=None, include_top=False, input_shape=(3, 48, 48))
    flipped.set_weights([w[:, :, ::-1, ::-1] if w.ndim == 4 else w for w in transposed(trained.get_weights())])
    flipped.save_weights(tmp_path / "th.h5")
    origin = server.put("vgg16_weights_th_dim_ordering_th_kernels_notop.h5", (tmp_path / "th.h5").read_bytes())
    monkeypatch.setattr(vgg16, "TH_WEIGHTS_PATH_NO_TOP", origin)
    found = VGG16(include_top=False, input_shape=(3, 48, 48)).predict(x.transpose(0, 3, 1, 2))
    np.testing.assert_allclose(found.transpose(0, 2, 3, 1), expected, rtol=1e-3, atol=1e-6)


def test_weights_of_the_tagger_fit_it_without_its_top(server, tmp_path, monkeypatch):
    trained = MusicTaggerCRNN(weights=None)
    trained.save_weights(tmp_path / "w.h5")
    origin = server.put("music_tagger_crnn_weights_tf_kernels_tf_dim_ordering.h5", (tmp_path / "w.h5").read_bytes())
    monkeypatch.setattr(music_tagger_crnn, "TF_WEIGHTS_PATH", origin)
    whole, features = MusicTaggerCRNN(), MusicTaggerCRNN(include_top=False)
    assert len(server.requests) == 1
    for found, expected in zip(features.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(whole.get_weights()[-1], trained.get_weights()[-1])


def test_each_model_and_ordering_has_its_own_file(quick, server, monkeypatch, ordering):
    """All of them are asked for at the right address."""
    asked = []
    for module, build in ((vgg16, VGG16), (resnet50, ResNet50), (inception_v3, InceptionV3), (xception, Xception)):
        monkeypatch.setattr(
            "kbridge.applications.common.get_file",
            lambda name, origin, cache_subdir: asked.append((name, origin)) or "nowhere",
        )
        for dim_ordering in ("th", "tf"):
            if module is xception and dim_ordering == "th":
                continue
            ordering(dim_ordering)
            with pytest.raises(OSError):
                build(include_top=False)
            address = getattr(module, f"{dim_ordering.upper()}_WEIGHTS_PATH_NO_TOP")
            assert asked.pop() == (address.rpartition("/")[2], address)
            assert address.endswith(f"_weights_{dim_ordering}_dim_ordering_{dim_ordering}_kernels_notop.h5")


# ---------------------------------------------------------------------- inputs and outputs


def test_images_become_bgr_less_their_mean():
    x = np.zeros((1, 2, 2, 3))
    x[..., 0] = 255
    given = x.copy()
    y = imagenet_utils.preprocess_input(x, "tf")
    assert y[0, 0, 0] == pytest.approx([-103.939, -116.779, 255 - 123.68])
    np.testing.assert_array_equal(x, given)
    np.testing.assert_array_equal(imagenet_utils.preprocess_input(x.transpose(0, 3, 1, 2), "th"), y.transpose(0, 3, 1, 2))
    assert imagenet_utils.preprocess_input(x.astype("uint8"), "tf").dtype == K.floatx()
    with pytest.raises(ValueError, match=r"3 channels on axis 1, got shape \(1, 2, 2, 3\)"):
        imagenet_utils.preprocess_input(x, "th")


@pytest.mark.parametrize("module", [inception_v3, xception])
def test_images_become_values_from_minus_1_to_1(module):
    assert module.preprocess_input(np.array([0.0, 127.5, 255.0])).tolist() == [-1, 0, 1]


def test_probabilities_are_named(server, monkeypatch):
    index = {str(i): [f"n{i:08d}", f"class {i}"] for i in range(1000)}
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX", None)
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_PATH", server.put("index.json", json.dumps(index).encode()))
    probabilities = np.zeros((2, 1000))
    probabilities[0, [3, 500, 999]] = 0.2, 0.5, 0.3
    probabilities[1, 7] = 1
    first, second = imagenet_utils.decode_predictions(probabilities, top=3)
    assert first == [("n00000500", "class 500", 0.5), ("n00000999", "class 999", 0.3), ("n00000003", "class 3", 0.2)]
    assert second[0] == ("n00000007", "class 7", 1.0) and len(second) == 3
    with pytest.raises(ValueError, match=r"\(2, 10\)"):
        imagenet_utils.decode_predictions(np.zeros((2, 10)))


def test_tags_are_named():
    assert len(set(audio_conv_utils.TAGS)) == 50
    probabilities = np.zeros((1, 50))
    probabilities[0, [0, 9]] = 0.5, 0.7
    assert audio_conv_utils.decode_predictions(probabilities, top_n=2) == [[("jazz", 0.7), ("rock", 0.5)]]
    with pytest.raises(ValueError, match=r"\(50,\)"):
        audio_conv_utils.decode_predictions(np.zeros(50))


def test_sound_is_cut_or_filled_up_to_its_middle():
    assert audio_conv_utils._middle(np.arange(10), 4).tolist() == [3, 4, 5, 6]
    assert audio_conv_utils._middle(np.arange(2), 4).tolist() == [0, 1, 0, 0]


def test_models_and_modules_are_names_of_the_package():
    assert applications.VGG16 is VGG16 and applications.vgg16 is vgg16
    with pytest.raises(AttributeError, match="VGG17"):
        _ = applications.VGG17


@pytest.mark.parametrize("dim_ordering, shape", [("tf", (96, 1366, 1)), ("th", (1, 96, 1366))])
@pytest.mark.parametrize("seconds", [2, 40])
def test_audio_files_become_spectrograms(tmp_path, dim_ordering, shape, seconds):
    pytest.importorskip("librosa", reason="librosa is not installed")
    time = np.arange(16000 * seconds) / 16000
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((np.sin(2 * np.pi * 1000 * time) * 20000).astype("<i2").tobytes())
    found = audio_conv_utils.preprocess_input(str(tmp_path / "a.wav"), dim_ordering)
    assert found.shape == shape
    loudest = found.reshape(96, 1366)[:, 20].argmax()
    # band centres are evenly spaced in mels up to 6000 Hz; 1000 Hz lies about 40 % of the way up
    assert 30 < loudest < 45
    assert (found.reshape(96, 1366)[:, 1300].max() < found.max() - 20) == (seconds == 2)


def test_audio_without_librosa_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(ImportError, match=r"pip install '\.\[audio\]'"):
        audio_conv_utils.preprocess_input("a.wav")
