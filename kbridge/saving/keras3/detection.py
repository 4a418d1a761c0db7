"""Is a config of Keras 3?"""

from __future__ import annotations

from typing import Any


def speaks_keras3(config: Any) -> bool:
    """Whether ``config`` is Keras 3's, by what Keras 2 never writes: the class of its dtypes, of its tensors, the key of its shapes."""
    pending = [config]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            name = value.get("class_name")
            if name in ("DTypePolicy", "QuantizedDTypePolicy", "__keras_tensor__") and isinstance(value.get("config"), dict):
                return True
            inner = value.get("config")
            if name == "InputLayer" and isinstance(inner, dict) and ("batch_shape" in inner or "batch_input_shape" in inner):
                if "batch_shape" in inner:
                    return True
            pending.extend(value.values())
        elif isinstance(value, (list, tuple)):
            pending.extend(value)
    return False
