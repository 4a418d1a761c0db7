"""TensorFlow, imported without its notices and without traces in the user's home.

The notices: the user can have them back with TF_CPP_MIN_LOG_LEVEL. The traces: TensorFlow imports the Keras that
comes with it, which writes a keras.json naming itself where there is none. kbridge would read that file at the next
start, and its default engine would have changed because somebody tried this one.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from ...config import config_path


@contextlib.contextmanager
def _variables(**values: str) -> Iterator[None]:
    """Environment variables for a while; child processes that start later decide for themselves."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


with contextlib.ExitStack() as stack:
    if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        # read by the C++ library when it is loaded
        stack.enter_context(_variables(TF_CPP_MIN_LOG_LEVEL="3"))
    if not os.path.exists(config_path()):
        home = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        stack.enter_context(_variables(KERAS_HOME=home))
    import tensorflow as tf

# without it a loop that ran once can't be differentiated any more (predict, then train)
tf.compat.v1.experimental.output_all_intermediates(True)

__all__ = ["tf"]
