"""TensorFlow, imported without its notices, which the user can have back with TF_CPP_MIN_LOG_LEVEL."""

import os

if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
    # read by the C++ library when it is loaded; removed again so that child processes decide for themselves
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    try:
        import tensorflow as tf
    finally:
        del os.environ["TF_CPP_MIN_LOG_LEVEL"]
else:
    import tensorflow as tf

# without it a loop that ran once can't be differentiated any more (predict, then train)
tf.compat.v1.experimental.output_all_intermediates(True)

__all__ = ["tf"]
