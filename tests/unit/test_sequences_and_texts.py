"""Padding, skip-grams, and texts as word indices."""

import random

import numpy as np
import pytest
from processes import ROOT, output

from kbridge.preprocessing.sequence import make_sampling_table, pad_sequences, skipgrams
from kbridge.preprocessing.text import Tokenizer, base_filter, one_hot, text_to_word_sequence

TEXTS = ["The cat sat on the mat.", "The dog sat on the log!", "Dogs and cats; living together"]


def test_padding_and_truncating_on_either_side():
    sequences = [[1], [1, 2], [1, 2, 3]]
    assert pad_sequences(sequences).tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3]]
    assert pad_sequences(sequences, padding="post", value=9).tolist() == [[1, 9, 9], [1, 2, 9], [1, 2, 3]]
    assert pad_sequences(sequences, maxlen=2).tolist() == [[0, 1], [1, 2], [2, 3]]
    assert pad_sequences(sequences, maxlen=2, truncating="post").tolist() == [[0, 1], [1, 2], [1, 2]]
    assert pad_sequences(sequences).dtype == "int32"
    assert pad_sequences(sequences, maxlen=0).shape == (3, 0)
    assert pad_sequences([], maxlen=4).shape == (0, 4)


def test_padding_sequences_of_vectors():
    padded = pad_sequences([[], [[1, 2]], [[3, 4], [5, 6]]], dtype="float32")
    assert padded.tolist() == [[[0, 0], [0, 0]], [[0, 0], [1, 2]], [[3, 4], [5, 6]]]
    with pytest.raises(ValueError, match=r"sequence 1 have shape \(3,\)"):
        pad_sequences([[[1, 2]], [[1, 2, 3]]])


@pytest.mark.parametrize("arguments", [{"padding": "left"}, {"truncating": "right"}])
def test_padding_names_a_bad_side(arguments):
    with pytest.raises(ValueError, match="must be 'pre' or 'post'"):
        pad_sequences([[1]], **arguments)


def test_padding_wants_sequences():
    with pytest.raises(ValueError, match="entry 1 is 5"):
        pad_sequences([[1], 5])


def test_sampling_table_keeps_rare_words_and_thins_out_frequent_ones():
    table = make_sampling_table(10, sampling_factor=1e-5)
    # rank 3: inverse frequency 3 (ln 3 + 0.577) + 1/2 - 1/36
    assert table[3] == pytest.approx(np.sqrt(1e-5 * (3 * (np.log(3) + 0.577) + 0.5 - 1 / 36)))
    assert table[0] == table[1]
    assert np.all(np.diff(table[1:]) > 0)
    assert make_sampling_table(10, sampling_factor=10).tolist() == [1.0] * 10


def test_skipgrams_are_the_pairs_within_the_window():
    couples, labels = skipgrams([1, 2, 0, 3], 4, window_size=1, negative_samples=0, shuffle=False)
    assert couples == [[1, 2], [2, 1]] and labels == [1, 1]
    couples, _ = skipgrams([1, 2, 0, 3], 4, window_size=2, negative_samples=0, shuffle=False)
    assert couples == [[1, 2], [2, 1], [2, 3], [3, 2]]


def test_skipgrams_keep_couples_and_labels_together_when_shuffled():
    random.seed(3)
    couples, labels = skipgrams(list(range(5)), 1000, window_size=1, negative_samples=2.0, categorical=True)
    assert sorted(map(tuple, labels)) == [(0, 1)] * 6 + [(1, 0)] * 12
    real = [tuple(c) for c, label in zip(couples, labels) if label == [0, 1]]
    assert sorted(real) == [(1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3)]
    assert all(1 <= b < 1000 for _, b in couples)


def test_skipgrams_leave_words_out_by_the_sampling_table():
    assert skipgrams([1, 2, 3], 4, sampling_table=np.zeros(4)) == ([], [])


def test_words_are_divided_at_filters():
    assert text_to_word_sequence("Hello, World!\tIt's\nme") == ["hello", "world", "it's", "me"]
    assert text_to_word_sequence("a,b c", split=",", filters="", lower=False) == ["a", "b c"]
    assert text_to_word_sequence("a.b", filters=".", split="::") == ["a", "b"]
    assert "'" not in base_filter()


