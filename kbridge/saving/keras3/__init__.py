"""Files of Keras 3: the ``.keras`` archive, ``.weights.h5``, and configs, as those of Keras 2.

Configs become Keras 2's (``models.py``), which ``saving/keras2`` turns into Keras 1's; the weights lie below paths that the layers'
classes and attributes make (``paths.py``).
"""

from .detection import speaks_keras3
from .layers import as_of_keras2
from .masks import check_masks
from .models import keras1_config, to_keras2

__all__ = ["as_of_keras2", "check_masks", "keras1_config", "speaks_keras3", "to_keras2"]
