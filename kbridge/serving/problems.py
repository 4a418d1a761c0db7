"""Errors that a client gets as an answer."""

from __future__ import annotations


class Problem(Exception):
    """An answer that isn't a prediction.

    Args:
        status: the HTTP status.
        text: what came, what was expected and where.
        headers: of the answer.
    """

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None):
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers or {}


def bad(text: str) -> Problem:
    """400: the request is at fault."""
    return Problem(400, text)


def not_found(text: str) -> Problem:
    """404: there is no such model, version or address."""
    return Problem(404, text)


def busy(text: str) -> Problem:
    """503: too many requests wait; the client may try again after a second."""
    return Problem(503, text, {"retry-after": "1"})
