"""What kbridge predict makes of files: items by name, shapes, what is wrong with them."""

import io
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from kbridge.convert.onnx.models import converted
from kbridge.errors import UsageError
from kbridge.layers import Convolution2D, Dense, Flatten, GlobalAveragePooling2D, Rescaling
from kbridge.models import Sequential, model_from_json
from kbridge.prediction.labels import beside, fitting, probabilities, read_labels, top
from kbridge.prediction.pictures import Fitting
from kbridge.prediction.scaling import Scaling, hint
from kbridge.prediction.signature import Tensor, inputs_of
from kbridge.prediction.sources import source

ROW = [Tensor("x", (3,), "float32")]
GRID = [Tensor("x", (2, None), "float32")]
TWO = [Tensor("a", (2,), "float32"), Tensor("b", (), "int32")]
COLOUR = Tensor("x", (4, 6, 3), "float32")


def read(inputs, *arguments, **options):
    return list(source([str(a) for a in arguments], inputs, Fitting(), **options))


def written(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_a_table_with_names_of_columns_and_of_rows(tmp_path, separator):
    rows = [["who", "p", "q", "r"], ["ann", "1", "2", "3"], ["bob", "4", "5", "6e1"]]
    items = read(ROW, written(tmp_path / "t.csv", "\n".join(separator.join(row) for row in rows)))
    assert [item.name for item in items] == [f"{tmp_path}/t.csv[1] ann", f"{tmp_path}/t.csv[2] bob"]
    assert_array_equal(items[1].values["x"], np.array([4, 5, 60], "float32"))


def test_columns_are_chosen_by_name(tmp_path):
    path = written(tmp_path / "t.csv", "a,b,c,d\n1,2,3,4\n")
    assert_array_equal(read(ROW, path, columns=["d", "a", "c"])[0].values["x"], [4, 1, 3])
    named = written(tmp_path / "named.csv", "who,a,b,c,d\nann,1,2,3,4\nbob,1\n")
    assert [item.name for item in read(ROW, named, columns=["d", "a", "c"])] == [f"{named}[1] ann", f"{named}[2] bob"]
    with pytest.raises(UsageError, match="no column 'e'; it has a, b, c, d"):
        read(ROW, path, columns=["d", "e", "c"])


@pytest.mark.parametrize(("row", "problem"), [
    ("1,2", "the input 'x' (3,) takes one sample of this shape, got (2,)."),
    ("1,x,3", "'x' isn't a number"),
    ('1,"2,5",3', "'2,5' isn't a number: decimals are written with a point here, 2.5 say"),
    ("ann,2,3", "'ann' isn't a number"),
    ("ann,2", "'ann' isn't a number, and the row has 2 cells: 3 were expected, or 4 if the first one is a name"),
])  # fmt: skip
def test_a_bad_row_is_told_and_the_others_go_on(tmp_path, row, problem):
    items = read(ROW, written(tmp_path / "t.csv", f"1,2,3\n{row}\n\n4,5,6\n"))
    assert [item.problem for item in items] == [None, problem, None]


@pytest.mark.parametrize("text", ["[[1, 2, 3], [4, 5, 6]]", '{"instances": [[1, 2, 3], [4, 5, 6]]}', '{"inputs": {"x": [[1, 2, 3], [4, 5, 6]]}}',
                                  '[{"x": [1, 2, 3]}, {"x": [4, 5, 6]}]', "[1, 2, 3]\n[4, 5, 6]\n", '{"x": [1, 2, 3]}\n\n{"x": [4, 5, 6]}\n'])  # fmt: skip
def test_all_ways_to_write_samples_in_json(tmp_path, text):
    items = read(ROW, written(tmp_path / "t.json", text))
    assert [item.values["x"].tolist() for item in items] == [[1, 2, 3], [4, 5, 6]]


def test_one_sample_alone(tmp_path):
    assert [i.values["x"].tolist() for i in read(ROW, written(tmp_path / "t.json", "[1, 2, 3]"))] == [[1, 2, 3]]
    np.save(tmp_path / "x.npy", np.ones(3))
    assert len(read(ROW, tmp_path / "x.npy")) == 1


@pytest.mark.parametrize(("text", "problem"), [
    ("[[1, [2], 3]]", "rows have different lengths"), ('[["a", "b", "c"]]', "takes numbers"), ('[{"y": 1}]', "it names y, but the model takes"), ("[[1, 2, null]]", "takes numbers"),
])  # fmt: skip
def test_bad_samples_of_json(tmp_path, text, problem):
    assert problem in read(ROW, written(tmp_path / "t.json", text))[0].problem


def test_a_row_gets_the_inputs_shape_and_an_open_length_is_found(tmp_path):
    items = read(GRID, written(tmp_path / "t.csv", "1,2,3,4,5,6\n"))
    assert items[0].values["x"].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_samples_of_several_inputs(tmp_path):
    text = '[{"a": [1, 2], "b": 3}, {"a": [4, 5], "b": 6}]'
    items = read(TWO, written(tmp_path / "t.json", text))
    assert [(i.values["a"].tolist(), int(i.values["b"])) for i in items] == [([1, 2], 3), ([4, 5], 6)]
    columns = read(TWO, written(tmp_path / "c.json", '{"a": [[1, 2], [4, 5]], "b": [3, 6]}'))
    assert [i.values["a"].tolist() for i in columns] == [[1, 2], [4, 5]]
    np.savez(tmp_path / "t.npz", a=np.array([[1, 2], [4, 5]]), b=np.array([3, 6]), more=np.ones(1))
    assert [int(i.values["b"]) for i in read(TWO, tmp_path / "t.npz")] == [3, 6]


@pytest.mark.parametrize(("arguments", "words"), [
    (["a=A"], "no file for the input 'b'"), (["a=A", "a=A", "b=B"], "has two files"), (["a=A", "c=B"], "the model's inputs are 'a'"),
    (["A"], "Give NAME=FILE for each"), (["a=A", "b=SHORT"], "different numbers of samples: 'a' 2, 'b' 1"),
])  # fmt: skip
def test_files_that_dont_fit_the_inputs(tmp_path, arguments, words):
    np.save(tmp_path / "A.npy", np.ones((2, 2)))
    np.save(tmp_path / "B.npy", np.ones(2))
    np.save(tmp_path / "SHORT.npy", np.ones(1))
    given = [
        a.replace("A", f"{tmp_path}/A.npy").replace("B", f"{tmp_path}/B.npy").replace("SHORT", f"{tmp_path}/SHORT.npy") for a in arguments
    ]
    with pytest.raises(UsageError, match=words):
        read(TWO, *given)


def test_an_array_of_another_shape_is_one_error(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((1000, 4)))
    with pytest.raises(UsageError, match=r"takes one sample of this shape, got \(4,\)"):
        read(ROW, tmp_path / "x.npy")


def test_nothing_is_unpickled(tmp_path):
    np.save(tmp_path / "x.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(UsageError, match="Can't read .* as .npy"):
        read(ROW, tmp_path / "x.npy")


@pytest.mark.parametrize("content", [b"", b"\0\1\2 no text", b"PK\x03\x04 cut", b"\x93NUMPY cut"])
def test_what_is_no_data_is_an_error_with_its_name(tmp_path, content):
    (tmp_path / "odd.bin").write_bytes(content)
    with pytest.raises(UsageError, match="odd.bin"):
        read(ROW, tmp_path / "odd.bin")


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"1,2,3\n")))
    assert [i.name for i in read(ROW, "-")] == ["stdin[1]"]


