"""Image files, random changes of images, and batches of them."""

import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from processes import output

from kbridge import backend as K
from kbridge.preprocessing import image

Image = pytest.importorskip("PIL.Image", reason="pillow is not installed (extra 'images')")
pytest.importorskip("scipy", reason="scipy is not installed (extra 'images')")

RNG = np.random.RandomState(0)
BATCH = RNG.uniform(0, 255, (12, 8, 6, 3)).astype("float32")


@pytest.fixture
def folder(tmp_path):
    """Two classes of three images each, one of them in a folder of its own."""
    for number, name in enumerate(["cats/a.png", "cats/deep/b.bmp", "cats/c.JPG", "dogs/d.png", "dogs/e.jpeg", "dogs/f.png"]):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (10, 5), (number * 40, 0, 0)).save(path)
    (tmp_path / "dogs" / "notes.txt").write_text("no image")
    (tmp_path / "readme.png").write_text("in no class")
    return tmp_path


# ---------------------------------------------------------------------- files and arrays


@pytest.mark.parametrize("dim_ordering", ["tf", "th"])
@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_become_images_and_come_back(dim_ordering, channels):
    x = RNG.randint(0, 256, (4, 5, channels)).astype("float32")
    x = x.transpose(2, 0, 1) if dim_ordering == "th" else x
    picture = image.array_to_img(x, dim_ordering, scale=False)
    assert picture.size == (5, 4) and picture.mode == {1: "L", 3: "RGB"}[channels]
    np.testing.assert_array_equal(image.img_to_array(picture, dim_ordering), x)


def test_scaling_stretches_to_255():
    x = np.array([[-1.0, 0.0], [1.0, 3.0]])[:, :, None]
    assert np.array(image.array_to_img(x, "tf")).tolist() == [[0, 64], [128, 255]]
    assert np.array(image.array_to_img(np.zeros((2, 2, 1)), "tf")).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("largest", range(1, 256))
def test_the_largest_value_becomes_255_and_values_are_rounded(largest):
    x = np.array([[0, largest]], dtype="float32")[:, :, None]
    assert np.array(image.array_to_img(x, "tf")).tolist() == [[0, 255]]
    # to [0, 1] and back in single precision
    back = x / np.float32(255) * np.float32(255)
    assert np.array(image.array_to_img(back, "tf", scale=False)).tolist() == [[0, largest]]
    assert np.array(image.array_to_img(x - 0.4, "tf", scale=False)).tolist() == [[0, largest]]


@pytest.mark.parametrize("name", ["i.png", "i.tif", "i.pgm"])
def test_images_of_16_bits_keep_their_upper_8(name, tmp_path):
    values = np.array([[0, 255, 256], [0x1234, 0x80FF, 0xFFFF]], dtype="uint16")
    Image.fromarray(values).save(tmp_path / name)
    upper = [[0, 0, 1], [0x12, 0x80, 0xFF]]
    grey = image.load_img(tmp_path / name, grayscale=True)
    assert np.array(grey).tolist() == upper
    np.testing.assert_array_equal(image.img_to_array(image.load_img(tmp_path / name), "tf"), np.stack([upper] * 3, axis=-1))
    assert image.load_img(tmp_path / name, target_size=(4, 6)).size == (6, 4)


def test_images_of_32_bits_are_taken_where_their_values_are_those_of_8(tmp_path):
    for dtype in ("float32", "int32"):
        values = np.array([[0, 128], [1, 255]], dtype=dtype)
        Image.fromarray(values).save(tmp_path / "i.tif")
        assert np.array(image.load_img(tmp_path / "i.tif", grayscale=True)).tolist() == values.tolist()
        Image.fromarray(values + 1).save(tmp_path / "i.tif")
        with pytest.raises(OSError, match=r"Can't read .*i\.tif'.*from 1.* to 256.*between 0 and 255"):
            image.load_img(tmp_path / "i.tif")


