"""``sklearn.externals.joblib`` as it was up to scikit-learn 0.22."""

from joblib import *  # noqa: F403
from joblib import __version__  # noqa: F401
