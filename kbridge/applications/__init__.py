"""Well-known models, with trained weights if wanted; each module is loaded when it is first used."""

import importlib

_MODELS = {
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "ResNet50": "resnet50",
    "InceptionV3": "inception_v3",
    "Xception": "xception",
    "MusicTaggerCRNN": "music_tagger_crnn",
}
_MODULES = (*_MODELS.values(), "audio_conv_utils", "imagenet_utils")

__all__ = [*_MODELS, *_MODULES]  # noqa: PLE0604


def __getattr__(name: str):
    if name in _MODELS:
        return getattr(importlib.import_module(f"{__name__}.{_MODELS[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
