"""Layers that act in training only, activations and the plain layers."""

from .case import Case

T, X = True, "series"
PENALTIES = {"kernel_regularizer": "l2", "bias_regularizer": "l1", "kernel_constraint": "non_neg", "bias_constraint": "non_neg"}
STARTS = {"kernel_initializer": "he_normal", "bias_initializer": "ones"}
FIRST = {"data_format": "channels_first"}


def of(name: str, *options: dict, x: str = X, **more) -> list[Case]:
    return [Case(name, own, (x,), **more) for own in options]


CASES = [
    *of("Dropout", {"rate": 0.3}, {"rate": 0.5, "noise_shape": (None, 1, None), "seed": 3}, {"rate": 0.0}, drawn=T),
    *of("AlphaDropout", {"rate": 0.3}, {"rate": 0.2, "noise_shape": (None, 1, None), "seed": 3}, drawn=T),
    *of("GaussianDropout", {"rate": 0.3}, {"rate": 0.3, "seed": 2}, drawn=T), *of("GaussianNoise", {"stddev": 0.3}, {"stddev": 0.3, "seed": 2}, drawn=T),
    *of("SpatialDropout1D", {"rate": 0.3}, {"rate": 0.3, "seed": 2}, drawn=T), *of("SpatialDropout2D", {"rate": 0.3, **FIRST}, {"rate": 0.2, "seed": 2}, x="image", drawn=T),
    *of("SpatialDropout3D", {"rate": 0.3, **FIRST}, {"rate": 0.2, "seed": 2}, x="volume", drawn=T),
    *of("ActivityRegularization", {"l1": 0.1, "l2": 0.2}), *of("Identity", {}),
    *of("Dense", {"units": 3}, {"units": 2, "activation": "relu", "use_bias": False}, {"units": 3, **PENALTIES, **STARTS}), *of("Dense", {"units": 2}, x="vector"),
    *(Case("Activation", {"activation": name}, (X,)) for name in ("relu", "softmax", "gelu", "selu", "elu", "exponential", "softsign", "softplus", "mish", "silu")),
    *of("ELU", {}, {"alpha": 0.3}), *of("ReLU", {}, {"max_value": 1.0, "negative_slope": 0.2, "threshold": 0.1}),
    *of("LeakyReLU", {}, {"alpha": 0.1}, library="tf_keras"), *of("LeakyReLU", {}, {"negative_slope": 0.1}, library="keras3"),
    *of("PReLU", {"alpha_initializer": "ones"}, {"shared_axes": [1]}), *of("PReLU", {"alpha_regularizer": "l2", "alpha_constraint": "non_neg"}),
    *of("Softmax", {}, {"axis": 1}, {"axis": [1, 2]}), *of("ThresholdedReLU", {"theta": 0.5}, library="tf_keras"),
]  # fmt: skip
