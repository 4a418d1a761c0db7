"""What ``make test`` needs from the machine, checked before anything is installed."""

import os
import shutil
import sys
import sysconfig


def problems() -> list[str]:
    """What is missing, each with how to get it."""
    found = []
    if sys.version_info < (3, 11):
        found.append(f"Python 3.11 or later (this is {sys.version.split()[0]}): make test PYTHON=python3.11")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        found.append("Python's venv module. On Debian or Ubuntu: apt install python3-venv")
    if sys.version_info < (3, 12):
        # Theano compiles C++ against Python
        if not shutil.which("g++"):
            found.append("g++, which Theano compiles with. On Debian or Ubuntu: apt install g++")
        header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
        if not os.path.exists(header):
            found.append(f"Python's headers ({header}). On Debian or Ubuntu: apt install python3-dev")
    return found


if __name__ == "__main__":
    missing = problems()
    for line in missing:
        print("make test needs " + line)
    if sys.version_info >= (3, 12) and not missing:
        print(f"Python {sys.version.split()[0]}: theano-pymc builds on 3.11 only, so NumPy and TensorFlow are tested.")
    sys.exit(bool(missing))
