"""Attributes and arrays are encoded exactly as in files of a Keras 1.2.2."""

import h5py
import numpy as np
import pytest

from kbridge.saving.hdf5_layout import MAX_ATTRIBUTE, write_array, write_names, write_text, writing
from kbridge.saving.reading import open_file


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "file.h5")


def attribute(h5, name):
    return h5py.h5a.open(h5.id, name.encode())


def test_text_is_a_scalar_variable_length_ascii_string(path):
    with writing(path) as h5:
        write_text(h5, "t", '{"a": 1}')
    with h5py.File(path) as h5:
        stored = attribute(h5, "t")
        assert stored.get_type().is_variable_str()
        assert stored.get_type().get_cset() == h5py.h5t.CSET_ASCII
        assert stored.shape == ()
        assert h5.attrs["t"] == '{"a": 1}'


def test_names_are_fixed_length_null_padded_bytes(path):
    with writing(path) as h5:
        write_names(h5, "n", ["a_W:0", "long_name_b:0"])
    with h5py.File(path) as h5:
        kind = attribute(h5, "n").get_type()
        assert not kind.is_variable_str()
        assert kind.get_size() == len("long_name_b:0")
        assert kind.get_strpad() == h5py.h5t.STR_NULLPAD
        assert h5.attrs["n"].tolist() == [b"a_W:0", b"long_name_b:0"]


def test_empty_names_are_a_float64_array_of_length_zero(path):
    with writing(path) as h5:
        write_names(h5, "n", [])
    with h5py.File(path) as h5:
        assert h5.attrs["n"].dtype == np.float64
        assert h5.attrs["n"].shape == (0,)
    with open_file(path) as root:
        assert root.names("n") == []


def test_names_over_64_kb_are_split_and_joined(path):
    names = [f"a_rather_long_layer_name_{k:05d}" for k in range(5000)]
    with writing(path) as h5:
        write_names(h5, "n", names)
    with h5py.File(path) as h5:
        assert "n" not in h5.attrs
        assert all(value.nbytes <= MAX_ATTRIBUTE for value in h5.attrs.values())
    with open_file(path) as root:
        assert root.names("n") == names


def test_config_over_64_kb_stays_one_attribute(path):
    with writing(path) as h5:
        write_text(h5, "model_config", "x" * 300_000)
    with open_file(path) as root:
        assert root.text("model_config") == "x" * 300_000


def test_arrays_are_contiguous_and_scalars_have_no_axes(path):
    with writing(path) as h5:
        write_array(h5, "scope/w:0", np.ones((2, 3), "float32"))
        write_array(h5, "s:0", np.float32(2))
    with h5py.File(path) as h5:
        assert h5["scope/w:0"].id.get_create_plist().get_layout() == h5py.h5d.CONTIGUOUS
        assert h5["scope/w:0"].dtype == np.float32
        assert h5["s:0"].shape == ()


def test_failure_while_writing_leaves_the_old_file(path, tmp_path):
    with writing(path) as h5:
        write_text(h5, "t", "old")
    with pytest.raises(ZeroDivisionError), writing(path) as h5:
        write_text(h5, "t", "new")
        raise ZeroDivisionError
    with open_file(path) as root:
        assert root.text("t") == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file.h5"]
