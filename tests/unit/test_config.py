"""Start-up settings: what keras.json and the environment may say, and what is said about the rest."""

import json
import os
import sys
import warnings

import pytest

from kbridge import config
from kbridge.config import ConfigError


def read(tmp_path, content=None, **environment):
    """The settings from a keras.json with ``content`` (text, or an object to write as JSON)."""
    path = tmp_path / "keras.json"
    if content is not None:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return config.read(path, environment)


def values(settings):
    return {key: settings.value(key) for key in config.DEFAULTS}


def test_without_a_file_the_defaults_hold(tmp_path):
    settings = read(tmp_path)
    assert values(settings) == {"backend": "numpy", "floatx": "float32", "epsilon": 1e-7, "image_dim_ordering": "tf"}
    assert {settings.origin(key) for key in config.DEFAULTS} == {"default"}


def test_each_value_of_the_file_is_used_and_its_origin_is_the_path(tmp_path):
    content = {"backend": "theano", "floatx": "float64", "epsilon": 1e-5, "image_dim_ordering": "th"}
    settings = read(tmp_path, content)
    assert values(settings) == content
    assert {settings.origin(key) for key in content} == {str(tmp_path / "keras.json")}


def test_keys_that_are_missing_have_their_defaults(tmp_path):
    settings = read(tmp_path, {"floatx": "float16"})
    assert (settings.value("backend"), settings.origin("backend")) == ("numpy", "default")
    assert settings.value("floatx") == "float16"


def test_keys_of_other_keras_versions_are_left_alone(tmp_path):
    assert values(read(tmp_path, {"nnx_enabled": False, "dtype_policy": {"a": 1}})) == values(read(tmp_path / "none"))


@pytest.mark.parametrize("name, ordering", [("channels_first", "th"), ("channels_last", "tf")])
def test_image_data_format_is_understood(tmp_path, name, ordering):
    assert read(tmp_path, {"image_data_format": name}).value("image_dim_ordering") == ordering


def test_the_keras_1_name_of_the_ordering_wins(tmp_path):
    content = {"image_data_format": "channels_first", "image_dim_ordering": "tf"}
    assert read(tmp_path, content).value("image_dim_ordering") == "tf"


def test_precedence_of_the_backend(tmp_path):
    content = {"backend": "theano"}
    assert read(tmp_path, content).value("backend") == "theano"
    settings = read(tmp_path, content, KERAS_BACKEND="tensorflow")
    assert (settings.value("backend"), settings.origin("backend")) == ("tensorflow", "KERAS_BACKEND")
    settings = read(tmp_path, content, KERAS_BACKEND="tensorflow", KBRIDGE_BACKEND="numpy")
    assert (settings.value("backend"), settings.origin("backend")) == ("numpy", "KBRIDGE_BACKEND")


def test_an_empty_variable_is_no_choice(tmp_path):
    assert read(tmp_path, {"backend": "theano"}, KBRIDGE_BACKEND="").origin("backend").endswith("keras.json")


@pytest.mark.parametrize("where", ["file", "KERAS_BACKEND"])
@pytest.mark.parametrize("name", ["jax", "torch"])
def test_another_keras_backend_means_one_warning_and_numpy(tmp_path, where, name):
    content, environment = ({"backend": name}, {}) if where == "file" else (None, {where: name})
    with pytest.warns(UserWarning, match=f"backend '{name}' of another Keras") as caught:
        settings = read(tmp_path, content, **environment)
    assert len(caught) == 1
    assert settings.value("backend") == "numpy"


def test_a_variable_for_kbridge_alone_cant_name_another_keras_backend(tmp_path):
    with pytest.raises(ConfigError, match="KBRIDGE_BACKEND: backend is 'jax'.*'numpy', 'tensorflow', 'theano'"):
        read(tmp_path, KBRIDGE_BACKEND="jax")


@pytest.mark.parametrize("content", [{"backend": "jax"}, {"backend": "tensorflwo"}, {"backend": 3}])
def test_a_variable_is_the_way_round_a_backend_of_the_file(tmp_path, content):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(tmp_path, content, KBRIDGE_BACKEND="numpy").value("backend") == "numpy"