def test_what_is_no_image_is_refused():
    for x in (np.zeros((2, 2)), np.zeros((2, 2, 5)), np.zeros((1, 2, 2, 3))):
        with pytest.raises(ValueError, match="got shape"):
            image.array_to_img(x, "tf")
    with pytest.raises(ValueError, match="2 or 3 axes"):
        image.img_to_array(np.zeros((1, 2, 2, 3)))
    with pytest.raises(ValueError, match="'channels_last'"):
        image.img_to_array(np.zeros((2, 2)), "channels_last")


def test_files_are_read_in_colour_or_grey_and_resized(tmp_path):
    Image.fromarray(np.arange(12, dtype="uint8").reshape(3, 4)).save(tmp_path / "x.png")
    path = tmp_path / "x.png"
    assert image.load_img(path).mode == "RGB" and image.load_img(str(path), grayscale=True).mode == "L"
    resized = image.img_to_array(image.load_img(path, grayscale=True, target_size=(6, 8)), "tf")[:, :, 0]
    np.testing.assert_array_equal(resized, np.arange(12).reshape(3, 4).repeat(2, 0).repeat(2, 1))


def test_a_file_that_is_no_image_is_named(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n not really")
    with pytest.raises(OSError, match="Can't read .*broken.png.* as an image"):
        image.load_img(path)
    with pytest.raises(FileNotFoundError):
        image.load_img(tmp_path / "missing.png")


def test_pictures_are_listed_below_a_folder(folder):
    names = [Path(path).relative_to(folder).as_posix() for path in image.list_pictures(folder / "cats")]
    assert names == ["cats/a.png", "cats/c.JPG", "cats/deep/b.bmp"]
    assert len(image.list_pictures(folder, ext="png")) == 4


def test_without_pillow_and_scipy_the_error_names_the_extra(tmp_path):
    code = """
import sys, warnings
sys.modules["PIL"] = sys.modules["PIL.Image"] = sys.modules["scipy"] = sys.modules["scipy.ndimage"] = None
import numpy as np
from kbridge.preprocessing import image
flips = image.ImageDataGenerator(horizontal_flip=True, rescale=0.5).flow(np.ones((2, 4, 4, 1)), batch_size=2)
print(next(flips).mean())
for what in (lambda: image.load_img("x.png"), lambda: image.random_rotation(np.ones((1, 4, 4)), 5)):
    try:
        what()
    except ImportError as error:
        print(error)
"""
    lines = output(code, tmp_path).splitlines()
    assert lines[0] == "0.5"
    assert all("pip install '.[images]'" in line for line in lines[1:]) and len(lines) == 3


# ---------------------------------------------------------------------- random changes


def test_a_rotation_by_90_degrees_moves_every_pixel(monkeypatch):
    monkeypatch.setattr(np.random, "uniform", lambda low, high, size=None: high)
    x = np.zeros((1, 5, 5))
    x[0, 3, 4] = 1
    turned = image.random_rotation(x, 90)
    # round (3, 3), where Keras 1 puts the centre of 5 x 5: row 3, column 3 + 1 goes to row 3 - 1, column 3
    where = image.transform_matrix_offset_center(np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), 5, 5)
    source = where @ [2, 3, 1]
    assert turned[0, 2, 3] == x[0, int(source[0]), int(source[1])]
    assert turned.sum() == 1


