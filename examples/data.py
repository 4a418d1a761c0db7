"""The data of several examples: digits that come with kbridge, and text that is generated."""

import numpy as np

from kbridge.datasets import digits


def load_digits():
    """(images, labels) to train on and to test on: images (n, 8, 8, 1) with values 0 to 1."""
    return [((x[..., None] / 16.0).astype("float32"), y.astype("int32")) for x, y in digits.load_data()]


WORDS = {
    "good": ["good", "great", "fine", "brilliant", "moving"],
    "bad": ["bad", "boring", "awful", "clumsy", "dull"],
    "not": ["not", "never", "hardly"],
    "other": ["the", "film", "a", "plot", "actor", "was", "is", "and", "scene", "music", "with", "in", "story", "very", "end"],
}
VOCABULARY = ["<padding>"] + [word for words in WORDS.values() for word in words]


def reviews(count, length=30, seed=0):
    """``count`` generated reviews as word numbers (count, length), padded with 0 in front, and whether each is a good one.

    A review is ordinary words with one opinion in it: a good or a bad word, which "not" turns into its opposite. Another
    "not" stands before an ordinary word, so that counting words doesn't help: the model must see what follows "not".
    """
    rng = np.random.RandomState(seed)
    number = {word: i for i, word in enumerate(VOCABULARY)}
    x, y = np.zeros((count, length), "int32"), np.zeros(count, "int32")
    for i in range(count):
        good, negated = rng.rand(2) < 0.5
        words = list(rng.choice(WORDS["other"], rng.randint(8, length - 3)))
        opinion = ([rng.choice(WORDS["not"])] if negated else []) + [rng.choice(WORDS["good" if good else "bad"])]
        elsewhere = ([] if negated else [rng.choice(WORDS["not"])]) + [rng.choice(WORDS["other"])]
        first, second = sorted(rng.randint(0, len(words) + 1, 2))
        parts = [opinion, elsewhere] if rng.rand() < 0.5 else [elsewhere, opinion]
        words = words[:first] + parts[0] + words[first:second] + parts[1] + words[second:]
        x[i, length - len(words) :] = [number[word] for word in words]
        y[i] = good != negated
    return x, y


def sentence(numbers):
    """A review in words."""
    return " ".join(VOCABULARY[n] for n in numbers if n)
