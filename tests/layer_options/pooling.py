"""Pooling, padding, cropping and resizing, in both orderings."""

from .case import Case

FIRST = {"data_format": "channels_first"}
INPUTS = {1: "series", 2: "image", 3: "volume"}


def each(name: str, spatial: int, *options: dict, **more) -> list[Case]:
    return [Case(name, own, (INPUTS[spatial],), **more) for own in options]


CASES: list[Case] = []
for n in (1, 2, 3):
    for kind in ("Max", "Average"):
        CASES += each(
            f"{kind}Pooling{n}D",
            n,
            {"pool_size": 2},
            {"pool_size": 3, "strides": 1, "padding": "same"},
            {"pool_size": 2, "strides": 3, "padding": "same"},
        )
        CASES += each(f"{kind}Pooling{n}D", n, {"pool_size": 2, "strides": 1, **FIRST}, twin=True)
        CASES += each(f"Global{kind}Pooling{n}D", n, {}, {"keepdims": True}) + each(
            f"Global{kind}Pooling{n}D", n, {**FIRST, "keepdims": True}, FIRST, twin=True
        )
        adaptive = {"library": "keras3"}
        CASES += each(f"Adaptive{kind}Pooling{n}D", n, {"output_size": 2}, {"output_size": 4 if n == 1 else (4, 3, 2)[:n]}, **adaptive)
        CASES += each(f"Adaptive{kind}Pooling{n}D", n, {"output_size": 3, **FIRST}, **adaptive)
    CASES += each(f"UpSampling{n}D", n, {}, {"size": 3})
CASES += [
    Case("GlobalAveragePooling1D", {}, ("series",), masked=True), Case("GlobalMaxPooling1D", {}, ("series",), masked=True),
    *each("UpSampling3D", 3, {"size": (2, 1, 3), **FIRST}, twin=True),
    *each("UpSampling2D", 2, {"size": (2, 3), "interpolation": "bilinear"}, *({"interpolation": name} for name in ("bicubic", "lanczos3", "lanczos5"))),
    *each("UpSampling2D", 2, {"interpolation": "bilinear", "size": (3, 1), **FIRST}, FIRST, twin=True),
    *each("UpSampling2D", 2, *({"interpolation": name} for name in ("gaussian", "mitchellcubic")), library="tf_keras", refused={"keras3": "keras3-interpolation"}),
    *each("UpSampling2D", 2, {"interpolation": "area"}, library="tf_keras"),
    *each("ZeroPadding1D", 1, {}, {"padding": (2, 1)}), *each("ZeroPadding1D", 1, {"padding": (0, 2), **FIRST}, library="keras3"),
    *each("ZeroPadding2D", 2, {}, {"padding": (1, 2)}, {"padding": ((1, 2), (0, 3))}, {"padding": ((1, 0), (0, 1)), **FIRST}),
    *each("ZeroPadding3D", 3, {}, {"padding": (1, 0, 2)}, {"padding": ((1, 2), (0, 1), (2, 0))}, {"padding": ((1, 0), (0, 1), (0, 0)), **FIRST}),
    *each("Cropping1D", 1, {}, {"cropping": (2, 1)}, {"cropping": 2}), *each("Cropping2D", 2, {"cropping": 1}, {"cropping": ((1, 2), (0, 1))}, {"cropping": (1, 0), **FIRST}),
    *each("Cropping3D", 3, {"cropping": 1}, {"cropping": ((1, 0), (0, 1), (1, 1))}, {"cropping": ((0, 0), (1, 1), (0, 1)), **FIRST}),
]  # fmt: skip
