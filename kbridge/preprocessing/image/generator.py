"""``ImageDataGenerator``: random changes and standardization of images, batch by batch."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ... import backend as K
from . import transforms
from .files import ordering
from .iterators import DirectoryIterator, NumpyArrayIterator, check_images

FILL_MODES = ("constant", "nearest", "reflect", "wrap")


class ImageDataGenerator:
    """Make endless batches of randomly changed images. It needs the extra ``images``.

    Each image is first changed at random (the arguments from ``rotation_range`` to ``vertical_flip``) and then standardized, in this order:
    ``preprocessing_function``, ``rescale``, the image's own mean and deviation, those of the data set, ``zca_whitening``.

    Args:
        featurewise_center: whether to subtract the data set's mean, which ``fit`` learns.
        samplewise_center: whether to subtract the image's own mean.
        featurewise_std_normalization: whether to divide by the data set's deviation, which ``fit`` learns.
        samplewise_std_normalization: whether to divide by the image's own deviation.
        zca_whitening: whether to apply ZCA whitening, whose components ``fit`` learns.
        rotation_range: the largest angle, in degrees.
        width_shift_range: the largest shift as a part of the width.
        height_shift_range: the largest shift as a part of the height.
        shear_range: the largest angle of a shear, in radians.
        zoom_range: z for factors from 1 - z to 1 + z, or the two factors.
        channel_shift_range: the largest number that is added to a channel.
        fill_mode: how places outside the image are filled: 'constant', 'nearest', 'reflect' or 'wrap'.
        cval: the value of places outside the image for 'constant'.
        horizontal_flip: whether half of the images are turned over from left to right.
        vertical_flip: whether half of the images are turned over from top to bottom.
        rescale: a factor of all values; None for none.
        preprocessing_function: a function of one image that returns one of the same shape.
        dim_ordering: 'tf' (rows, columns, channels), 'th' (channels, rows, columns), or 'default' for the setting of keras.json.

    Raises:
        ValueError: another ``fill_mode`` or ``dim_ordering``, or a ``zoom_range`` of another length.
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
        self.mean: Any = None
        self.std: Any = None
        self.principal_components: Any = None

    def flow(
        self, X, y=None, batch_size=32, shuffle=True, seed=None, save_to_dir=None, save_prefix="", save_format="jpeg"
    ) -> NumpyArrayIterator:
        """Return an endless iterator over batches of images in memory.

        Args:
            X: the images, an array (samples, rows, columns, channels), or with the channels first.
            y: the labels, an array; None for batches of images alone.
            batch_size: the number of images of a batch.
            shuffle: whether to draw a new order of the images each time round.
            seed: a whole number that makes order and changes repeatable.
            save_to_dir: a folder to save the changed images in; None for none.
            save_prefix: how the names of these files begin.
            save_format: their format, 'jpeg' or 'png'.

        Returns:
            A ``NumpyArrayIterator`` that yields (x, y), or x without ``y``.
        """
        return NumpyArrayIterator(
            X, y, self, batch_size=batch_size, shuffle=shuffle, seed=seed, dim_ordering=self.dim_ordering,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
        )  # fmt: skip

    def flow_from_directory(
        self, directory, target_size=(256, 256), color_mode="rgb", classes=None, class_mode="categorical", batch_size=32,
        shuffle=True, seed=None, save_to_dir=None, save_prefix="", save_format="jpeg", follow_links=False,
    ) -> DirectoryIterator:  # fmt: skip
        """Return an endless iterator over batches of image files, which lie in a folder for each class.

        Args:
            directory: the folder that holds the folders of the classes.
            target_size: (height, width) to which images are resized.
            color_mode: 'rgb' or 'grayscale'.
            classes: the names of the folders, in the order of their numbers; all of them, sorted, if left out.
            class_mode: labels as rows with a 1 ('categorical'), numbers ('sparse'), floats 0 and 1 ('binary'), or none (None).
            batch_size: the number of images of a batch.
            shuffle: whether to draw a new order of the images each time round.
            seed: a whole number that makes order and changes repeatable.
            save_to_dir: a folder to save the changed images in; None for none.
            save_prefix: how the names of these files begin.
            save_format: their format, 'jpeg' or 'png'.
            follow_links: whether links to folders are followed.

        Returns:
            A ``DirectoryIterator`` that yields (x, y), or x without labels.
        """
        return DirectoryIterator(
            directory, self, target_size=target_size, color_mode=color_mode, classes=classes, class_mode=class_mode,
            dim_ordering=self.dim_ordering, batch_size=batch_size, shuffle=shuffle, seed=seed,
            save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format, follow_links=follow_links,
        )  # fmt: skip

    def standardize(self, x) -> np.ndarray:
        """Return the image ``x`` standardized; as in Keras 1 an array of floats is changed in place, all but by ZCA."""
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
                f"This ImageDataGenerator has {option} but isn't fitted, so images don't change. Call fit(images).",
                stacklevel=3,
            )
            return False
        return True

    def random_transform(self, x) -> np.ndarray:
        """Return the image ``x`` changed at random."""
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
        """Learn mean, deviation and principal components of images, for the featurewise options and ZCA.

        It takes samples * pixels * channels numbers of memory, for ZCA also the square of pixels * channels.

        Args:
            x: the images, an array (samples, rows, columns, channels), or with the channels first.
            augment: whether to learn from images that are changed at random.
            rounds: how many times each image is changed then.
            seed: a whole number that makes these changes repeatable.
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


def _factors(zoom_range: Any) -> list[Any]:
    """The smallest and largest factor of zooming."""
    if np.ndim(zoom_range) == 0:
        return [1 - zoom_range, 1 + zoom_range]
    if len(zoom_range) != 2:
        raise ValueError(f"zoom_range should be a number, or a pair (smallest factor, largest factor), got {zoom_range!r}.")
    return [zoom_range[0], zoom_range[1]]
