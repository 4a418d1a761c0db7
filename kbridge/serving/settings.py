"""The settings of a server when it starts."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from ..prediction.pictures import Fitting

#: the environment variable by which worker processes get the settings
VARIABLE = "KBRIDGE_SERVE"
#: the environment variable with the file that a worker process makes if its models can't be read
FAILED = "KBRIDGE_SERVE_FAILED"


@dataclass(frozen=True)
class Settings:
    """Settings of a server.

    Attributes:
        models: name -> path of a model file, or of a folder of numbered versions.
        labels: name -> path of a text file with a class name a line.
        max_batch: rows that are predicted together at most; 1 switches batching off.
        max_wait_ms: milliseconds that the first request of a batch waits for others. With 0 a batch is what came while the
            last one was computed.
        queue: requests that may wait for a model; more are answered with 503.
        max_bytes: bytes of a request's body.
        max_values: numbers in a request.
        timeout: seconds after which a request is given up.
        token: what requests must carry as ``Authorization: Bearer``; None: nothing.
        hosts: names under which the server may be asked, against pages that rebind a name to this machine; empty: any.
        log: 'text' or 'json': lines of the log.
        poll: seconds between looks at the models' files; 0: they are read once.
        fit, interpolation, scaling, scale, shift: how pictures get a model's size and values, as for ``kbridge predict``.
        custom: a Python file that defines the models' own layers and functions; it is run.
    """

    models: dict[str, str]
    labels: dict[str, str] = field(default_factory=dict)
    max_batch: int = 32
    max_wait_ms: float = 0.0
    queue: int = 1024
    max_bytes: int = 2**26
    max_values: int = 2**24
    timeout: float = 60.0
    token: str | None = None
    hosts: tuple[str, ...] = ()
    log: str = "text"
    poll: float = 2.0
    fit: str = "stretch"
    interpolation: str = "nearest"
    scaling: str | None = None
    scale: float = 1.0
    shift: float = 0.0
    custom: str | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise UsageError("A server needs at least one model.")
        for name in self.models:
            if not name or any(c in name for c in "/:?#%") or name.isspace():
                raise UsageError(
                    f"{name!r} can't be the name of a model, because it is part of the address: use only letters, digits, '-', '_' and '.'."
                )
        for name in ("max_batch", "queue", "max_bytes", "max_values"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} must be at least 1, got {getattr(self, name)}.")
        for name in ("max_wait_ms", "poll"):
            if getattr(self, name) < 0:
                raise UsageError(f"{name} must be at least 0, got {getattr(self, name)}.")
        if self.timeout <= 0:
            raise UsageError(f"timeout must be above 0 seconds, got {self.timeout}.")
        unknown = [name for name in self.labels if name not in self.models]
        if unknown:
            raise UsageError(f"There are labels for {unknown[0]!r}, but no model with this name; the models are {', '.join(self.models)}.")

    def fitting(self) -> Fitting:
        """How pictures get a model's size and values. Imported here: the process that starts workers needs no backend."""
        from ..prediction.pictures import Fitting
        from ..prediction.scaling import Scaling

        return Fitting(self.fit, self.interpolation, Scaling(self.scaling, self.scale, self.shift))

    def to_json(self) -> str:
        """As a text for ``VARIABLE``."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """The settings of ``to_json``."""
        found = json.loads(text)
        return cls(**{**found, "hosts": tuple(found["hosts"])})
