"""Numbers and texts as categories: CategoryEncoding, Discretization, IntegerLookup, StringLookup, Hashing.

Texts are turned to numbers on the host (see ``engine/text_ids.py``); no string enters a backend.
"""

from __future__ import annotations

from .category_encoding import CategoryEncoding
from .discretization import Discretization
from .hashing import Hashing
from .integer_lookup import IntegerLookup
from .string_lookup import StringLookup

__all__ = ["CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "StringLookup"]
