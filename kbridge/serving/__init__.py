"""Models behind HTTP: TensorFlow Serving's REST API, the Open Inference Protocol, and a page for people.

``create_app`` gives an ASGI application for people who have a server already; ``kbridge serve`` runs one. The extra
``serve`` installs what it needs: Starlette (routing and responses), uvicorn (the server), orjson (JSON with arrays)
and prometheus-client (metrics).
"""

from __future__ import annotations

from typing import Any

__all__ = ["create_app"]


def create_app(models: dict[str, str], **settings: Any) -> Any:
    """An ASGI application that answers for models.

    Args:
        models: name -> path of a model file, or of a folder whose sub-folders or files are named by version numbers.
        **settings: fields of :class:`kbridge.serving.settings.Settings`: ``max_batch``, ``max_wait_ms``, ``token`` ...

    Returns:
        A Starlette application. The models are loaded when it starts (ASGI's lifespan), or at the first request if it is mounted in
        another application.

    Raises:
        ImportError: the packages of the extra ``serve`` aren't there; the message names it.
        UsageError: a setting that can't be.
    """
    from .app import application
    from .settings import Settings

    return application(Settings(models=dict(models), **settings))
