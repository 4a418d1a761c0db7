"""Pictures that are changed by chance in training, and stay as they are in prediction: RandomFlip, RandomRotation ...

Each picture is changed by itself, with numbers that the backend draws. Places of the result's pixels are computed in the picture that
came in, whose pixels there are mixed; both gradients and batches of any size go through.
"""

from __future__ import annotations

from .random_brightness import RandomBrightness
from .random_contrast import RandomContrast
from .random_crop import RandomCrop
from .random_flip import RandomFlip
from .random_height import RandomHeight, RandomWidth
from .random_rotation import RandomRotation
from .random_translation import RandomTranslation
from .random_zoom import RandomZoom

__all__ = [
    "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip", "RandomHeight", "RandomRotation", "RandomTranslation", "RandomWidth",
    "RandomZoom",
]  # fmt: skip
