"""Preprocessing layers that have learned by ``adapt`` in real Keras (tests/adapted_files.py): factors of words and boundaries lie among the weights."""

import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from kbridge.models import load_model

DATA = Path(__file__).parents[1] / "data" / "adapted"


@pytest.mark.filterwarnings("ignore:.*no training configuration")
def test_what_was_learned_is_read(tmp_path):
    files = sorted(path for path in DATA.iterdir() if path.suffix != ".npz")
    assert len(files) == 8
    for path in files:
        library = "tf_keras" if path.stem.startswith("tf_keras") else "keras"
        name = path.stem.removeprefix(f"{library}_")
        with np.load(DATA / f"{library}.npz") as arrays:
            x, predicted = arrays[f"{name}/x"], arrays[f"{name}/p"]
        model = load_model(path)
        np.testing.assert_allclose(model.predict(x), predicted, rtol=1e-5, atol=1e-6, err_msg=path.name)
        if path.stem in ("tf_keras_disc", "keras_tv_idf"):
            model.save(tmp_path / "ours.h5")
            np.testing.assert_allclose(load_model(tmp_path / "ours.h5").predict(x), predicted, rtol=1e-5, atol=1e-6, err_msg=path.name)


@pytest.mark.once
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("negative", "is no summary of numbers"),
        ("nan", "is no summary of numbers"),
        ("empty", "has no boundaries"),
        ("rows", "has no boundaries"),
    ],
)
def test_a_summary_that_makes_no_sense_is_named(change, message, tmp_path):
    target = tmp_path / "m.h5"
    target.write_bytes((DATA / "tf_keras_disc.h5").read_bytes())
    with h5py.File(target, "r+") as h5:
        group = h5["model_weights/discretization"]
        summary = group["summary:0"][()]
        del group["summary:0"]
        made = {"negative": -summary, "nan": summary * np.nan, "empty": summary[:, :0], "rows": summary[:1]}[change]
        group.create_dataset("summary:0", data=made)
    with pytest.raises(ValueError, match=message):
        load_model(target)


@pytest.mark.once
def test_a_number_of_intervals_beyond_reason_is_refused(tmp_path):
    target = tmp_path / "m.h5"
    target.write_bytes((DATA / "tf_keras_disc.h5").read_bytes())
    for bins in ("1000000000", "1", '"x"', "2.5"):
        with h5py.File(target, "r+") as h5:
            text = h5.attrs["model_config"]
            h5.attrs["model_config"] = (text if isinstance(text, str) else text.decode()).replace('"num_bins": 4', f'"num_bins": {bins}')
        with pytest.raises(ValueError, match="num_bins"):
            load_model(target)
        target.write_bytes((DATA / "tf_keras_disc.h5").read_bytes())


@pytest.mark.once
def test_vocabularies_that_unpack_to_millions_of_tokens_are_refused_before_they_are_split(tmp_path):
    with zipfile.ZipFile(DATA / "keras_tv_idf.keras") as real, zipfile.ZipFile(tmp_path / "m.keras", "w", zipfile.ZIP_DEFLATED) as target:
        for name in real.namelist():
            target.writestr(name, b"\n" * 6_000_000 if name.endswith("vocabulary.txt") else real.read(name))
    assert (tmp_path / "m.keras").stat().st_size < 100_000
    with pytest.raises(ValueError, match=r"vocabulary\.txt: the vocabularies hold more than 5000000 tokens"):
        load_model(tmp_path / "m.keras")
    with zipfile.ZipFile(DATA / "keras_il.keras") as real, zipfile.ZipFile(tmp_path / "n.keras", "w", zipfile.ZIP_DEFLATED) as target:
        for name in real.namelist():
            target.writestr(name, b"9" * 100_000 if name.endswith("vocabulary.txt") else real.read(name))
    with pytest.raises(ValueError, match=r"vocabulary\.txt: kbridge can't read its tokens"):
        load_model(tmp_path / "n.keras")


def test_inspect_shows_what_layers_have_learned():
    from kbridge.inspection import inspect_file

    for path in sorted(DATA.glob("*.keras")):
        assert inspect_file(path)["loads"], path
