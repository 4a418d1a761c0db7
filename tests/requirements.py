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
    if goal == "test":
        # Theano compiles C++ against Python
        if not shutil.which("g++"):
            found.append("g++, which Theano compiles with. On Debian or Ubuntu: apt install g++")
        header = os.path.join(sysconfig.get_paths()["include"], "Python.h")
        if not os.path.exists(header):
            found.append(f"Python's headers ({header}). On Debian or Ubuntu: apt install python3-dev")
    return found


if __name__ == "__main__":
    goal = sys.argv[1]
    missing = problems(goal)
    for line in missing:
        print(f"make {goal} needs {line}")
    sys.exit(bool(missing))
