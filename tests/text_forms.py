"""Models by way of a text: JSON, and YAML where PyYAML is installed."""

from importlib.util import find_spec

import pytest

from kbridge.models import model_from_json, model_from_yaml

#: how a model becomes a text -> how the text becomes a model
FORMS = {"json": (lambda model: model.to_json(), model_from_json), "yaml": (lambda model: model.to_yaml(), model_from_yaml)}
#: the forms that this environment has, for tests in which a text is a step among others
HERE = [form for form in FORMS if form == "json" or find_spec("yaml")]
#: a test for each form
each_form = pytest.mark.parametrize("form", ["json", pytest.param("yaml", marks=pytest.mark.needs("yaml"))])


def rebuilt(model, form: str):
    """The architecture of ``model`` through a text, with new weights."""
    written, read = FORMS[form]
    return read(written(model))
