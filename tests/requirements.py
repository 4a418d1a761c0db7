"""What ``make demo`` and ``make test`` need from the machine, checked before anything is installed."""

import os
import shutil
import sys
import sysconfig


def problems(goal):
    """What is missing, each with how to get it. Old Pythons must be able to run this far."""
    found = []
    if sys.version_info[:2] < (3, 11):
        found.append("Python 3.11 or later (this is %d.%d): make %s PYTHON=python3.11" % (*sys.version_info[:2], goal))
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        found.append("Python's venv module. On Debian or Ubuntu: apt install python3-venv")
    if goal == "test" and can_have_theano():
        # Theano compiles C++ against Python
        if not shutil.which("g++"):
            found.append("g++, which Theano compiles with. On Debian or Ubuntu: apt install g++")
        header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
        if not os.path.exists(header):
            found.append(f"Python's headers ({header}). On Debian or Ubuntu: apt install python3-dev")
    return found


def can_have_theano():
    """theano-pymc's source distribution can't be built on later Pythons."""
    return sys.version_info[:2] < (3, 12)


if __name__ == "__main__":
    goal = sys.argv[1]
    missing = problems(goal)
    for line in missing:
        print(f"make {goal} needs {line}")
    if goal == "test" and not can_have_theano() and not missing:
        version = "%d.%d" % sys.version_info[:2]
        print(f"Python {version}: theano-pymc can be built on 3.11 only, so NumPy and TensorFlow are tested, and not Theano.")
    sys.exit(bool(missing))