def test_one_hot_is_the_same_in_every_process(tmp_path):
    code = "from kbridge.preprocessing.text import one_hot; print(one_hot('to be or not to be', 20))"
    printed = {output(code, tmp_path, PYTHONHASHSEED=seed) for seed in ("1", "2")}
    here = one_hot("to be or not to be", 20)
    assert printed == {f"{here}\n"}
    assert here[:2] == here[4:] and all(1 <= i < 20 for i in here)


def test_tokenizer_numbers_words_by_frequency():
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(TEXTS)
    assert tokenizer.word_index["the"] == 1
    assert tokenizer.word_index["sat"] == 2 and tokenizer.word_index["on"] == 3
    assert tokenizer.word_counts["the"] == 4 and tokenizer.word_docs["the"] == 2
    assert tokenizer.document_count == 3 and tokenizer.index_docs[1] == 2
    assert tokenizer.texts_to_sequences(["the unknown cat on"]) == [[1, tokenizer.word_index["cat"], 3]]


def test_tokenizer_uses_only_the_most_frequent_words():
    tokenizer = Tokenizer(nb_words=3)
    tokenizer.fit_on_texts(iter(TEXTS))
    assert list(tokenizer.texts_to_sequences_generator(TEXTS)) == [[1, 2, 1], [1, 2, 1], []]


def test_tokenizer_by_characters():
    tokenizer = Tokenizer(char_level=True)
    tokenizer.fit_on_texts(["abAb"])
    assert tokenizer.texts_to_sequences(["bA"]) == [[tokenizer.word_index["b"], tokenizer.word_index["A"]]]
    assert tokenizer.word_index["b"] == 1


def test_matrices_of_each_mode():
    tokenizer = Tokenizer(nb_words=4)
    tokenizer.fit_on_sequences([[1, 1, 2, 3], [1], [7]])
    rows = [[1, 1, 2, 9], []]
    assert tokenizer.sequences_to_matrix(rows).tolist() == [[0, 1, 1, 0], [0, 0, 0, 0]]
    assert tokenizer.sequences_to_matrix(rows, "count").tolist() == [[0, 2, 1, 0], [0, 0, 0, 0]]
    assert tokenizer.sequences_to_matrix(rows, "freq").tolist() == [[0, 0.5, 0.25, 0], [0, 0, 0, 0]]
    tfidf = tokenizer.sequences_to_matrix(rows, "tfidf")
    assert tfidf[0] == pytest.approx([0, (1 + np.log(2)) * np.log(1 + 3 / 3), np.log(1 + 3 / 2), 0])
    tokenizer.fit_on_texts(["a b a"])
    assert tokenizer.texts_to_matrix(["b b a"], mode="count").tolist() == [[0, 1, 2, 0]]


def test_matrices_say_what_is_missing():
    with pytest.raises(ValueError, match="nb_words, or texts first"):
        Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="Fit the Tokenizer first"):
        Tokenizer(nb_words=3).sequences_to_matrix([[1]], "tfidf")
    with pytest.raises(ValueError, match="got 'tf'"):
        Tokenizer(nb_words=3).sequences_to_matrix([[1]], "tf")


@pytest.mark.parametrize("file", ["tokenizer_python2_0", "tokenizer_python2_2", "tokenizer_python3_2"])
def test_a_tokenizer_that_keras_1_pickled_goes_on(file, tmp_path):
    code = f"""
import pickle
import kbridge.as_keras
tokenizer = pickle.load(open({str(ROOT / "tests" / "data" / "pickles" / (file + ".pkl"))!r}, "rb"))
print(tokenizer.texts_to_sequences(["the cat and dog"]), tokenizer.texts_to_matrix(["the cat and the dog"], "tfidf").round(6).tolist())
tokenizer.fit_on_texts(["cat cat cat"])
print(tokenizer.word_index["cat"], tokenizer.document_count, tokenizer.word_docs["cat"])
again = pickle.loads(pickle.dumps(tokenizer))
print(again.word_counts == tokenizer.word_counts)
"""
    # the first line is what Keras 1.2.2 gave
    expected = "[[1, 2]] [[0.0, 0.864903, 0.510826, 0.0, 0.0]]\n1 3 3\nTrue\n"
    assert output(code, home=tmp_path, KBRIDGE_BACKEND="numpy") == expected