def test_shifts_move_by_parts_of_the_size_and_fill(monkeypatch):
    monkeypatch.setattr(np.random, "uniform", lambda low, high, size=None: high)
    x = np.arange(16.0).reshape(1, 4, 4)
    shifted = image.random_shift(x, 0.25, 0.5, fill_mode="constant", cval=-1)
    assert shifted[0, :2, :3].tolist() == x[0, 2:, 1:].tolist()
    assert np.all(shifted[0, 2:] == -1) and np.all(shifted[0, :, 3] == -1)


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect", "wrap"])
@pytest.mark.parametrize("channel_axis", [0, 2])
def test_each_change_keeps_shape_and_range(fill_mode, channel_axis):
    np.random.seed(1)
    x = BATCH[0] if channel_axis == 2 else BATCH[0].transpose(2, 0, 1)
    axes = {"row_axis": 0, "col_axis": 1, "channel_axis": 2} if channel_axis == 2 else {}
    changed = [
        image.random_rotation(x, 45, fill_mode=fill_mode, **axes),
        image.random_shift(x, 0.3, 0.3, fill_mode=fill_mode, **axes),
        image.random_shear(x, 0.5, fill_mode=fill_mode, **axes),
        image.random_zoom(x, (0.5, 2), fill_mode=fill_mode, **axes),
        image.random_channel_shift(x, 20, channel_axis=channel_axis),
    ]
    for y in changed:
        assert y.shape == x.shape and y.dtype == x.dtype
        assert not np.array_equal(y, x)
        assert 0 <= y.min() and y.max() <= x.max()


def test_zoom_wants_two_factors():
    with pytest.raises(ValueError, match="0.5"):
        image.random_zoom(BATCH[0], (0.5,))
    with pytest.raises(ValueError, match="zoom_range"):
        image.ImageDataGenerator(zoom_range=(1, 2, 3))


def test_flips_and_half_floats():
    x = BATCH[0].astype("float16")
    np.testing.assert_array_equal(image.flip_axis(x, 1), x[:, ::-1])
    np.testing.assert_array_equal(image.apply_transform(x, np.eye(3), channel_axis=2), x)


# ---------------------------------------------------------------------- ImageDataGenerator


@pytest.mark.parametrize("dim_ordering", ["tf", "th"])
def test_all_options_together(dim_ordering):
    x = BATCH if dim_ordering == "tf" else BATCH.transpose(0, 3, 1, 2)
    generator = image.ImageDataGenerator(
        True,
        True,
        True,
        True,
        True,
        90.0,
        0.1,
        0.1,
        0.5,
        0.2,
        10.0,
        "reflect",
        1.0,
        True,
        True,
        0.1,
        lambda x: x + 1,
        dim_ordering,
    )
    generator.fit(x, augment=True, rounds=2, seed=1)
    batches = generator.flow(x, np.arange(12), batch_size=5, shuffle=True, seed=2)
    sizes, labels = zip(*[(b.shape[0], y) for b, y in (next(batches) for _ in range(3))])
    assert sizes == (5, 5, 2)
    assert sorted(np.concatenate(labels)) == list(range(12))
    assert next(batches)[0].dtype == K.floatx()


def test_statistics_of_the_data_set_are_removed():
    generator = image.ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True)
    generator.fit(BATCH)
    x = next(generator.flow(BATCH, batch_size=12, shuffle=False))
    np.testing.assert_allclose(x.mean(axis=(0, 1, 2)), 0, atol=1e-4)
    np.testing.assert_allclose(x.std(axis=(0, 1, 2)), 1, rtol=1e-4)


def test_statistics_of_each_image_are_removed():
    generator = image.ImageDataGenerator(samplewise_center=True, samplewise_std_normalization=True)
    x = next(generator.flow(BATCH[..., :1], batch_size=12))
    np.testing.assert_allclose(x.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=(1, 2, 3)), 1, rtol=1e-4)


def test_zca_whitens():
    x = np.random.RandomState(1).normal(size=(500, 2, 2, 1)).astype("float32")
    x[:, 0, 0] += 2 * x[:, 1, 1]
    generator = image.ImageDataGenerator(featurewise_center=True, zca_whitening=True)
    generator.fit(x)
    flat = next(generator.flow(x, batch_size=500)).reshape(500, -1)
    np.testing.assert_allclose(flat.T @ flat / 500, np.eye(4), atol=1e-3)


