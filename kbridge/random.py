"""``keras.random`` for layers of programs that were written for Keras 3: draws of the backend in use, new ones at each evaluation.

Its functions are those of the table of operations (``kbridge.operations``) by their names in Keras 3. A seed generator can be made and
passed, and what is drawn doesn't follow it: no backend draws another one's numbers.

Example:
    ::

        from kbridge import random
        noise = random.normal((3, 2), seed=random.SeedGenerator(1337))
"""

from __future__ import annotations

from typing import Any

from .ops import function


class SeedGenerator:
    """A source of seeds, as layers of Keras 3 keep one.

    Args:
        seed: a whole number, or None.
        kwargs: accepted, and not used: a name, for example.
    """

    def __init__(self, seed=None, **kwargs):
        self.initial_seed = self.seed = seed

    def next(self, ordered=True):
        """Return the seed; ``ordered`` is not used."""
        return self.seed

    def get_config(self) -> dict[str, Any]:
        """Return the seed under its name."""
        return {"seed": self.seed}

    @classmethod
    def from_config(cls, config):
        """Return the generator of ``config``, a dict that ``get_config`` gave."""
        return cls(**config)


def __getattr__(name: str) -> Any:
    return function(f"keras.random.{name}")
