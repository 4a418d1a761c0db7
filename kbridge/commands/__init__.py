"""The sub-commands of ``kbridge``, one a module: ``add_parser(subparsers)`` and ``run(args)``."""

#: sub-command (a module of this package, imported when it is called) -> what ``kbridge --help`` says of it
COMMANDS = {
    "info": "show settings and backends",
    "demo": "train a small network on handwritten digits",
    "config": "show keras.json, or change it",
    "install": "install Theano, also on Python 3.12 and later",
    "parity": "check every backend function on the backends installed here",
    "run": "run a Keras 1 program as it stands",
    "compare": "where does a model compute otherwise on another backend?",
    "inspect": "what is in a model file, is it safe, will it load?",
    "predict": "what a model answers for pictures, tables and arrays",
    "serve": "answer for models over HTTP, with a page to try them",
    "convert": "write a model for Keras 1, Keras 3 or ONNX",
}
