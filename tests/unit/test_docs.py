"""The programs in the documentation's pages run as they stand, page by page."""

import re
from importlib.util import find_spec

import pytest
from processes import ROOT, python

PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
#: programs of these are parts of a package, which stands whole in the tests
PARTS = ("write-a-backend.md",)


def programs(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGES[page], re.M | re.S)


#: on all backends where the page is about what works on all of them
RUNS = [("write-a-layer.md", "tensorflow"), ("write-a-layer.md", "theano")]
RUNS += [(page, "numpy") for page in PAGES if programs(page) and page not in PARTS]


@pytest.mark.parametrize("page, backend", RUNS)
def test_programs_of_a_page(page, backend, tmp_path):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    flags = {"THEANO_FLAGS": "cxx=,optimizer=fast_compile"} if backend == "theano" else {}
    done = python("-c", "\n".join(programs(page)), home=tmp_path, cwd=tmp_path, KBRIDGE_BACKEND=backend, **flags)
    assert done.returncode == 0, done.stderr


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in PAGES if f" {page}\n" not in navigation] == []


def test_links_lead_to_pages():
    links = {(page, link) for page, text in PAGES.items() for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text)}
    assert [(page, link) for page, link in links if "://" not in link and link not in PAGES and not (ROOT / "docs" / link).is_file()] == []


REFERENCE = {page.name: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs" / "api").glob("*.md"))}


def test_every_page_of_the_reference_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert [page for page in REFERENCE if f" api/{page}\n" not in navigation] == []


@pytest.mark.parametrize(
    "package", ["layers", "losses", "metrics", "optimizers", "callbacks", "models", "activations", "regularizers", "constraints"]
)
def test_public_classes_and_functions_are_in_the_reference(package):
    """A page shows a module whole, or the members that it names."""
    import importlib
    import inspect

    shown = {}
    for text in REFERENCE.values():
        for module, options in re.findall(r"^::: ([\w.]+)\n((?:    .*\n)*)", text, re.M):
            members = re.search(r"members: \[(.*)\]", options)
            shown[module] = set(re.split(r", *", members[1])) if members else None
    module = importlib.import_module(f"kbridge.{package}")
    missing = []
    for name in getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]:
        value = getattr(module, name)
        home = getattr(value, "__module__", "")
        if inspect.isclass(value) and home.startswith(f"kbridge.{package}") and value.__name__ == name:
            if home not in shown or not (shown[home] is None or name in shown[home]):
                missing.append(f"{home}.{name}")
    assert missing == []