def test_options_that_need_fit_warn_without_it():
    generator = image.ImageDataGenerator(featurewise_center=True)
    with pytest.warns(UserWarning, match="featurewise_center but isn't fitted"):
        assert np.array_equal(generator.standardize(BATCH[0]), BATCH[0])


def test_standardize_works_in_place_and_batches_leave_the_data_alone():
    x = BATCH[0].copy()
    generator = image.ImageDataGenerator(rescale=2)
    assert generator.standardize(x) is x
    np.testing.assert_array_equal(x, 2 * BATCH[0])
    before = BATCH.copy()
    next(generator.flow(BATCH))
    np.testing.assert_array_equal(BATCH, before)
    assert image.ImageDataGenerator(rescale=0.5).standardize(np.ones((1, 1, 1), dtype="uint8")).max() == 0.5


@pytest.mark.parametrize("shape", [(3, 10, 10), (32, 10, 10, 5), (32, 3, 10, 10)])
def test_images_of_a_wrong_shape_are_refused(shape):
    generator = image.ImageDataGenerator(dim_ordering="tf")
    for use in (generator.fit, generator.flow):
        with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
            use(np.zeros(shape))


def test_bad_settings_are_named():
    with pytest.raises(ValueError, match="'mirror'"):
        image.ImageDataGenerator(fill_mode="mirror")
    with pytest.raises(ValueError, match="'channels_last'"):
        image.ImageDataGenerator(dim_ordering="channels_last")
    with pytest.raises(ValueError, match="same number of samples"):
        image.ImageDataGenerator().flow(BATCH, np.zeros(3))
    with pytest.raises(ValueError, match="batch_size"):
        image.ImageDataGenerator().flow(BATCH, batch_size=0)


# ---------------------------------------------------------------------- batches


def test_images_and_masks_of_one_seed_are_changed_alike():
    options = {"rotation_range": 30, "horizontal_flip": True, "zoom_range": 0.3}
    pairs = zip(
        image.ImageDataGenerator(**options).flow(BATCH, seed=7, batch_size=5),
        image.ImageDataGenerator(rescale=2, **options).flow(BATCH, seed=7, batch_size=5),
    )
    for _, (x, mask) in zip(range(4), pairs):
        np.testing.assert_array_equal(2 * x, mask)


def test_many_threads_get_each_batch_once_and_as_one_thread_would():
    def batches():
        return image.ImageDataGenerator(rotation_range=20).flow(BATCH, np.arange(12), batch_size=2, seed=3)

    one = batches()
    expected = {tuple(y): x for x, y in (next(one) for _ in range(60))}
    shared, found, lock = batches(), [], threading.Lock()

    def work():
        for _ in range(10):
            x, y = next(shared)
            with lock:
                found.append((tuple(y), x))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 60
    assert np.bincount([i for y, _ in found for i in y]).tolist() == [10] * 12
    # a pair of samples may come more than once, changed differently each time; unique pairs can be compared
    single = {y for y in expected if sum(other == y for other, _ in found) == 1}
    assert single
    for y, x in found:
        if y in single:
            np.testing.assert_array_equal(x, expected[y])


def test_a_program_s_own_iterator():
    class Pairs(image.Iterator):
        def next(self):
            with self.lock:
                index_array, current_index, current_batch_size = next(self.index_generator)
            return index_array.tolist(), current_index, current_batch_size

    pairs = Pairs(5, 2, False, None)
    assert [next(pairs) for _ in range(4)] == [([0, 1], 0, 2), ([2, 3], 2, 2), ([4], 4, 1), ([0, 1], 0, 2)]
    pairs.reset()
    assert next(pairs)[0] == [0, 1]


