"""The sub-commands of ``kbridge``, one a module: ``add_parser(subparsers)`` and ``run(args)``."""
