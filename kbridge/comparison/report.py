"""The result of a comparison: differences for each layer, where they begin and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from .difference import Difference, difference, together

#: names of the learning phases 0 and 1
PHASES = ("inference", "training")

Arrays = dict[str, np.ndarray]


def _named(*keys: str) -> tuple[str, ...]:
    """How the names of arrays begin that are one of ``keys``, in any phase."""
    return tuple(f"{phase}/{key}" for phase in PHASES for key in keys)


@dataclass
class Own:
    """A backend's own error in a layer that runs alone, measured from float64 on the same input and gradient."""

    output: Difference
    #: with respect to inputs and weights
    gradient: Difference
    #: which of the two is within tolerance in inference, so that it goes wrong in training alone
    only_in_training: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the backend computes this layer within tolerance."""
        return self.output.ok and self.gradient.ok


@dataclass
class Row:
    """One call of a layer on all backends; ``gradient`` and ``weights``: of the loss, None where it has none."""

    index: int
    name: str
    class_name: str
    sources: list[int]
    positions: list[int]
    shape: list[int]
    output: Difference
    gradient: Difference | None
    weights: Difference | None
    #: how far the layer's weights are apart after training, if that was asked for
    trained: Difference | None = None
    #: backend -> its own error here; empty where all agree, and for inputs
    own: dict[str, Own] = field(default_factory=dict)

    @classmethod
    def of(
        cls, index: int, fact: dict, found: dict[str, Arrays], atol: float, rtol: float, jumps: Mapping[str, float] | None = None
    ) -> Row:
        """From what each backend computed; ``jumps``: what is tolerated besides, by an array's name."""
        backends = list(found.values())
        output, gradient, weights = (
            together(backends, _named(f"{kind}/{index}/"), atol, rtol, jumps) for kind in ("output", "gradient", "weight")
        )
        shape = next(backends[0][name].shape for name in _named(f"output/{index}/0") if name in backends[0])
        sources, positions = fact["sources"], fact["positions"]
        return cls(index, fact["name"], fact["class_name"], sources, positions, list(shape), output or Difference(), gradient, weights)

    @property
    def off(self) -> list[str]:
        """The parts that are out of tolerance: 'output', 'gradient', 'weights' (their gradient), 'trained' (weights)."""
        parts = {"output": self.output, "gradient": self.gradient, "weights": self.weights, "trained": self.trained}
        return [name for name, d in parts.items() if d is not None and not d.ok]

    @property
    def ok(self) -> bool:
        """Whether all is within tolerance."""
        return not self.off

    @property
    def jumps(self) -> bool:
        """Whether gradients or training jump here, and are tolerated for that alone."""
        return any(d is not None and d.jump for d in (self.gradient, self.weights, self.trained))

    @property
    def wrong(self) -> list[str]:
        """Backends that go wrong in this layer by themselves."""
        return [backend for backend, own in self.own.items() if not own.ok]


@dataclass
class Cause:
    """Why backends differ: a layer where some go wrong by themselves, or the first to which error was carried."""

    layer: str
    class_name: str
    #: 'output', 'gradient'
    kind: str
    #: backend -> largest distance from float64: of the layer alone, or, if no backend is wrong by itself, of the whole run
    errors: dict[str, float]
    #: those wrong by themselves; none if error was carried
    backends: list[str]
    #: whether all backends but the judge's are
    judge_alone: bool = False
    #: whether they are right in inference
    only_in_training: bool = False

    def __str__(self) -> str:
        measured = ", ".join(f"{backend} {error:.1e}" for backend, error in self.errors.items())
        where = f"{self.layer} ({self.class_name})"
        if not self.backends:
            return (
                f"{where}: this {self.kind} is the first out of tolerance, but each layer alone is within tolerance: small differences add up. "
                f"Distance from float64: {measured}."
            )
        phase = " in training" if self.only_in_training else ""
        doubt = " All backends except NumPy agree, and NumPy is the reference, so NumPy itself may be wrong." if self.judge_alone else ""
        return (
            f"{where}: its {self.kind} is wrong on {', '.join(self.backends)}{phase}, from the same input. "
            f"Distance of the layer alone from float64: {measured}.{doubt}"
        )


