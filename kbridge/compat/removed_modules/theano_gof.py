"""``theano.gof`` as it was up to Theano 1.0: the graph and what it is made of."""

from theano.graph import basic as graph
from theano.graph import fg, op, opt, toolbox, type, utils
from theano.graph.basic import Apply, Constant, Variable
from theano.graph.fg import FunctionGraph
from theano.graph.op import Op
from theano.graph.type import Generic, Type
from theano.graph.utils import MethodNotDefined

__all__ = [
    "Apply", "Constant", "FunctionGraph", "Generic", "MethodNotDefined", "Op", "Type", "Variable", "fg", "graph", "op", "opt", "toolbox", "type",
    "utils",
]  # fmt: skip
