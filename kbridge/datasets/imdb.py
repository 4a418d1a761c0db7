"""IMDB: 25000 film reviews to train on and 25000 to test on, as lists of word indices; 1 stands for praise, 0 for blame."""

from __future__ import annotations

from ..utils.data_utils import get_file  # noqa: F401 (a name of Keras 1's module)
from . import pickles
from .files import find
from .word_lists import limited, marked, nothing_left, short, shuffled, word_index


def load_data(path="imdb_full.pkl", nb_words=None, skip_top=0, maxlen=None, seed=113, start_char=1, oov_char=2, index_from=3):
    """Return ((X_train, y_train), (X_test, y_test)): arrays of lists of word indices, arrays of labels.

    Args:
        path: a file of the cache, or any file, in the format of Keras 1 (a pickle) or of later ones (npz).
        nb_words: indices that aren't below it become ``oov_char``; None for no limit.
        skip_top: indices below it become ``oov_char``.
        maxlen: reviews of this length or longer are left out; None for none.
        seed: a whole number for the order of the reviews.
        start_char: the index that is put before each review; None for none.
        oov_char: the index that stands for words that are left out; None leaves them out altogether.
        index_from: the number by which all indices are raised.
    """
    file = find(path, "imdb_full.pkl")
    if str(file).endswith(".npz"):
        found = pickles.load_npz(file)
        parts = [(found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])]
    else:
        parts = list(pickles.load(file))
    sets = []
    for number, (samples, labels) in enumerate(parts, 1):
        mixed, classes = shuffled(samples, labels, seed * number)
        sets.append(short(marked(mixed, start_char, index_from), classes, maxlen))
    if not any(samples for samples, _ in sets):
        raise nothing_left(maxlen)
    train, test = [(limited(samples, nb_words, skip_top, oov_char), labels) for samples, labels in sets]
    return train, test


def get_word_index(path="imdb_word_index.pkl") -> dict[str, int]:
    """Return the dict from words to indices, before they are raised by ``index_from``, from the file ``path`` of the cache."""
    return word_index(path, "imdb_word_index.pkl")
