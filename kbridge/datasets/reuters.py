"""Reuters: 11228 newswires of 46 topics, as lists of word indices."""

from __future__ import annotations

from ..utils.data_utils import get_file  # noqa: F401 (a name of Keras 1's module)
from . import pickles
from .files import find
from .word_lists import limited, marked, nothing_left, short, shuffled, word_index


def load_data(
    path="reuters.pkl",
    nb_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """Return ((X_train, y_train), (X_test, y_test)): arrays of lists of word indices, arrays of topics (0 to 45).

    The other arguments are those of ``imdb.load_data``.

    Args:
        path: a file of the cache, or any file, in the format of Keras 1 (a pickle) or of later ones (npz).
        test_split: the part of the newswires that is held out for testing.
    """
    file = find(path, "reuters.pkl")
    if str(file).endswith(".npz"):
        found = pickles.load_npz(file)
        stored = found["x"], found["y"]
    else:
        stored = pickles.load(file)
    mixed, topics = shuffled(*stored, seed)
    samples, labels = short(marked(mixed, start_char, index_from), topics, maxlen)
    if not samples:
        raise nothing_left(maxlen)
    rows = limited(samples, nb_words, skip_top, oov_char)
    split = int(len(rows) * (1 - test_split))
    return (rows[:split], labels[:split]), (rows[split:], labels[split:])


def get_word_index(path="reuters_word_index.pkl") -> dict[str, int]:
    """Return the dict from words to indices, before they are raised by ``index_from``, from the file ``path`` of the cache."""
    return word_index(path, "reuters_word_index.pkl")