def test_an_npy_file_is_not_read_whole(tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((4, 3)))
    items = source([str(tmp_path / "x.npy")], ROW, Fitting())
    assert items.count == 4
    # what is written behind the reader's back is seen, since the file is mapped
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r+")
    mapped[3] = 7
    mapped.flush()
    assert list(items)[3].values["x"].tolist() == [7, 7, 7]


class TestPictures:
    @pytest.fixture(autouse=True)
    def pillow(self):
        self.image = pytest.importorskip("PIL.Image", reason="pillow is not installed (extra 'images')")

    def save(self, path, pixels):
        self.image.fromarray(np.asarray(pixels, "uint8")).save(path)
        return path

    def test_a_folder_and_what_is_no_picture_in_it(self, tmp_path):
        self.save(tmp_path / "b.png", np.full((4, 6, 3), 9))
        (tmp_path / "a.jpg").write_text("no picture")
        (tmp_path / "notes.txt").write_text("left alone")
        items = read([COLOUR], tmp_path)
        assert [item.name for item in items] == [f"{tmp_path}/a.jpg", f"{tmp_path}/b.png"]
        assert "Pillow doesn't know its format" in items[0].problem
        assert_array_equal(items[1].values["x"], np.full((4, 6, 3), 9))

    def test_channels_and_their_place_follow_the_model(self, tmp_path):
        pixels = np.arange(4 * 6 * 3).reshape(4, 6, 3)
        path = self.save(tmp_path / "x.png", pixels)
        first = read([Tensor("x", (3, 4, 6), "float32", first=True)], path)[0].values["x"]
        assert_array_equal(first, pixels.transpose(2, 0, 1))
        grey = read([Tensor("x", (4, 6), "float32")], path)[0].values["x"]
        assert_array_equal(grey, np.asarray(self.image.open(path).convert("L")))
        row = read([Tensor("x", (16,), "float32")], path)[0].values["x"]
        assert row.shape == (16,)
        assert read([Tensor("x", (None, None, 4), "float32")], path)[0].values["x"].shape == (4, 6, 4)

    def test_stretch_and_crop(self, tmp_path):
        pixels = np.zeros((4, 8, 3))
        pixels[:, 2:6] = 200
        path = self.save(tmp_path / "x.png", pixels)
        square = Tensor("x", (4, 4, 3), "float32")
        [stretched] = source([str(path)], [square], Fitting("stretch", "box"))
        [cropped] = source([str(path)], [square], Fitting("crop", "box"))
        assert_array_equal(stretched.values["x"][0, :, 0], [0, 200, 200, 0])
        assert_array_equal(cropped.values["x"][0, :, 0], [200, 200, 200, 200])

    def test_a_model_of_vectors_takes_no_pictures(self, tmp_path):
        path = self.save(tmp_path / "x.png", np.zeros((4, 4)))
        assert "doesn't take pictures" in read(ROW, path)[0].problem


