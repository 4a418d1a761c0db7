"""Wrappers round layers with a kernel, and the layers of the modules of ``keras.applications``."""

from .case import Case

CASES = [
    Case("SpectralNormalization", {}, ("vector",), wrapped=("Dense", {"units": 3, "activation": "tanh"})),
    Case("SpectralNormalization", {"power_iterations": 3}, ("image",), wrapped=("Conv2D", {"filters": 3, "kernel_size": 2})),
    Case("SpectralNormalization", {}, ("series",), wrapped=("Conv1D", {"filters": 3, "kernel_size": 2, "use_bias": False})),
    Case("SpectralNormalization", {"power_iterations": 2}, ("image",), wrapped=("Conv2DTranspose", {"filters": 3, "kernel_size": 2})),
    Case("SpectralNormalization", {}, ("volume",), wrapped=("Conv3D", {"filters": 2, "kernel_size": 2})),
    Case("SpectralNormalization", {}, ("image",), library="keras3", wrapped=("DepthwiseConv2D", {"kernel_size": 2})),
    Case("SpectralNormalization", {}, ("series",), wrapped=("EinsumDense", {"equation": "btc,cd->btd", "output_shape": (None, 3)})),
    Case("LayerScale", {"init_values": 0.1, "projection_dim": 4}, ("series",)),
    Case("CustomScaleLayer", {"scale": 0.2}, ("series", "series")),
    Case("StochasticDepth", {"drop_path_rate": 0.0}, ("image",), library="keras3"),
]
