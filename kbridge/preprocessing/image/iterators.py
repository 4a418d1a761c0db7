"""Endless batches of changed images, from arrays and from folders; any number of threads may ask for batches."""

from __future__ import annotations

import os
import secrets
import threading

import numpy as np

from ... import backend as K
from .files import array_to_img, img_to_array, load_img, ordering
from .transforms import drawing_from

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp")
CLASS_MODES = ("categorical", "binary", "sparse", None)
COLOR_MODES = {"rgb": 3, "grayscale": 1}


class Iterator:
    """The base of the image iterators: it goes endlessly through samples in batches.

    ``index_generator`` gives (indices, number of the first one, number of indices); a subclass's ``next`` takes it
    within ``lock``. With a ``seed`` each batch has a random state of its own, so that two iterators of one
    seed change their images alike, however many threads ask; NumPy's global state is seeded for it too, as in Keras 1.

    Args:
        n: the number of samples.
        batch_size: the number of samples of a batch; the last one before the end is smaller if it must be.
        shuffle: whether to draw a new order of the samples each time round.
        seed: a whole number that makes order and changes repeatable; None for NumPy's global state.
    """

    #: where changed images are saved, and how; set by the subclasses
    save_to_dir: str | None = None
    save_prefix: str = ""
    save_format: str = "jpeg"
    dim_ordering: str

    def __init__(self, n, batch_size, shuffle, seed):
        if int(batch_size) != batch_size or batch_size < 1:
            raise ValueError(f"{type(self).__name__}: batch_size must be a whole number of at least 1, got {batch_size!r}.")
        self.n = self.N = n
        self.batch_size = int(batch_size)
        self.shuffle = shuffle
        self.seed = seed
        self.batch_index = 0
        self.total_batches_seen = 0
        self.batch_random: np.random.RandomState | None = None
        self.lock = threading.Lock()
        self.index_generator = self._flow_index(n, self.batch_size, shuffle, seed)

    def reset(self) -> None:
        """Start again with the first sample."""
        self.batch_index = 0

    def _flow_index(self, n, batch_size=32, shuffle=False, seed=None):
        self.reset()
        order = np.arange(n)
        while True:
            if n == 0:
                raise ValueError(f"{type(self).__name__} has no images, so it can't make batches.")
            if seed is not None:
                np.random.seed(seed + self.total_batches_seen)
                self.batch_random = np.random.RandomState(seed + self.total_batches_seen)
            if self.batch_index == 0:
                order = (self.batch_random or np.random).permutation(n) if shuffle else np.arange(n)
            start = self.batch_index * batch_size
            size = min(batch_size, n - start)
            self.batch_index = 0 if start + size >= n else self.batch_index + 1
            self.total_batches_seen += 1
            yield order[start : start + size], start, size

    def _next_indices(self):
        """Return what ``index_generator`` gives, and the random state of the batch. Safe in threads."""
        with self.lock:
            return *next(self.index_generator), self.batch_random

    def __iter__(self):
        return self

    def __next__(self, *args, **kwargs):
        return self.next(*args, **kwargs)

    def next(self):
        """Return the next batch."""
        raise NotImplementedError(f"{type(self).__name__} needs a method next().")

    def _save(self, batch, start: int) -> None:
        if not self.save_to_dir:
            return
        os.makedirs(self.save_to_dir, exist_ok=True)
        for number, x in enumerate(batch, start):
            name = f"{self.save_prefix}_{number}_{secrets.randbelow(10**6)}.{self.save_format}"
            array_to_img(x, self.dim_ordering, scale=True).save(os.path.join(self.save_to_dir, name))


class NumpyArrayIterator(Iterator):
    """Batches (x, y), or x if ``y`` is None, of an array of images.

    The other arguments are those of ``ImageDataGenerator.flow``.

    Args:
        x: the images.
        y: the labels, or None.
        image_data_generator: the ``ImageDataGenerator`` that changes the images.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """

    def __init__(
        self, x, y, image_data_generator, batch_size=32, shuffle=False, seed=None, dim_ordering="default",
        save_to_dir=None, save_prefix="", save_format="jpeg",
    ):  # fmt: skip
        if y is not None and len(x) != len(y):
            raise ValueError(f"x and y should have the same number of samples, got {np.shape(x)} and {np.shape(y)}.")
        self.dim_ordering = ordering(dim_ordering)
        self.x = np.asarray(x, dtype=K.floatx())
        check_images(self.x, self.dim_ordering, "flow")
        self.y = None if y is None else np.asarray(y)
        self.image_data_generator = image_data_generator
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(self.x.shape[0], batch_size, shuffle, seed)

    def next(self):
        """Return the next batch."""
        indices, start, size, state = self._next_indices()
        batch = np.zeros((size, *self.x.shape[1:]), dtype=K.floatx())
        with drawing_from(state):
            for number, index in enumerate(indices):
                changed = self.image_data_generator.random_transform(self.x[index].copy())
                batch[number] = self.image_data_generator.standardize(changed)
        self._save(batch, start)
        return batch if self.y is None else (batch, self.y[indices])


