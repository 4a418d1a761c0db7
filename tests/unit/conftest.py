"""A backend with a mistake, for tests of what must notice it."""

import os
from pathlib import Path

import pytest
from processes import ROOT
from serving_models import serve  # noqa: F401


@pytest.fixture(scope="module")
def planted_site(tmp_path_factory) -> Path:
    """The folder of a backend from outside, as an installer would leave it."""
    folder = tmp_path_factory.mktemp("site")
    source = ROOT / "tests" / "packages" / "kbridge_planted" / "kbridge_planted.py"
    (folder / "kbridge_planted.py").write_text(source.read_text())
    info = folder / "kbridge_planted-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kbridge_planted\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[kbridge.backends]\nplanted = kbridge_planted:PlantedBackend\n")
    return folder


@pytest.fixture
def plant(planted_site, monkeypatch):
    """``plant(mistake)`` makes the backend 'planted' make that mistake, in processes started from now on."""

    def choose(mistake: str) -> None:
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(planted_site), str(ROOT)]))
        monkeypatch.syspath_prepend(str(planted_site))
        monkeypatch.setenv("KBRIDGE_PLANTED", mistake)

    return choose
