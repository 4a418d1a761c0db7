"""The sub-commands of ``kbridge``, one a module: ``add_parser(subparsers)`` and ``run(args)``."""

#: sub-command (a module of this package, imported when it is called) -> what ``kbridge --help`` says of it
COMMANDS = {
    "info": "show settings and backends",
    "demo": "train a small network on handwritten digits",
    "config": "show or change keras.json",
    "install": "install the Theano backend, also on Python 3.12 and later",
    "parity": "check the backend functions on the backends that are installed",
    "run": "run a program for Keras 1 without changes",
    "compare": "find the layer that computes differently on another backend; or compare two model files",
    "inspect": "show what is in a model file, whether it is safe, and whether it will load",
    "predict": "print or write the answers of a model for pictures, tables and arrays",
    "serve": "serve models over HTTP, with a page to try them",
    "convert": "convert a model file for Keras 1, 2 or 3, or to ONNX",
}
