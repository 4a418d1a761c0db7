"""Loading the backend leaves no keras.json in a home that has none: it would choose the backend of the next start."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CODE = "from kbridge.backends import registry; registry.load('tensorflow')"


def test_an_empty_home_stays_empty(tmp_path):
    env = {k: v for k, v in os.environ.items() if k not in ("KERAS_HOME", "KBRIDGE_BACKEND", "KERAS_BACKEND")}
    env |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env=env, check=True)
    assert not list(tmp_path.rglob("keras.json"))


def test_a_keras_json_that_is_there_stays_as_it_is(tmp_path):
    file = tmp_path / "keras.json"
    file.write_text('{"backend": "numpy", "mine": 1}')
    subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, env={**os.environ, "KERAS_HOME": str(tmp_path)}, check=True)
    assert file.read_text() == '{"backend": "numpy", "mine": 1}'
