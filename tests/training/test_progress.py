"""The progress bar in a terminal, a pipe and a notebook."""

import io
import sys

import pytest

from kbridge.utils.progbar import Progbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


Notebook = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})


def drawn(monkeypatch, stream, verbose=1):
    monkeypatch.setattr(sys, "stdout", stream)
    bar = Progbar(target=20, verbose=verbose, interval=0)
    for step in range(1, 5):
        bar.update(5 * step, [("loss", 1.0 / step)])
    return stream.getvalue()


def test_a_terminal_sees_the_bar_grow_on_one_line(monkeypatch):
    text = drawn(monkeypatch, Terminal())
    assert text.count("\r") == 4
    assert text.count("\n") == 1
    assert "\r 5/20 [======>.......................] - ETA: 0s - loss: 1.0000" in text
    assert text.splitlines()[-1].rstrip().endswith("20/20 [==============================] - 0s - loss: 0.5208")


def test_a_pipe_gets_one_line_without_carriage_returns(monkeypatch):
    assert drawn(monkeypatch, io.StringIO()) == "20/20 [==============================] - 0s - loss: 0.5208\n"


def test_a_notebook_redraws(monkeypatch):
    assert drawn(monkeypatch, Notebook()).count("\r") == 4


@pytest.mark.parametrize(("verbose", "text"), [(0, ""), (2, "0s - loss: 0.5208\n")])
def test_other_degrees_of_detail(monkeypatch, verbose, text):
    assert drawn(monkeypatch, Terminal(), verbose) == text


def test_a_shorter_line_covers_a_longer_one(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    bar = Progbar(target=10, interval=0)
    bar.update(1, [("loss", 12345.0)])
    bar.update(2, [("loss", -12345.0)])
    first, second = stream.getvalue().split("\r")[1:]
    assert len(second) >= len(first)