BAD = [
    ({"backend": "tensorflwo"}, "backend is 'tensorflwo', but must be one of 'numpy', 'tensorflow', 'theano'"),
    ({"backend": None}, "backend is None, but must be one of 'numpy'"),
    ({"backend": ["numpy"]}, "backend is ['numpy'], but must be"),
    ({"floatx": "float8"}, "floatx is 'float8', but must be one of 'float16', 'float32', 'float64'"),
    ({"floatx": 32}, "floatx is 32, but must be one of"),
    ({"image_dim_ordering": "channels_first"}, "image_dim_ordering is 'channels_first', but must be one of 'th', 'tf'"),
    ({"image_data_format": "th"}, "image_data_format is 'th', but must be one of 'channels_first', 'channels_last'"),
    ({"image_data_format": []}, "image_data_format is [], but must be one of"),
    ({"epsilon": 0}, "epsilon is 0, but must be a finite number above 0"),
    ({"epsilon": -1e-7}, "epsilon is -1e-07, but"),
    ({"epsilon": "1e-7"}, "epsilon is '1e-7', but"),
    ({"epsilon": True}, "epsilon is True, but"),
    ('{"epsilon": NaN}', "epsilon is nan, but"),
    ('{"epsilon": Infinity}', "epsilon is inf, but"),
    ('{"epsilon": 1' + 400 * "0" + "}", "must be a finite number"),
]


@pytest.mark.parametrize("content, message", BAD, ids=[message[:30] for _, message in BAD])
def test_a_bad_value_is_an_error_that_names_file_key_and_allowed_values(tmp_path, content, message):
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, content)
    assert str(tmp_path / "keras.json") in str(caught.value)
    assert message in str(caught.value)
    assert "Correct it or remove it" in str(caught.value)


BROKEN = {
    "empty": b"",
    "cut off": b'{"backend": "numpy"',
    "not JSON": b"backend = numpy",
    "a list": b'["numpy"]',
    "too deep": b"[" * 100_000,
    "not UTF-8": b'{"backend": "\xff"}',
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_an_error_that_names_it_and_the_way_out(tmp_path, content):
    path = tmp_path / "keras.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        config.read(path, {})
    assert str(path) in str(caught.value)
    assert "epair" in str(caught.value)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    (tmp_path / "keras.json").write_text('{"floatx": "float64"}', encoding="utf-8-sig")
    assert read(tmp_path).value("floatx") == "float64"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports it as a lack of permission")
def test_a_folder_in_place_of_the_file_is_an_error(tmp_path):
    (tmp_path / "keras.json").mkdir()
    with pytest.raises(ConfigError, match="Can't read"):
        read(tmp_path)


def refuse(monkeypatch, seen):
    """Reading fails for lack of permission; the file can be ``seen``, or its folder can't even be searched."""

    def refused(path, **_):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(config, "open", refused, raising=False)
    monkeypatch.setattr(os.path, "exists", lambda path: seen)


def test_a_home_that_may_not_be_read_means_defaults(tmp_path, monkeypatch):
    refuse(monkeypatch, seen=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(tmp_path).origin("backend") == "default"


def test_a_file_that_may_not_be_read_means_defaults_and_a_warning(tmp_path, monkeypatch):
    refuse(monkeypatch, seen=True)
    with pytest.warns(UserWarning, match="Can't read .*Permission denied., so the default settings hold"):
        assert read(tmp_path).origin("backend") == "default"


def test_a_file_in_place_of_the_folder_means_defaults(tmp_path):
    (tmp_path / "keras").write_text("")
    assert config.read(tmp_path / "keras" / "keras.json", {}).origin("backend") == "default"


def test_the_path_follows_keras_home_then_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "a"))
    assert config.config_path() == tmp_path / "a" / "keras.json"
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert config.config_path() == tmp_path / ".keras" / "keras.json"


def test_a_backend_of_another_package_is_an_allowed_name(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "_extensions", lambda: ["mine"])
    assert read(tmp_path, {"backend": "mine"}).value("backend") == "mine"
    with pytest.raises(ConfigError, match="'numpy', 'tensorflow', 'theano', 'mine'"):
        read(tmp_path, {"backend": "yours"})


def test_a_backend_that_is_not_installed_is_an_error_with_who_asked_and_the_way_out(monkeypatch, tmp_path):
    from kbridge.backends import registry

    (tmp_path / "keras.json").write_text('{"backend": "tensorflow"}')
    monkeypatch.setattr(registry, "startup", lambda: config.read(tmp_path / "keras.json", {}))
    monkeypatch.setitem(registry.BUILT_IN, "tensorflow", ("kbridge.not_there", "Backend", "tensorflow"))
    with pytest.raises(registry.BackendUnavailable) as caught:
        registry._backend_class("tensorflow")
    assert "keras.json asks for it." in str(caught.value) and str(tmp_path) in str(caught.value)
    assert str(caught.value).endswith("KBRIDGE_BACKEND=numpy or: kbridge config --backend numpy.")
