"""Every example runs to its end as a program of its own; each checks what it reached and fails below it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kbridge import backend as K

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: modules that the examples share
SHARED = {"data", "pictures"}
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem not in SHARED)
PICTURES = {
    "augmentation": ["augmentation.png"],
    "digits_cnn": ["digits_cnn.png"],
    "gan": ["gan.png"],
    "saliency": ["dreams.png", "saliency.png"],
    "vae": ["vae.png"],
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_an_example_reaches_what_it_promises(script, tmp_path):
    source = EXAMPLES / f"{script}.py"
    if "sklearn" in source.read_text():
        pytest.importorskip("sklearn")
    env = {**os.environ, "PYTHONPATH": str(EXAMPLES.parent), "KBRIDGE_BACKEND": K.backend()}
    run = subprocess.run([sys.executable, source], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "expected" in run.stdout or "should be" in run.stdout
    written = sorted(path.name for path in tmp_path.glob("*.png"))
    assert written == PICTURES.get(script, [])
    for name in written:
        assert (tmp_path / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_each_example_is_in_the_index():
    index = (EXAMPLES / "README.md").read_text()
    assert [script for script in SCRIPTS if f"[{script}.py]({script}.py)" not in index] == []