@pytest.mark.parametrize(("way", "pixel", "expected"), [
    ("0..1", (255, 0, 51), (1, 0, 0.2)),
    ("-1..1", (255, 0, 127.5), (1, -1, 0)),
    ("imagenet-tf", (255, 0, 127.5), (1, -1, 0)),
    ("teachable-machine", (255, 0, 127.5), (1, -1, 0)),
    ("imagenet-caffe", (123.68, 116.779, 113.939), (10, 0, 0)),
    ("imagenet-torch", (0.485 * 255, (0.456 + 0.224) * 255, 0.406 * 255), (0, 1, 0)),
])  # fmt: skip
def test_named_ways_of_scaling(way, pixel, expected):
    found = Scaling(way)(np.asarray(pixel, "float32").reshape(1, 1, 3))
    assert_allclose(found[0, 0], expected, atol=1e-5)


class TestHints:
    def test_a_model_of_teachable_machine(self):
        network = Sequential([Convolution2D(2, 1, 1, input_shape=(4, 4, 3), dim_ordering="tf"), GlobalAveragePooling2D(dim_ordering="tf")])
        head = Sequential([Dense(4, input_dim=2, activation="relu"), Dense(2, activation="softmax", bias=False)])
        assert "--scaling teachable-machine" in hint(Sequential([network, head]), Scaling())
        assert hint(Sequential([network, head]), Scaling("teachable-machine")) is None
        other = Sequential([network, Sequential([Dense(2, input_dim=2, activation="softmax")])])
        assert "teachable" not in hint(other, Scaling())

    def test_values_that_nothing_scales_or_two_do(self):
        plain = Sequential([Flatten(input_shape=(4, 4, 1)), Dense(2)])
        assert "from 0 to 255" in hint(plain, Scaling())
        assert hint(plain, Scaling("0..1")) is None
        scales = Sequential([Rescaling(1 / 255, input_shape=(4, 4, 1)), Flatten(), Dense(2)])
        assert hint(scales, Scaling()) is None
        assert "scaled twice" in hint(scales, Scaling("0..1"))

    def test_a_model_without_pictures_gets_none(self):
        assert hint(Sequential([Dense(2, input_dim=3)]), Scaling()) is None


def test_scale_and_shift_come_last_and_some_ways_want_colours():
    assert Scaling("0..1", 2, -1)(np.full((1, 1, 1), 255.0)) == 1
    with pytest.raises(ValueError, match="needs 3 channels"):
        Scaling("imagenet-caffe")(np.zeros((1, 1, 1)))


def test_the_input_of_a_sequential_model_is_called_as_in_its_file():
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "linear", "batch_input_shape": [None, 3]}}
    start = {"class_name": "InputLayer", "config": {"name": "input_7", "batch_input_shape": [None, 3], "dtype": "float32"}}
    for layers, name in (([start, dense], "input_7"), ([dense], "d_input")):
        config = {"class_name": "Sequential", "config": {"name": "s", "layers": layers}, "keras_version": "2.15.0", "backend": "tensorflow"}
        for _ in range(2):
            model = model_from_json(json.dumps(config))
            (found,) = inputs_of(model)
            assert found.name == name and found.own.startswith("dense_input_")
            # an ONNX file calls it so, too
            assert name.encode() in converted(model)[0].inputs[0]


def test_percent_is_for_probabilities():
    for values, apart, wanted in (([0.25, 0.75], False, True), ([0.9, 0.8], False, False), ([0.9, 0.8], True, True), ([0.78, -0.55], True, False),
                                  ([2.0, -1.0], False, False), ([0.3], False, True), ([1.3], True, False), ([np.nan, 1], False, False)):  # fmt: skip
        assert probabilities(np.array(values, "float32"), apart) is wanted, values


def test_labels(tmp_path):
    assert read_labels(written(tmp_path / "labels.txt", "0 Class 1\n1 Cat\n")) == ["Class 1", "Cat"]
    assert read_labels(written(tmp_path / "other.txt", "3 blind mice\ncat\n")) == ["3 blind mice", "cat"]
    assert beside(str(tmp_path / "model.h5")) == tmp_path / "labels.txt"
    assert fitting(["a", "b"], [Tensor("y", (2,), "float32")]) and fitting(["a", "b"], [Tensor("y", (1,), "float32")])
    assert not fitting(["a", "b", "c"], [Tensor("y", (2,), "float32")])
    with pytest.raises(UsageError, match="no labels"):
        read_labels(written(tmp_path / "empty.txt", "\n"))


def test_the_likeliest_classes():
    assert top(np.array([0.2, 0.5, 0.3]), ["a", "b", "c"], 2) == [("b", 0.5), ("c", 0.3)]
    assert top(np.array([0.75]), ["no", "yes"], 1) == [("yes", 0.75)]
    assert [label for label, _ in top(np.array([0.5, 0.5]), None, 2)] == ["0", "1"]
