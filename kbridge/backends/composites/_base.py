"""The names that composites may call on ``self``: the primitives and each other. No backend, no frontend."""

from abc import ABC
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:

    class Family(ABC):
        """A group of composites; ``self`` is a whole Backend."""

        def __getattr__(self, name: str) -> Any: ...

else:

    class Family(ABC):
        """A group of composites; ``self`` is a whole Backend."""