class DirectoryIterator(Iterator):
    """Batches of the image files in a folder that has one folder for each class.

    Its attributes: ``filenames`` are paths relative to ``directory``, ``classes`` their class numbers, ``class_indices`` the number of each class.
    Files with other extensions than png, jpg, jpeg and bmp are left out. The other arguments are those of
    ``ImageDataGenerator.flow_from_directory``.

    Args:
        image_data_generator: the ``ImageDataGenerator`` that changes the images.
        dim_ordering: 'th' (channels first), 'tf' (channels last) or 'default' for the setting of keras.json.
    """

    def __init__(
        self, directory, image_data_generator, target_size=(256, 256), color_mode="rgb", dim_ordering="default",
        classes=None, class_mode="categorical", batch_size=32, shuffle=True, seed=None,
        save_to_dir=None, save_prefix="", save_format="jpeg", follow_links=False,
    ):  # fmt: skip
        if color_mode not in COLOR_MODES:
            raise ValueError(f"Invalid color_mode: {color_mode!r}. Allowed: 'rgb', 'grayscale'.")
        if class_mode not in CLASS_MODES:
            raise ValueError(f"Invalid class_mode: {class_mode!r}. Allowed: 'categorical', 'binary', 'sparse', None.")
        if not os.path.isdir(directory):
            raise FileNotFoundError(f"There is no folder {os.fspath(directory)!r}.")
        self.directory = directory
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.color_mode = color_mode
        self.dim_ordering = ordering(dim_ordering)
        channels = COLOR_MODES[color_mode]
        self.image_shape = (channels, *self.target_size) if self.dim_ordering == "th" else (*self.target_size, channels)
        self.class_mode = class_mode
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        if classes is None:
            classes = sorted(name for name in os.listdir(directory) if os.path.isdir(os.path.join(directory, name)))
        self.nb_class = len(classes)
        self.class_indices = {name: number for number, name in enumerate(classes)}
        self.filenames: list[str] = []
        numbers = []
        for name, number in self.class_indices.items():
            found = image_files(os.path.join(directory, name), follow_links)
            self.filenames += [os.path.relpath(path, directory) for path in found]
            numbers += [number] * len(found)
        self.classes = np.array(numbers, dtype="int32")
        self.nb_sample = len(self.filenames)
        print(f"Found {self.nb_sample} images belonging to {self.nb_class} classes.")
        super().__init__(self.nb_sample, batch_size, shuffle, seed)

    def next(self):
        """Return the next batch."""
        indices, start, size, state = self._next_indices()
        batch = np.zeros((size, *self.image_shape), dtype=K.floatx())
        with drawing_from(state):
            for number, index in enumerate(indices):
                image = load_img(
                    os.path.join(self.directory, self.filenames[index]),
                    grayscale=self.color_mode == "grayscale",
                    target_size=self.target_size,
                )
                changed = self.image_data_generator.random_transform(img_to_array(image, self.dim_ordering))
                batch[number] = self.image_data_generator.standardize(changed)
        self._save(batch, start)
        if self.class_mode is None:
            return batch
        numbers = self.classes[indices]
        if self.class_mode == "sparse":
            return batch, numbers
        if self.class_mode == "binary":
            return batch, numbers.astype(K.floatx())
        return batch, np.eye(self.nb_class, dtype=K.floatx())[numbers]


def image_files(directory, follow_links=False) -> list[str]:
    """The image files below ``directory``, folder by folder, each sorted. A folder that is missing has none."""
    folders = []
    seen: set[str] = set()
    for folder, inner, names in os.walk(directory, followlinks=follow_links):
        real = os.path.realpath(folder)
        if real in seen:  # a link back to where the walk has been
            inner.clear()
            continue
        seen.add(real)
        folders.append((folder, sorted(name for name in names if name.lower().endswith(EXTENSIONS))))
    return [os.path.join(folder, name) for folder, names in sorted(folders) for name in names]


def check_images(x: np.ndarray, dim_ordering: str, what: str) -> None:
    """ValueError unless ``x`` is an array of images with 1, 3 or 4 channels where ``dim_ordering`` puts them."""
    if x.ndim != 4:
        raise ValueError(f"{what} takes an array of images with 4 axes, got shape {x.shape}.")
    axis, order = (1, "(samples, channels, rows, columns)") if dim_ordering == "th" else (3, "(samples, rows, columns, channels)")
    if x.shape[axis] not in (1, 3, 4):
        raise ValueError(
            f"{what} takes images with 1, 3 or 4 channels. With dim_ordering={dim_ordering!r} the axes of the array are "
            f"{order}, got shape {x.shape}."
        )
