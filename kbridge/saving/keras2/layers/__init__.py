"""Layers of Keras 2: the class and the config of the Keras 1 layer that computes the same."""

from __future__ import annotations

from .common import Translation, renamed
from .convolutional import convolution, locally_connected, separable_convolution, transposed_convolution
from .core import activation_layer, dropout, flatten, noise, prelu, spatial_dropout
from .dense import batch_normalization, dense, embedding
from .lambda_layer import lambda_layer
from .merge import concatenate, dot, merge
from .pooling import cropping, global_pooling, pooling, upsampling, zero_padding
from .recurrent import conv_lstm, of_cudnn, recurrent

TRANSLATIONS: dict[str, Translation] = {
    "Dense": dense,
    "Embedding": embedding,
    "BatchNormalization": batch_normalization,
    "BatchNormalizationV1": batch_normalization,
    "BatchNormalizationV2": batch_normalization,
    "Conv1D": convolution(1),
    "Conv2D": convolution(2),
    "Conv3D": convolution(3),
    "Conv2DTranspose": transposed_convolution,
    "SeparableConv2D": separable_convolution,
    "LocallyConnected1D": locally_connected(1),
    "LocallyConnected2D": locally_connected(2),
    "SimpleRNN": recurrent("SimpleRNN"),
    "GRU": recurrent("GRU"),
    "LSTM": recurrent("LSTM"),
    "CuDNNGRU": of_cudnn("GRU"),
    "CuDNNLSTM": of_cudnn("LSTM"),
    "ConvLSTM2D": conv_lstm,
    "Dropout": dropout,
    "GaussianNoise": noise("GaussianNoise", "sigma", "stddev"),
    "GaussianDropout": noise("GaussianDropout", "p", "rate"),
    "Flatten": flatten,
    "Reshape": renamed("Reshape", target_shape="target_shape"),
    "Permute": renamed("Permute", dims="dims"),
    "RepeatVector": renamed("RepeatVector", n="n"),
    "Masking": renamed("Masking", mask_value="mask_value"),
    "ActivityRegularization": renamed("ActivityRegularization", l1="l1", l2="l2"),
    "Activation": activation_layer,
    "LeakyReLU": renamed("LeakyReLU", alpha="alpha"),
    "ELU": renamed("ELU", alpha="alpha"),
    "ThresholdedReLU": renamed("ThresholdedReLU", theta="theta"),
    "PReLU": prelu,
    "Add": merge("sum"),
    "Multiply": merge("mul"),
    "Average": merge("ave"),
    "Maximum": merge("max"),
    "Minimum": merge("min"),
    "Subtract": merge("sub"),
    "Concatenate": concatenate,
    "Dot": dot,
    "Lambda": lambda_layer,
}
for _n in (1, 2, 3):
    TRANSLATIONS |= {
        f"MaxPooling{_n}D": pooling(f"MaxPooling{_n}D", _n),
        f"AveragePooling{_n}D": pooling(f"AveragePooling{_n}D", _n),
        f"GlobalMaxPooling{_n}D": global_pooling(f"GlobalMaxPooling{_n}D", _n),
        f"GlobalAveragePooling{_n}D": global_pooling(f"GlobalAveragePooling{_n}D", _n),
        f"ZeroPadding{_n}D": zero_padding(_n),
        f"Cropping{_n}D": cropping(_n),
        f"UpSampling{_n}D": upsampling(_n),
        f"SpatialDropout{_n}D": spatial_dropout(_n),
    }
