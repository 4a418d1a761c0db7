"""All layers. A star import brings every layer class and, as in Keras 1, ``K`` and ``Layer``."""

from ..engine.registry import register
from ..engine.topology import Input, InputLayer, InputSpec, Layer, Merge, merge
from . import merging
from .activation_layers import *  # noqa: F403
from .adaptive import *  # noqa: F403
from .advanced_activations import *  # noqa: F403
from .aliases import *  # noqa: F403
from .attention import *  # noqa: F403
from .categories import *  # noqa: F403
from .contrast import *  # noqa: F403
from .conv_lstm import *  # noqa: F403
from .convolutional import *  # noqa: F403
from .convolutional_recurrent import *  # noqa: F403
from .core import *  # noqa: F403
from .depthwise import *  # noqa: F403
from .einsum_dense import *  # noqa: F403
from .embeddings import *  # noqa: F403
from .image_layers import *  # noqa: F403
from .layer_normalization import *  # noqa: F403
from .local import *  # noqa: F403
from .mel_spectrogram import *  # noqa: F403
from .merging import *  # noqa: F403
from .merging import add, average, concatenate, dot, maximum, minimum, multiply, subtract
from .noise import *  # noqa: F403
from .normalization import *  # noqa: F403
from .only_predicting import *  # noqa: F403
from .operations import *  # noqa: F403
from .pipeline import *  # noqa: F403
from .pooling import *  # noqa: F403
from .random_colors import *  # noqa: F403
from .random_images import *  # noqa: F403
from .random_regions import *  # noqa: F403
from .recurrent import *  # noqa: F403
from .recurrent_cells import *  # noqa: F403
from .residual import *  # noqa: F403
from .reversible_embedding import *  # noqa: F403
from .rnn import *  # noqa: F403
from .spectral_normalization import *  # noqa: F403
from .stft_spectrogram import *  # noqa: F403
from .text_vectorization import *  # noqa: F403
from .transposed import *  # noqa: F403
from .wrappers import *  # noqa: F403

register({name: value for name, value in list(globals().items()) if isinstance(value, type) and issubclass(value, Layer)})
del register

#: a star import brings all but the functions that other packages have by the same names, such as NumPy
__all__ = [name for name in globals() if not name.startswith("_") and name not in merging.FUNCTIONS]  # noqa: F405