@dataclass
class Comparison:
    """The result of ``kbridge.compare``. ``str`` gives the table that the command prints.

    Attributes:
        title: the model's name or path.
        backends: the names of the backends.
        layers: a ``Row`` for each call of a layer.
        atol: the absolute tolerance.
        rtol: the relative tolerance.
        left_out: backends that would have been compared, but aren't installed.
        losses: the loss on each backend, before training.
        predictions: how far the outputs are apart.
        loss_difference: how far the losses are apart.
        loss_own: each backend's own error in the loss, where backends differ.
        causes: the layers in which differences begin.
        train_losses: the loss of each training step on each backend.
        train_loss_difference: how far these losses are apart; None without training.
        trained: how far all weights are apart after training; None without training.
    """

    title: str
    backends: list[str]
    layers: list[Row]
    atol: float
    rtol: float
    #: backends that would have been compared, but aren't installed
    left_out: list[str] = field(default_factory=list)
    #: backend -> loss, before training
    losses: dict[str, float] = field(default_factory=dict)
    predictions: Difference = field(default_factory=Difference)
    loss_difference: Difference = field(default_factory=Difference)
    #: backend -> its own error in the loss, where backends differ
    loss_own: dict[str, Own] = field(default_factory=dict)
    #: outputs in graph order, then gradients against it
    causes: list[Cause] = field(default_factory=list)
    #: backend -> loss of each training step
    train_losses: dict[str, list[float]] = field(default_factory=dict)
    train_loss_difference: Difference | None = None
    #: of all weights after training
    trained: Difference | None = None

    @property
    def ok(self) -> bool:
        """Whether everything is within tolerance."""
        ends = (self.predictions, self.loss_difference, self.train_loss_difference, self.trained)
        return all(row.ok for row in self.layers) and all(d is None or d.ok for d in ends)

    @property
    def first_output(self) -> Row | None:
        """The first layer in graph order whose output is out of tolerance."""
        return next((row for row in self.layers if not row.output.ok), None)

    @property
    def first_gradient(self) -> Row | None:
        """The first layer against graph order of whose output or weights the gradient is out of tolerance."""
        return next((row for row in reversed(self.layers) if {"gradient", "weights"} & set(row.off)), None)

    def add_ends(self, found: dict[str, Arrays]) -> None:
        """Compare predictions and losses in ``found``, arrays by their names for each backend."""
        backends = list(found.values())
        self.losses = {backend: float(arrays[f"{PHASES[0]}/loss"]) for backend, arrays in found.items()}
        self.predictions = together(backends, _named("prediction/"), self.atol, self.rtol) or Difference()
        self.loss_difference = together(backends, _named("loss"), self.atol, self.rtol) or Difference()

    def tolerate(self, found: dict[str, Arrays], jumps: Mapping[str, float]) -> None:
        """Measure the layers anew from ``found``, arrays by their names for each backend, with the gradients' ``jumps`` tolerated."""
        for i, row in enumerate(self.layers):
            fact = {"name": row.name, "class_name": row.class_name, "sources": row.sources, "positions": row.positions}
            self.layers[i] = Row.of(row.index, fact, found, self.atol, self.rtol, jumps)

    def add_owns(self, right: Arrays, alone: dict[str, Arrays], jumps: Mapping[str, float]) -> None:
        """``right`` and ``alone``: layers alone in float64 and on the backends; ``jumps``: what is tolerated besides."""

        def own_errors(key: str) -> dict[str, Own]:
            parts = {"output": ("output/" + key,), "gradient": ("gradient/" + key, "weight/" + key)}
            found = {}
            for backend, arrays in alone.items():
                measured = {}
                for phases in (PHASES, PHASES[:1]):
                    names = {kind: tuple(f"{phase}/{k}" for phase in phases for k in keys) for kind, keys in parts.items()}
                    measured[phases] = {
                        kind: together([right, arrays], n, self.atol, self.rtol, jumps) or Difference() for kind, n in names.items()
                    }
                both, inference = measured[PHASES], measured[PHASES[:1]]
                found[backend] = Own(**both, only_in_training=[kind for kind in both if inference[kind].ok and not both[kind].ok])
            return found

        for row in self.layers:
            if row.sources:
                row.own = own_errors(f"{row.index}/")
        self.loss_own = own_errors("loss/")

    @property
    def gradients_alone_off(self) -> bool:
        """Whether any backend computes the gradient of a layer alone out of tolerance, but its output within."""
        owns = [own for row in self.layers for own in row.own.values()] + list(self.loss_own.values())
        return any(own.output.ok and not own.gradient.ok for own in owns)

    def add_causes(self, judge: Arrays, found: dict[str, Arrays]) -> None:
        """After ``add_owns``; ``judge`` and ``found``: the whole run in float64 and on the backends."""
        owns = [(row.name, row.class_name, row.own) for row in self.layers if row.own] + [("loss", "of the predictions", self.loss_own)]
        for kind in ("output", "gradient"):
            ordered = owns if kind == "output" else owns[::-1]
            made = [cause for cause in (self._own_cause(kind, *item) for item in ordered) if cause]
            first = self.first_output if kind == "output" else self.first_gradient
            if made or first is None:
                self.causes += made
            else:
                parts = ("output",) if kind == "output" else ("gradient", "weight")
                keys = _named(*(f"{part}/{first.index}/" for part in parts))
                errors = {e: (together([judge, a], keys, self.atol, self.rtol) or Difference()).abs for e, a in found.items()}
                self.causes.append(Cause(first.name, first.class_name, kind, errors, []))

    def _own_cause(self, kind: str, name: str, class_name: str, own: dict[str, Own]) -> Cause | None:
        errors: dict[str, Difference] = {backend: getattr(error, kind) for backend, error in own.items()}
        wrong = [backend for backend, d in errors.items() if not d.ok]
        if not wrong:
            return None
        judge_alone = len(self.backends) > 2 and wrong == [e for e in self.backends if e != "numpy"]
        only_in_training = all(kind in own[backend].only_in_training for backend in wrong)
        return Cause(name, class_name, kind, {e: d.abs for e, d in errors.items()}, wrong, judge_alone, only_in_training)

    def add_training(self, weights: dict[str, Arrays], jumps: Mapping[str, float]) -> None:
        """``weights``: backend -> weights after training by 'layer/number'; ``jumps``: what is tolerated besides."""
        backends = list(weights.values())
        self.trained = together(backends, ("",), self.atol, self.rtol, jumps) or Difference()
        self.train_loss_difference = difference([np.array(v) for v in self.train_losses.values()], self.atol, self.rtol)
        for row in self.layers:
            own = [{n: w for n, w in arrays.items() if n.rpartition("/")[0] == row.name} for arrays in backends]
            row.trained = together(own, ("",), self.atol, self.rtol, jumps)

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values; infinities and NaN are texts, which JSON can hold."""
        found = asdict(self)
        for row, values in zip(self.layers, found["layers"], strict=True):
            values |= {"ok": row.ok, "off": row.off}
        for cause, values in zip(self.causes, found["causes"], strict=True):
            values["text"] = str(cause)
        first = {"first_output": self.first_output, "first_gradient": self.first_gradient}
        return plain({"ok": self.ok, **{key: row and row.name for key, row in first.items()}, **found})

    def to_json(self) -> str:
        """As JSON."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def to_html(self) -> str:
        """As one self-contained page."""
        from .page import page

        return page(self)

    def __str__(self) -> str:
        from .table import table

        return table(self)


def plain(value: Any) -> Any:
    """``value`` for JSON: infinities and NaN as texts, tuples as lists."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value
