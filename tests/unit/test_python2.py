"""``kbridge run --py2``: Python 2 translated in memory, with what changed."""

import pytest
from processes import kbridge

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
