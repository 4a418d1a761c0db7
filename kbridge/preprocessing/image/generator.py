"""``ImageDataGenerator``: random changes and standardization of images, batch by batch."""

from __future__ import annotations

import warnings

import numpy as np

from ... import backend as K
from . import transforms
from .files import ordering
from .iterators import DirectoryIterator, NumpyArrayIterator, check_images

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


class ImageDataGenerator:
    """Makes endless batches of changed images.

    First each image is changed at random:
    ``rotation_range``: degrees; ``width_shift_range``, ``height_shift_range``: parts of the width and height;
    ``shear_range``: radians; ``zoom_range``: z for factors from 1 - z to 1 + z, or the two factors;
    ``channel_shift_range``: what may be added to a channel; ``horizontal_flip``, ``vertical_flip``: each
    for half of the images; ``fill_mode`` ('constant' with ``cval``, 'nearest', 'reflect' or 'wrap'): what lies outside.

    Then it is standardized, in this order: ``preprocessing_function`` (of one image), ``rescale`` (a
    factor), ``samplewise_center`` and ``samplewise_std_normalization`` by the image's own mean and deviation,
    ``featurewise_center``, ``featurewise_std_normalization`` and ``zca_whitening`` by those of the data set,
    which ``fit`` learns.

    ``dim_ordering``: 'tf' (rows, columns, channels), 'th' (channels, rows, columns), or the running setting.
    """

    def __init__(
        self, featurewise_center=False, samplewise_center=False, featurewise_std_normalization=False,
        samplewise_std_normalization=False, zca_whitening=False, rotation_range=0.0, width_shift_range=0.0,
        height_shift_range=0.0, shear_range=0.0, zoom_range=0.0, channel_shift_range=0.0, fill_mode="nearest", cval=0.0,
        horizontal_flip=False, vertical_flip=False, rescale=None, preprocessing_function=None, dim_ordering="default",
    ):  # fmt: skip
        if fill_mode not in FILL_MODES:
            raise ValueError(f"Invalid fill_mode: {fill_mode!r}. Allowed: {', '.join(map(repr, FILL_MODES))}.")
        self.featurewise_center = featurewise_center
        self.samplewise_center = samplewise_center
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening = zca_whitening
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.shear_range = shear_range
        self.zoom_range = _factors(zoom_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.dim_ordering = ordering(dim_ordering)
        #: axes of a batch
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if self.dim_ordering == "th" else (3, 1, 2)
        #: what ``fit`` learns
        self.mean: np.ndarray | None = None
        self.std: np.ndarray | None = None
        self.principal_components: np.ndarray | None = None

    def flow(
        self, X, y=None, batch_size=32, shuffle=True, seed=None, save_to_dir=None, save_prefix="", save_format="jpeg"
    ) -> NumpyArrayIterator:
        """Batches (x, y) of the images ``X``, or x if there is no ``y``; ``save_to_dir``: a folder to save them in."""
        return NumpyArrayIterator(
            X, y, self, batch_size=batch_size, shuffle=shuffle, seed=seed, dim_ordering=self.dim_ordering,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
        )  # fmt: skip

    def flow_from_directory(
        self, directory, target_size=(256, 256), color_mode="rgb", classes=None, class_mode="categorical", batch_size=32,
        shuffle=True, seed=None, save_to_dir=None, save_prefix="", save_format="jpeg", follow_links=False,
    ) -> DirectoryIterator:  # fmt: skip
        """Batches of the image files in the folders of ``directory``, one folder a class.

        ``classes``: the folders and their order, sorted by name by default. ``class_mode``: labels as rows with a
        1 ('categorical'), numbers ('sparse'), floats 0 and 1 ('binary'), or none (None).
        """
        return DirectoryIterator(
            directory, self, target_size=target_size, color_mode=color_mode, classes=classes, class_mode=class_mode,
            dim_ordering=self.dim_ordering, batch_size=batch_size, shuffle=shuffle, seed=seed,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format, follow_links=follow_links,
        )  # fmt: skip

    def standardize(self, x) -> np.ndarray:
        """One image, standardized; as in Keras 1 an array of floats is changed in place, all but by ZCA."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        x = np.asarray(x)
        if x.dtype.kind != "f":
            x = x.astype(K.floatx())
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x)
        if self.samplewise_std_normalization:
            x /= np.std(x) + 1e-7
        if self.featurewise_center and self._has("mean", "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._has("std", "featurewise_std_normalization"):
            x /= self.std + 1e-7
        if self.zca_whitening and self._has("principal_components", "zca_whitening"):
            x = np.dot(x.reshape(-1), self.principal_components).reshape(x.shape)
        return x

    def _has(self, attribute: str, option: str) -> bool:
        if getattr(self, attribute) is None:
            warnings.warn(
                f"This ImageDataGenerator has {option} but isn't fitted, so images stay as they are: call fit(images).",
                stacklevel=3,
            )
            return False
        return True

    def random_transform(self, x) -> np.ndarray:
        """One image, changed at random."""
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        matrices = []
        if self.rotation_range:
            matrices.append(transforms.rotation_matrix(self.rotation_range))
        if self.height_shift_range or self.width_shift_range:
            matrices.append(transforms.shift_matrix(self.height_shift_range * x.shape[row], self.width_shift_range * x.shape[column]))
        if self.shear_range:
            matrices.append(transforms.shear_matrix(self.shear_range))
        if tuple(self.zoom_range) != (1, 1):
            matrices.append(transforms.zoom_matrix(self.zoom_range))
        if matrices:
            product = np.linalg.multi_dot([np.eye(3), *matrices])
            centred = transforms.transform_matrix_offset_center(product, x.shape[row], x.shape[column])
            x = transforms.apply_transform(x, centred, channel, fill_mode=self.fill_mode, cval=self.cval)
        if self.channel_shift_range:
            x = transforms.random_channel_shift(x, self.channel_shift_range, channel)
        if self.horizontal_flip and transforms.draw().random_sample() < 0.5:
            x = transforms.flip_axis(x, column)
        if self.vertical_flip and transforms.draw().random_sample() < 0.5:
            x = transforms.flip_axis(x, row)
        return x

    def fit(self, x, augment=False, rounds=1, seed=None) -> None:
        """Learn mean, deviation and principal components of the images ``x``, for the featurewise options and ZCA.

        ``augment``: learn from ``rounds`` times the images, changed at random. ``seed``: for those changes.
        Needed are samples * pixels * channels numbers, for ZCA also the square of pixels * channels.
        """
        x = np.array(x, dtype=K.floatx())
        check_images(x, self.dim_ordering, "fit")
        if seed is not None:
            np.random.seed(seed)
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes, keepdims=True)[0]
            x /= self.std + K.epsilon()
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            directions, variances, _ = np.linalg.svd(flat.T @ flat / len(flat))
            self.principal_components = (directions / np.sqrt(variances + 1e-6)) @ directions.T


def _factors(zoom_range):
    """The smallest and largest factor of zooming."""
    if np.isscalar(zoom_range):
        return [1 - zoom_range, 1 + zoom_range]
    if len(zoom_range) != 2:
        raise ValueError(f"zoom_range should be a number or two of them (smallest and largest factor), got {zoom_range!r}.")
    return [zoom_range[0], zoom_range[1]]