def test_folders_are_classes(folder, capsys):
    found = image.ImageDataGenerator().flow_from_directory(folder, target_size=(4, 8), batch_size=4, shuffle=False)
    assert capsys.readouterr().out == "Found 6 images belonging to 2 classes.\n"
    assert found.class_indices == {"cats": 0, "dogs": 1}
    names = [Path(name).as_posix() for name in found.filenames]
    assert names == ["cats/a.png", "cats/c.JPG", "cats/deep/b.bmp", "dogs/d.png", "dogs/e.jpeg", "dogs/f.png"]
    assert found.classes.tolist() == [0, 0, 0, 1, 1, 1] and found.nb_sample == 6 and found.nb_class == 2
    x, y = next(found)
    assert x.shape == (4, 4, 8, 3) and y.tolist() == [[1, 0], [1, 0], [1, 0], [0, 1]]
    assert x[3].max() == 120 and next(found)[0].shape[0] == 2


@pytest.mark.parametrize("mode, labels", [("categorical", [[0, 1], [1, 0]]), ("sparse", [0, 1]), ("binary", [0.0, 1.0]), (None, None)])
def test_each_class_mode_and_the_order_of_classes(folder, mode, labels):
    found = image.ImageDataGenerator().flow_from_directory(
        folder,
        classes=["dogs", "cats"],
        class_mode=mode,
        color_mode="grayscale",
        target_size=(2, 2),
        batch_size=6,
        shuffle=False,
    )
    batch = next(found)
    x = batch if mode is None else batch[0]
    assert x.shape == (6, 2, 2, 1)
    if mode == "categorical":
        assert batch[1][[0, 5]].tolist() == [[1, 0], [0, 1]]
    elif mode:
        assert batch[1][[0, 5]].tolist() == labels


def test_bad_folders_and_modes_are_named(folder):
    flow = image.ImageDataGenerator().flow_from_directory
    with pytest.raises(FileNotFoundError, match="nowhere"):
        flow(folder / "nowhere")
    with pytest.raises(ValueError, match="'rgba'"):
        flow(folder, color_mode="rgba")
    with pytest.raises(ValueError, match="'multi'"):
        flow(folder, class_mode="multi")
    empty = flow(folder / "cats" / "deep")
    with pytest.raises(ValueError, match="no images"):
        next(empty)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
def test_links_are_followed_when_asked_and_loops_end(folder):
    (folder / "dogs" / "loop").symlink_to(folder / "dogs", target_is_directory=True)
    (folder / "dogs" / "more").symlink_to(folder / "cats", target_is_directory=True)
    flow = image.ImageDataGenerator().flow_from_directory
    assert flow(folder).nb_sample == 6
    assert flow(folder, follow_links=True).nb_sample == 9


@pytest.mark.parametrize("save_format", ["png", "jpeg"])
def test_batches_are_saved(folder, tmp_path, save_format):
    target = tmp_path / "new" / "out"
    found = image.ImageDataGenerator().flow_from_directory(
        folder, batch_size=3, save_to_dir=target, save_prefix="pre", save_format=save_format, target_size=(4, 4)
    )
    next(found)
    names = sorted(path.name for path in target.iterdir())
    assert len(names) == 3 and all(name.startswith("pre_") and name.endswith(f".{save_format}") for name in names)
    assert image.load_img(target / names[0]).size == (4, 4)
    next(image.ImageDataGenerator().flow(BATCH, batch_size=2, save_to_dir=str(target)))
    assert len(list(target.iterdir())) == 5


def test_a_model_trains_on_batches():
    from kbridge.layers import Dense, Flatten
    from kbridge.models import Sequential

    model = Sequential([Flatten(input_shape=(8, 6, 3)), Dense(2, activation="softmax")])
    model.compile("sgd", "categorical_crossentropy")
    labels = np.eye(2)[np.arange(12) % 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model.fit_generator(
            image.ImageDataGenerator(rescale=1 / 255, rotation_range=10).flow(BATCH, labels, batch_size=4),
            samples_per_epoch=12, nb_epoch=2, verbose=0, nb_worker=2,
        )  # fmt: skip
    assert len(history.history["loss"]) == 2
