"""The backend sets itself up: quietly, with no flags, in its own cache, and says what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOAD = "from kbridge.backends import registry; K = registry.load('theano'); "
TRAIN = (
    "x, w = K.placeholder((None, 3)), K.variable([[1.0], [2.0], [3.0]]); "
    "print(float(K.function([x], [K.sum(K.dot(x, w))])([[[1, 2, 3]]])[0]))"
)


def run(code: str, **environment: str | None) -> subprocess.CompletedProcess:
    env = {k: v for k, v in {**os.environ, "THEANO_FLAGS": "", **environment}.items() if v is not None}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)


def test_import_prints_nothing_and_leaves_no_trace():
    code = (
        "import os, sys; before = dict(os.environ); " + LOAD + "import numpy; "
        "assert dict(os.environ) == before; assert not hasattr(numpy, 'cast') and not hasattr(numpy, 'product'); "
        "assert 'numpy.linalg.linalg' not in sys.modules; "
        "assert all(v.__spec__ for v in vars(numpy).values() if isinstance(v, type(sys)))"
    )
    done = run(code, THEANO_FLAGS=None)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_flags_of_the_user_win(tmp_path):
    code = LOAD + "import theano; print(theano.config.base_compiledir, theano.config.optimizer, repr(theano.config.cxx))"
    done = run(code, THEANO_FLAGS=f"base_compiledir={tmp_path},optimizer=o2,cxx=")
    assert done.stdout.split() == [str(tmp_path), "o2", "''"], done.stderr
    assert done.stderr == ""


def test_without_a_compiler_it_warns_how_to_get_one_and_runs(tmp_path):
    done = run(LOAD + TRAIN, PATH=str(tmp_path))
    assert done.stdout == "14.0\n", done.stderr
    assert "g++" in done.stderr
    assert "THEANO_FLAGS=cxx=" in done.stderr


def test_without_pythons_headers_it_warns_and_runs(tmp_path):
    code = f"import sysconfig; get = sysconfig.get_path; sysconfig.get_path = lambda n, *a, **k: {str(tmp_path)!r} if n == 'include' else get(n, *a, **k); "
    done = run(code + LOAD + TRAIN)
    assert done.stdout == "14.0\n", done.stderr
    assert "Python.h" in done.stderr


def test_the_number_of_threads_is_that_of_the_variable():
    code = (
        "from kbridge.backends.theano.setup import blas; import ctypes; found = blas.find(); "
        "print(getattr(ctypes.CDLL(str(found.path)), found.prefix + 'openblas_get_num_threads')() if found else 1)"
    )
    done = run(code, KBRIDGE_NUM_THREADS="1", OPENBLAS_NUM_THREADS="2")
    assert done.stdout.split() == ["1"], done.stderr


def test_the_cache_lies_in_the_home_unless_the_variable_names_another(tmp_path):
    code = LOAD + "import theano; print(theano.config.base_compiledir)"
    home, other = tmp_path / "home", tmp_path / "other"
    home.mkdir()
    assert run(code, HOME=str(home), KBRIDGE_THEANO_CACHE=None).stdout.startswith(f"{home.resolve()}/.kbridge/theano/py")
    assert run(code, HOME=str(home), KBRIDGE_THEANO_CACHE=str(other)).stdout.startswith(f"{other.resolve()}/py")


def test_a_cache_that_cannot_be_used_is_an_error_that_names_the_variable(tmp_path, monkeypatch):
    from kbridge.backends.theano.setup import cache

    file = tmp_path / "file"
    file.write_text("")
    for bad in (file / "below", tmp_path / "with space", tmp_path / "with,comma"):
        monkeypatch.setenv(cache.VARIABLE, str(bad))
        with pytest.raises(OSError, match=cache.VARIABLE):
            cache.directory()


def test_a_home_that_cannot_be_used_falls_back_to_a_temporary_directory(tmp_path, monkeypatch):
    from kbridge.backends.theano.setup import cache

    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path / "with space"))
    found = cache.directory()
    assert found.is_dir()
    assert "with space" not in str(found)
    found.rmdir()


def test_theano_imported_before_is_repaired(tmp_path):
    flags = f"base_compiledir={tmp_path},blas__ldflags=,optimizer=fast_compile"
    # Python 3.12 has no distutils, so that theano fails to import there by itself; that is to do no harm
    alone = "try:\n    import theano\nexcept ImportError:\n    assert sys.version_info >= (3, 12)\n"
    done = run("import sys\n" + alone + LOAD + TRAIN, THEANO_FLAGS=flags)
    assert done.stdout == "14.0\n", done.stderr


def test_theano_that_cannot_be_repaired_is_a_clear_error():
    code = (
        "import sys, types, importlib.machinery; fake = sys.modules['theano'] = types.ModuleType('theano'); "
        "fake.__spec__ = importlib.machinery.ModuleSpec('theano', None); " + LOAD
    )
    done = run(code)
    assert "RuntimeError" in done.stderr
    assert "Import kbridge first" in done.stderr


def test_a_failed_import_before_does_no_harm():
    code = "import sys, types; sys.modules['theano.configdefaults'] = types.ModuleType('x'); " + LOAD + TRAIN
    done = run(code, THEANO_FLAGS="cxx=")
    assert done.stdout == "14.0\n", done.stderr


@pytest.mark.parametrize(("version", "words"), [((3, 11), "pip install '.[theano]'"), ((3, 13), "kbridge install theano")])
def test_theano_that_is_not_installed_is_an_error_with_the_way_out(version, words):
    code = (
        "import sys, importlib.util; find = importlib.util.find_spec; "
        "importlib.util.find_spec = lambda n, *a: None if n == 'theano' else find(n, *a); "
        "from kbridge.backends import registry\n"
        f"sys.version_info = {version}\n"
        "try: registry.load('theano')\n"
        "except registry.BackendUnavailable as error: print(error)"
    )
    done = run(code)
    assert words in done.stdout, done.stderr
    assert "theano isn't installed" in done.stdout


def test_compiling_long_is_announced_once(capsys, tmp_path):
    from kbridge.backends.theano.setup.compiler import PATIENCE, Watch

    watch = Watch(tmp_path / "header.h", "")
    watch.spent(PATIENCE / 2)
    assert capsys.readouterr().err == ""
    watch.spent(PATIENCE)
    assert "compiles" in capsys.readouterr().err
    watch.spent(PATIENCE)
    assert capsys.readouterr().err == ""


#: counts the programs that are started, and names what was loaded of NumPy, SciPy and setuptools without use
COUNT = (
    "import sys; started = []; "
    "sys.addaudithook(lambda event, args: event in ('subprocess.Popen', 'os.fork', 'os.posix_spawn', 'os.system') and started.append(args)); "
)
COUNTED = (
    "; print(started, [name for name in ('scipy.signal', 'scipy.stats', 'scipy.linalg', 'scipy.special', 'numpy.f2py', 'setuptools', 'pkg_resources') "
    "if name in sys.modules])"
)


def test_two_processes_share_an_empty_cache_and_a_third_starts_no_program(tmp_path):
    env = {**os.environ, "THEANO_FLAGS": "optimizer=fast_compile", "KBRIDGE_THEANO_CACHE": str(tmp_path)}
    both = [
        subprocess.Popen([sys.executable, "-c", LOAD + TRAIN], cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, error = process.communicate()
        assert out == "14.0\n", error
    third = run(COUNT + LOAD + TRAIN + COUNTED, KBRIDGE_THEANO_CACHE=str(tmp_path), THEANO_FLAGS="optimizer=fast_compile")
    assert third.stdout == "14.0\n[] []\n", third.stderr


def test_answers_are_kept_and_asked_for_anew_where_they_are_spoilt(tmp_path):
    from kbridge.backends.theano.setup.answers import remembered

    asked = []

    def ask():
        asked.append(len(asked))
        return asked[-1] or None

    # None is no answer
    assert [remembered(tmp_path, ["version", 1], ask) for _ in range(3)] == [None, 1, 1]
    assert remembered(tmp_path, ["version", 2], ask) == 2
    for file in tmp_path.glob("answer_*.json"):
        file.write_text("{")
    assert [remembered(tmp_path, ["version", 1], ask) for _ in range(2)] == [3, 3]


def test_another_compiler_in_the_same_place_is_another_question(tmp_path, monkeypatch):
    from kbridge.backends.theano.setup.answers import program

    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("g++") is None
    compiler = tmp_path / "g++"
    compiler.write_text("#!/bin/sh\necho 12\n")
    compiler.chmod(0o755)
    before = program("g++")
    assert before is not None
    assert program("g++") == before
    compiler.write_text("#!/bin/sh\necho 13.1\n")
    assert program("g++") != before
    # a program that stands before the compiler stays as it is when the compiler changes
    compiler.rename(tmp_path / "ccache")
    compiler.symlink_to(tmp_path / "ccache")
    assert program("g++") is None


def test_parts_of_numpy_that_were_put_off_are_there_when_they_are_used():
    code = (
        LOAD + "import sys, numpy as np, scipy.sparse; print('numpy.f2py' in sys.modules, np.f2py is sys.modules['numpy.f2py']); "
        "from kbridge.backends.theano.setup.legacy import numpy_later; print(numpy_later()['polynomial'].Polynomial([1, 2])(3)); "
        "np.testing.assert_equal(np.ma.masked_array([1, 2], [0, 1]).sum(), 1)"
    )
    done = run(code, THEANO_FLAGS="cxx=")
    assert done.stdout == "False True\n7.0\n", done.stdout + done.stderr


def test_parts_of_scipy_that_were_put_off_are_there_when_they_are_used():
    code = (
        LOAD + "import numpy as np, theano, theano.tensor as T, theano.tensor.slinalg as S, sys; "
        "x = T.matrix(); v = T.vector(); m = np.eye(3, dtype=theano.config.floatX) * 4; "
        "f = theano.function([x, v], [S.cholesky(x), T.erfinv(x / 8), T.dot(x, v), T.nnet.conv2d(x[None, None], x[None, None])]); "
        "got = f(m, m[0]); print([round(float(np.sum(g)), 3) for g in got]); "
        "from theano.tensor.random.basic import halfnormal; print(halfnormal(0.0, 1.0, size=(2,)).eval().shape); "
        "import scipy.stats, scipy.linalg.blas; print(scipy.stats.norm.cdf(0), scipy.linalg.blas.get_blas_funcs('gemv').typecode)"
    )
    done = run(code, THEANO_FLAGS="cxx=,optimizer=fast_run")
    assert done.stdout == "[6.0, 1.431, 16.0, 48.0]\n(2,)\n0.5 d\n", done.stdout + done.stderr


def test_modules_of_a_function_are_compiled_side_by_side(tmp_path):
    code = (
        LOAD
        + "import numpy as np; from kbridge.backends.theano.setup import ahead; ahead.cores = lambda: 2; done = []; one = ahead.Ahead._compile; "
        "ahead.Ahead._compile = lambda *a: done.append(one(*a)) or done[-1]; x = K.placeholder((None, 3)); "
        "f = K.function([x], [K.exp(x), K.sum(x, axis=1), K.argmax(x), K.any(x > 2)]); "
        "print([np.asarray(v).ravel().tolist() for v in f([[[0, 0, 1]]])][1:], len(done) >= 2 and all(done))"
    )
    done = run(code, KBRIDGE_THEANO_CACHE=str(tmp_path), THEANO_FLAGS="optimizer=fast_compile")
    assert done.stdout.strip() == "[[1.0], [2], [False]] True", done.stderr
    assert not list(tmp_path.glob("ahead-*"))
    # a second process finds all of them
    again = run(code, KBRIDGE_THEANO_CACHE=str(tmp_path), THEANO_FLAGS="optimizer=fast_compile")
    assert again.stdout.strip() == "[[1.0], [2], [False]] False", again.stderr


def test_code_that_does_not_compile_ahead_is_an_error_where_it_is_needed():
    """What fails beside is tried again by Theano, which then says why."""
    from kbridge.backends.theano.setup.ahead import Ahead

    def compile_str(**arguments):
        raise RuntimeError("no compiler today")

    ahead = Ahead(compile_str)
    assert ahead._compile({"module_name": "m", "src_code": ""}, str(ROOT / "no" / "such" / "folder")) is None
    with pytest.raises(RuntimeError, match="today"), ahead.function([]):
        ahead.compiled("m", "", "somewhere")
