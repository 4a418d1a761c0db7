"""Theano imports mpi4py while it is imported: that must neither start MPI nor fail where there is no MPI library."""

from processes import output

#: an mpi4py on a machine without an MPI library
PACKAGE = {"__init__.py": "", "MPI.py": "raise RuntimeError('cannot load MPI library')\n"}


def test_theano_starts_where_mpi4py_finds_no_mpi_library(tmp_path):
    (tmp_path / "mpi4py").mkdir()
    for name, text in PACKAGE.items():
        (tmp_path / "mpi4py" / name).write_text(text)
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from kbridge import backend as K
print(K.eval(K.constant(2.0) * 3), "mpi4py.MPI" in sys.modules)
try:
    import mpi4py.MPI
except RuntimeError as error:
    print(error)
"""
    assert output(code, tmp_path, KBRIDGE_BACKEND="theano", THEANO_FLAGS="cxx=").split("\n")[:2] == ["6.0 False", "cannot load MPI library"]
