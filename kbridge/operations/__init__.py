"""Functions of tensors as data: a graph of named operations that any backend can compute, and the table of the names.

A layer such as TFOpLambda names an operation and its arguments; a Lambda's function is several of them in a row. Both are here a
``Graph``: inputs, calls of named operations, and a result. It can be written as JSON and read again, with bounds on what a file may
ask for; nothing in it is ever run as code, for every name is looked up in a table that is written in this package.

Build one
---------
::

    from kbridge.operations import Builder

    b = Builder(["x"])
    half = b.call("tf.math.truediv", b.inputs[0], 127.5)     # any name of the table; a Ref comes back
    graph = b.graph(b.call("operator.sub", half, 1))         # Graph; ``graph.run([tensor])`` computes it
    print(graph)                                             # x / 127.5 - 1

An argument is a ``Ref`` to an input or to an earlier result, a number, a text, None, Ellipsis, a slice, an array, or a list, tuple or dict
of these. What a call gives may be a tuple or list (``K.int_shape(x)``, ``tf.split``): the operation ``getitem`` takes parts of it. Calls whose
arguments hold no Ref and that are arithmetic of Python numbers are computed at once and give a number.

Names
-----
``resolve(name, args, kwargs)`` gives the operation, and the arguments by its own names; ``ModelFileError`` says which name or argument
isn't known. Names are looked up as programs write them: ``tf.math.add`` (also ``tensorflow...``, ``tf.compat.v1...``), ``np.abs``,
``K.mean`` (also ``keras.backend.mean``, ``keras.src.backend.mean``), ``keras.ops.mean`` (also ``keras.src.ops.numpy.mean`` and its classes
``keras.src.ops.numpy.Mean``), ``operator.add`` for Python's operators, and for methods and attributes of tensors
``tensor.astype`` (called with the tensor first) and ``tensor.shape``. ``knows(name)`` asks without an error, ``constant(name)`` gives the value of names that are
no functions (``np.pi``, ``tf.float32``, ``tf.image.ResizeMethod.BILINEAR``), or raises KeyError.

In files
--------
``graph.to_json()`` is a dict of JSON's types; ``Graph.from_json(data)`` checks it: own names of operations only, references only to what
comes before, no more than ``limits``. ``ModelFileError`` for all else.

What it computes
----------------
``graph.run(tensors)`` gives tensors of the backend in use (or a list of them), ``graph.output_shapes(shapes, dtypes)`` builds it on
placeholders and gives the shapes; ``graph.random`` says whether it draws numbers, ``graph.uses_phase`` whether it depends on the learning phase.

Add an operation
----------------
A function of K's tensors in the file of its family, decorated with the names that programs have for it; see ``names.operation``.
"""

from .graph import Builder, Call, Graph
from .names import Operation, constant, knows, resolve, table
from .values import Ref

__all__ = ["Builder", "Call", "Graph", "Operation", "Ref", "constant", "knows", "resolve", "table"]
