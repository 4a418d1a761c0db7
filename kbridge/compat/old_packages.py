"""Names that h5py, PyYAML, SciPy and scikit-learn had in the years of Keras 1, made from what they have today; see ``additions``."""

from __future__ import annotations

import importlib
import os
from types import ModuleType
from typing import Any

#: windows that ``scipy.signal`` had
WINDOWS = (
    "barthann", "bartlett", "blackman", "blackmanharris", "bohman", "boxcar", "chebwin", "cosine", "exponential", "flattop", "gaussian",
    "general_gaussian", "hamming", "hann", "hanning", "kaiser", "nuttall", "parzen", "triang", "tukey",
)  # fmt: skip


def imread(ndimage: ModuleType) -> dict[str, Any]:
    return {"imread": importlib.import_module("scipy.misc").imread}


def windows(signal: ModuleType) -> dict[str, Any]:
    found = importlib.import_module("scipy.signal.windows")
    return {name: getattr(found, {"hanning": "hann"}.get(name, name)) for name in WINDOWS}


def jaccard(metrics: ModuleType) -> dict[str, Any]:
    def jaccard_similarity_score(y_true, y_pred, normalize=True, sample_weight=None):
        """The mean over the samples (or, without ``normalize``, the sum) of the Jaccard index of their label sets; for one label a
        sample, whether it is right."""
        import numpy as np

        kind = importlib.import_module("sklearn.utils.multiclass").type_of_target(y_true)
        if not kind.startswith("multilabel"):
            return metrics.accuracy_score(y_true, y_pred, normalize=normalize, sample_weight=sample_weight)
        true, predicted = (np.asarray(y.toarray() if hasattr(y, "toarray") else y) != 0 for y in (y_true, y_pred))
        both, either = (true & predicted).sum(axis=1), (true | predicted).sum(axis=1)
        # two empty sets are equal
        index = np.where(either == 0, 1.0, both / np.maximum(either, 1))
        if normalize:
            return np.average(index, weights=sample_weight)
        return index.sum() if sample_weight is None else np.dot(index, sample_weight)

    return {"jaccard_similarity_score": jaccard_similarity_score}


def h5py_file(h5py: ModuleType) -> dict[str, Any]:
    own = h5py.File.__init__

    def __init__(self, name, mode=None, *args, **options):
        """Without a mode: for reading and writing, made if it is missing; for reading where it can't be written."""
        if mode is not None or not isinstance(name, (str, bytes, os.PathLike)):
            return own(self, name, *([] if mode is None else [mode]), *args, **options)
        try:
            return own(self, name, "a", *args, **options)
        except OSError:
            if not os.path.exists(name):
                raise
            return own(self, name, "r", *args, **options)

    h5py.File.__init__ = __init__
    return {"File": h5py.File}


def h5py_value(h5py: ModuleType) -> dict[str, Any]:
    if not hasattr(h5py.Dataset, "value"):
        h5py.Dataset.value = property(lambda self: self[()], doc="All that it holds.")
    return {"Dataset.value": h5py.Dataset.value}


class Text(str):
    """A text that programs may decode as if it were bytes."""

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The text itself."""
        return str(self)


def h5py_attributes(h5py: ModuleType) -> dict[str, Any]:
    own = h5py.AttributeManager.__getitem__

    def __getitem__(self, name):
        return _decodable(own(self, name))

    h5py.AttributeManager.__getitem__ = __getitem__
    return {"AttributeManager.__getitem__": __getitem__}


def _decodable(value: Any) -> Any:
    import numpy as np

    if type(value) is str:
        return Text(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        texts = np.empty(value.shape, object)
        for place, item in np.ndenumerate(value):
            texts[place] = _decodable(item)
        return texts
    return value


def mrg_streams(rng_mrg: ModuleType) -> dict[str, Any]:
    return {"MRG_RandomStreams": rng_mrg.MRG_RandomStream}


class _Later(ModuleType):
    """A module that is loaded when something in it is asked for."""

    def __getattr__(self, name: str):
        return getattr(importlib.import_module(self.__name__), name)


def shared_randomstreams(tensor: ModuleType) -> dict[str, Any]:
    return {"shared_randomstreams": _Later("theano.tensor.shared_randomstreams")}


def yaml_load(yaml: ModuleType) -> dict[str, Any]:
    own = {name: getattr(yaml, name) for name in ("load", "load_all")}

    def load(stream, Loader=yaml.SafeLoader):
        """The first document; tags that would run code are refused unless another Loader is given."""
        return own["load"](stream, Loader)

    def load_all(stream, Loader=yaml.SafeLoader):
        """All documents."""
        return own["load_all"](stream, Loader)

    return {"load": load, "load_all": load_all}
