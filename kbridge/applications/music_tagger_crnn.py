"""A tagger of music, after Choi et al. (2016), "Convolutional Recurrent Neural Networks for Music Classification"."""

from __future__ import annotations

from .. import backend as K
from ..engine.topology import Input, get_source_inputs
from ..layers.advanced_activations import ELU
from ..layers.convolutional import Convolution2D, ZeroPadding2D
from ..layers.core import Dense, Dropout, Permute, Reshape
from ..layers.normalization import BatchNormalization
from ..layers.pooling import MaxPooling2D
from ..layers.recurrent import GRU
from ..training.model import Model
from ..utils.data_utils import get_file
from ..utils.layer_utils import convert_all_kernels_in_model
from .audio_conv_utils import decode_predictions, preprocess_input
from .common import check_arguments, input_for, load_weights, model_of

# the names of Keras 1's module
__all__ = [
    "ELU", "GRU", "K", "TF_WEIGHTS_PATH", "TH_WEIGHTS_PATH", "BatchNormalization", "Convolution2D", "Dense", "Dropout",
    "Input", "MaxPooling2D", "Model", "MusicTaggerCRNN", "Permute", "Reshape", "ZeroPadding2D",
    "convert_all_kernels_in_model", "decode_predictions", "get_file", "get_source_inputs", "preprocess_input",
]  # fmt: skip

_RELEASE = "https://github.com/fchollet/deep-learning-models/releases/download/v0.3/music_tagger_crnn_weights_"
TH_WEIGHTS_PATH = _RELEASE + "tf_kernels_th_dim_ordering.h5"
TF_WEIGHTS_PATH = _RELEASE + "tf_kernels_tf_dim_ordering.h5"

#: filters, and by what height and width are divided, in each block
BLOCKS = ((64, 2), (128, 3), (128, 4), (128, 4))


def MusicTaggerCRNN(weights="msd", input_tensor=None, include_top=True, classes=50) -> Model:
    """Return the model for mel spectrograms of 96 bands and 1366 frames, in the dim ordering that is set. ``preprocess_input`` makes them of audio
    files.

    Args:
        weights: 'msd' (trained on the Million Song Dataset, downloaded once), None (random) or the path of a weights file.
        input_tensor: a tensor to build the model on; a new Input if left out.
        include_top: whether the layer that gives the tags is there; without it the output has 32 features.
        classes: the number of tags, if ``weights`` isn't 'msd'.

    References:
        Choi et al. (2016), Convolutional Recurrent Neural Networks for Music Classification, arXiv 1609.04243.
    """
    check_arguments("MusicTaggerCRNN", weights, "msd", include_top, classes, 50)
    channels_first = K.image_dim_ordering() == "th"
    channel_axis, time_axis = (1, 3) if channels_first else (3, 2)
    start = input_for(input_tensor, (1, 96, 1366) if channels_first else (96, 1366, 1))
    x = ZeroPadding2D(padding=(0, 37))(start)
    x = BatchNormalization(axis=time_axis, name="bn_0_freq")(x)
    for number, (filters, factor) in enumerate(BLOCKS, 1):
        x = Convolution2D(filters, 3, 3, border_mode="same", name=f"conv{number}")(x)
        x = ELU()(BatchNormalization(axis=channel_axis, mode=0, name=f"bn{number}")(x))
        x = MaxPooling2D(pool_size=(factor, factor), strides=(factor, factor), name=f"pool{number}")(x)
        x = Dropout(0.1, name=f"dropout{number}")(x)
    if channels_first:
        x = Permute((3, 1, 2))(x)
    x = Reshape((15, 128))(x)
    x = GRU(32, return_sequences=True, name="gru1")(x)
    x = GRU(32, return_sequences=False, name="gru2")(x)
    if include_top:
        x = Dropout(0.3, name="final_drop")(x)
        x = Dense(classes, activation="sigmoid", name="final_output")(x)
    model = model_of(input_tensor, start, x, None)
    # by name: the file has the weights of the top too, which this model may not have
    return load_weights(model, weights, "msd", TH_WEIGHTS_PATH if channels_first else TF_WEIGHTS_PATH, by_name=True)
