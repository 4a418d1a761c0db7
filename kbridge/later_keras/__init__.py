"""``keras`` and ``tensorflow`` as files of ``--custom`` know them: names, arguments and defaults of Keras 2 and 3.

Classes that a program wrote for later Keras make layers (``layers.Dense(units=8, use_bias=False)``), draw (``keras.random``) and compute
(``keras.ops``, ``tf``). In such a file these names are here: a layer's class takes the arguments of later Keras and gives the layer of
kbridge, functions are those of the table of operations, all else is kbridge's own. Nothing outside of the file sees it:
``imports.importing`` is an ``__import__`` of the file alone.
"""

from .imports import importing

__all__ = ["importing"]
