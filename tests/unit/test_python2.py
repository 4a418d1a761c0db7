"""``kbridge run --py2``: Python 2 translated in memory, with what changed."""

import os
import sys

import pytest
from processes import ROOT, kbridge, python

pytest.importorskip("fissix")

from kbridge.compat import python2  # noqa: E402

PROGRAM = """# -*- coding: latin-1 -*-
from itertools import izip
import cPickle as pickle
import beside
for i, j in izip(xrange(3), [4, 5, 6]):
\tif i:
\t    print i, j,
        print "done %d" % i
print 7 / 2, 7 // 2
try:
    raise ValueError, "bad"
except ValueError, e:
    print e, {'a': 1}.has_key('a'), u'\xe9' == u'\\xe9'
print pickle.loads(pickle.dumps({1: 2})).keys()[0], beside.total([1, 2])
"""
BESIDE = 'def total(x):\n    print "adding"\n    return reduce(lambda a, b: a + b, x)\n'


def test_a_program_and_modules_beside_it_are_translated_and_nothing_is_written(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "program.py").write_bytes(PROGRAM.encode("latin-1"))
    (folder / "beside.py").write_text(BESIDE)
    done = kbridge("run", "--py2", str(folder / "program.py"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["done 0", "1 5 done 1", "2 6 done 2", "3.5 3", "bad True True", "adding", "1 3"]
    assert "program.py, read as Python 2: 10 changes" in done.stderr
    assert 'line 8: print "done %d" % i  ->  print("done %d" % i)' in done.stderr
    assert "beside.py, read as Python 2: 2 changes" in done.stderr
    assert "/ was left alone" in done.stderr and "(lines 9)" in done.stderr
    assert sorted(p.name for p in folder.iterdir()) == ["beside.py", "program.py"]


def test_without_it_a_program_of_python_2_is_an_error_that_names_the_way(tmp_path):
    (tmp_path / "program.py").write_text("print 'x'\n")
    done = kbridge("run", str(tmp_path / "program.py"), home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "This may be Python 2: kbridge run --py2 translates it."


def test_what_python_3_can_read_keeps_its_print_function(capsys):
    source = "print('a', 'b')\nfor i in xrange(2): print(i)\n"
    assert python2.translate(source, "x.py") == source.replace("xrange", "range")
    assert "1 change\n" in capsys.readouterr().err


def test_a_program_that_needs_no_change_is_left_alone_in_silence(capsys):
    source = "from __future__ import print_function, division\nx = 1 / 2\nprint(x, sep='')\n"
    assert python2.translate(source, "x.py").splitlines()[1:] == source.splitlines()[1:]
    assert "line 2" not in capsys.readouterr().err


def test_what_is_neither_is_a_syntax_error_with_its_line():
    with pytest.raises(SyntaxError) as caught:
        python2.translate("print 'x'\ndef f(:\n    pass\n", "x.py")
    assert (caught.value.filename, caught.value.lineno) == ("x.py", 2)


def test_modules_elsewhere_are_translated_unless_only_python_3_can_read_them(tmp_path):
    files = {
        "project/bin/program.py": """
import sys, os
reload(sys)
sys.setdefaultencoding('utf-8')
sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))
import helper, shared, modern
print helper.count({'a': 1}), shared.total(3L), modern.ask()
""",
        "project/lib/helper.py": "def count(d):\n    print 'counting'\n    return len([k for k, v in d.iteritems()])\n",
        "path/shared/__init__.py": "from parts import total\n",
        "path/shared/parts.py": "total = lambda n: sum(xrange(n))\n",
        # of Python 2 this input() would be eval(input())
        "path/modern.py": "def ask(*, question: str = '?') -> str:\n    return f'{input()}{question}'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "answer").write_text("yes\n")
    program = f"import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:], stdin=open({str(tmp_path / 'answer')!r})))"
    command = ["-c", program, sys.executable, "-m", "kbridge", "run", "--py2", str(tmp_path / "project/bin/program.py")]
    done = python(*command, home=tmp_path, PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path / 'path'}")
    assert done.stdout.splitlines() == ["counting", "1 3 yes?"], done.stderr
    assert "modern.py" not in done.stderr


def test_tests_of_a_program_of_python_2_run_under_pytest(tmp_path):
    (tmp_path / "doubles.py").write_text("def double(x):\n    print 'doubling', x\n    return 2 * x\n")
    (tmp_path / "conftest.py").write_text("import pytest\n@pytest.fixture\ndef two():\n    print 'two'\n    return 2L\n")
    (tmp_path / "test_code.py").write_text(
        "from keras.models import Sequential\nfrom doubles import double\ndef test_it(two):\n    print 'testing'\n    assert double(two) == 4\n"
        "def test_wrong():\n    assert double(1) == 3, 'not so'\n"
    )
    done = kbridge("run", "--py2", "-m", "pytest", "-q", "-p", "no:cacheprovider", home=tmp_path, cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr
    assert "not so" in done.stdout and "SyntaxError" not in done.stdout
