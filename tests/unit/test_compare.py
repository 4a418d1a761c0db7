"""``kbridge compare`` names the layer where engines part, and only that one."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from processes import ROOT, kbridge, output

import kbridge as kb
from kbridge.comparison.report import difference

CASES = ROOT / "tests" / "data" / "oracle" / "cases"
MODELS = {
    "gradient": "Dense(5, input_dim=4, name='a'), Activation('relu', name='b'), Activation('tanh', name='wrong'), Dense(2, name='c')",
    "padding": "Convolution2D(4, 3, 3, border_mode='same', input_shape=(8, 8, 2), name='a'), "
    "Convolution2D(3, 3, 3, border_mode='same', name='wrong'), Flatten(name='b'), Dense(2, name='c')",
    "epsilon": "Dense(5, input_dim=4, name='a'), BatchNormalization(name='wrong'), Dropout(0.5, name='b'), Dense(2, name='c')",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """An engine from outside with a mistake, as an installer would leave it."""
    folder = tmp_path_factory.mktemp("site")
    source = Path(__file__).parents[1] / "packages" / "kbridge_planted" / "kbridge_planted.py"
    (folder / "kbridge_planted.py").write_text(source.read_text())
    info = folder / "kbridge_planted-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kbridge_planted\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[kbridge.backends]\nplanted = kbridge_planted:PlantedBackend\n")
    return folder


@pytest.mark.parametrize("planted", MODELS)
def test_a_planted_mistake_is_found(planted, site, tmp_path):
    path = tmp_path / "model.h5"
    code = f"""
import numpy as np
np.random.seed(3)
from kbridge.models import Sequential
from kbridge.layers import *
model = Sequential([{MODELS[planted]}])
model.compile('sgd', 'mse')
model.save({str(path)!r})
"""
    output(code, tmp_path)
    environment = {"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]), "KBRIDGE_PLANTED": planted}
    arguments = ["compare", str(path), "--backends", "numpy,planted", "--json", str(tmp_path / "out.json")]
    done = kbridge(*arguments, home=tmp_path, **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    found = json.loads((tmp_path / "out.json").read_text())
    kind = "gradient" if planted == "gradient" else "output"
    blamed = [c["layer"] for c in found["causes"] if c["engines"] == ["planted"]]
    assert blamed and set(blamed) == {"wrong"}
    assert [c["layer"] for c in found["causes"] if c["kind"] == kind] == ["wrong"]
    first = [row["name"] for row in found["layers"] if not row["output"]["ok"]]
    assert first[:1] == ([] if planted == "gradient" else ["wrong"])


@pytest.mark.parametrize("case", ["nested_two_outputs", "shared_lstm", "embedding_mask_zero_lstm"])
def test_real_models_agree(case, tmp_path):
    done = kbridge("compare", str(CASES / f"{case}.h5"), "--backends", "numpy,tensorflow", "--train-steps", "1", home=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_python_calls_give_rows_and_a_page_without_network(monkeypatch):
    monkeypatch.delenv("KBRIDGE_BACKEND", raising=False)
    result = kb.compare(CASES / "fit_bn.h5", ["numpy", "tensorflow"])
    assert result.ok and [row.name for row in result.layers][1:] == ["dense_1", "batchnormalization_1", "dense_2"]
    page = result.to_html()
    assert "http" not in page and page.count('<th scope="row"') == 4


def test_files_are_compared_by_layer(tmp_path):
    same = kbridge("compare", str(CASES / "fit_bn.h5"), str(CASES / "fit_bn.h5"), home=tmp_path)
    other = kbridge("compare", str(CASES / "fit_bn.h5"), str(CASES / "gru_cpu.h5"), home=tmp_path)
    assert (same.returncode, other.returncode) == (0, 1)
    assert "only in" in other.stdout


def test_differences_of_shapes_and_nan_are_never_within_tolerance():
    assert not difference([np.zeros(2), np.zeros(3)], 1, 1).ok
    assert not difference([np.zeros(2), np.array([0, np.nan])], 1e9, 1e9).ok
    assert difference([np.array([np.nan]), np.array([np.nan])], 0, 0).ok
    assert difference([np.array([1.0]), np.array([1.5])], 1, 0).abs == 0.5


def test_importing_the_package_loads_no_comparison(tmp_path):
    assert "kbridge.comparison" not in output("import kbridge, sys; print(*sys.modules)", tmp_path).split()
