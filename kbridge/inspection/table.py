"""The facts of a model file as a text for people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ..saving.functions import custom_name
from ..saving.keras2.values import bare_name


def as_text(facts: dict[str, Any]) -> str:
    """Return the text that ``kbridge inspect`` prints for ``facts``, which ``inspect_file`` gave."""
    lines = [*_head(facts), "", *_layers(facts["layers"])]
    if facts["kind"] != "architecture":
        lines.append("")
        lines.append(
            f"{facts['parameters']:,} parameters in {_counted(facts['arrays'], 'array')} ({', '.join(facts['dtypes']) or 'none'}, "
            f"{size_text(facts['weights_bytes'])})"
        )
    lines += [*_training(facts), *_functions(facts), *_verdict(facts)]
    if "statistics" in facts:
        lines += ["", *_statistics(facts["statistics"])]
    return "\n".join(lines)


def _head(facts: dict) -> list[str]:
    kind = {"model": "a model with weights", "weights": "weights alone", "architecture": "an architecture without weights"}
    lines = [f"{facts['file']}: {kind[facts['kind']]}, {size_text(facts['size'])}"]
    version = facts["keras_version"] or "not stated"
    by = f", by kbridge {facts['kbridge_version']}" if facts.get("kbridge_version") else ""
    lines.append(f"Keras version  {version}{by}")
    if facts.get("written_on"):
        lines.append(f"backend        {facts['written_on']}")
    if "kernels" in facts:
        kernels = facts["kernels"]
        turned = "; convolution kernels are flipped when it is loaded" if kernels["flipped"] else ""
        lines.append(f"kernels        as on {kernels['backend']}: {kernels['reason']}{turned}")
    if facts["class_name"]:
        lines.append(f"model          {facts['class_name']}, {_counted(len(facts['layers']), 'layer')}")
    return lines


def _layers(rows: list[dict]) -> list[str]:
    table = []
    for row in rows:
        reads = ", ".join(row["inputs"])
        settings = row["settings"] + (f"{', ' if row['settings'] else ''}input {_shape(row['input_shape'])}" if row["input_shape"] else "")
        settings += "" if row["trainable"] else f"{', ' if settings else ''}not trainable"
        parameters = f"{row['parameters']:,}" if row["shapes"] else ""
        table.append(("  " * row["depth"] + row["name"], row["class_name"], settings, parameters, _shapes(row["shapes"]), reads))
    heads = ("layer", "class", "settings", "parameters", "weights", "reads")
    used = [i for i in range(len(heads)) if i == 0 or any(row[i] for row in table)]
    return columns([[row[i] for i in used] for row in [heads, *table]], right=[used.index(3)] if 3 in used else [])


def _shapes(shapes: list) -> str:
    """The shapes of a layer's weights; those that come again for each gate only once."""
    for period in range(1, len(shapes) // 2 + 1):
        times = len(shapes) // period
        if times > 2 and shapes[:period] * times == shapes:
            return f"{times} times " + " ".join(map(_shape, shapes[:period]))
    return " ".join(map(_shape, shapes))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _shape(shape: list) -> str:
    return "(" + ", ".join(str(n) for n in shape) + ")"


def _training(facts: dict) -> list[str]:
    training = facts["training"]
    if not training:
        return [] if facts["kind"] != "model" else ["not compiled: no optimizer, no loss"]
    state = (
        f"its state is stored ({_counted(training['optimizer_arrays'], 'array')}, {_counted(training['optimizer_values'], 'value')})"
        if training["optimizer_arrays"]
        else "no state stored"
    )
    if training["optimizer_arrays"] and not training["optimizer_named"]:
        stored = _counted(training["optimizer_arrays"], "array")
        state = f"which is Keras' default, since the file names none; the state in it ({stored}) isn't restored"
    settings = training["optimizer_settings"]
    told = []
    for key, value in settings.items() if isinstance(settings, dict) else ():
        if key != "name" and value is not None and value is not False:
            told.append(f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}")
    lines = [f"optimizer      {bare_name(training['optimizer'])}({', '.join(told)}), {state}"]
    for key in ("loss", "metrics", "loss_weights", "sample_weight_mode"):
        if training[key]:
            lines.append(f"{key:14} {training[key]}")
    return lines


def _functions(facts: dict) -> list[str]:
    """The functions of Lambda and Merge layers as expressions, or what stopped their reader."""
    lines = [""] if facts["functions"] else []
    for found in facts["functions"]:
        key = "" if found["key"] in ("function", "mode") else f" {found['key']}"
        text = found["text"] if found["text"] is not None else f"not read: {found['stopped']}"
        lines.append(f"function       {found['layer']}{key}: {shown(text)}")
    return lines


def shown(text: str) -> str:
    """A text of a file's, without what could steer a terminal, and not endlessly long."""
    clean = "".join(c if c.isprintable() else "?" for c in text)
    return clean if len(clean) <= 500 else clean[:497] + "..."


def _verdict(facts: dict) -> list[str]:
    lines = ["", "safe           yes: numbers and texts, no code"]
    if not facts["safe"]:
        lines[-1] = "safe           not for every program (kbridge never runs what a file holds):"
        lines += [f"  {problem}" for problem in facts["unsafe"]]
    lines += [f"  {note}" for note in facts["notes"]]
    if facts["loads"] is None:
        return [*lines, "loads here     into a model with these layers: model.load_weights"]
    needs = facts["needs"]
    given = [f"  {need['give'][-1]!r}: the {need['key']} of layer {need['layer']!r}{_also(need)}" for need in needs["functions"]]
    given += [f"  {name!r}: a layer class" for name in needs["classes"]]
    given += [f"  {name!r}: used by a layer" for name in needs["names"]]
    given += [f"  {name!r}: used in training (or load_model(..., compile=False))" for name in needs["training"]]
    if facts["problems"]:
        lines += ["loads here     no:", *(f"  {problem}" for problem in facts["problems"])]
    elif given:
        lines.append("loads here     with custom_objects:")
    else:
        lines.append("loads here     yes")
    if facts["not_restored"] and not facts["problems"]:
        given += ["not restored:", *(f"  {what}" for what in facts["not_restored"])]
    return lines + given


def _also(need: dict) -> str:
    own = custom_name(need["layer"], need["key"])
    return f"; or under the name {own!r}" if own != need["give"][-1] else ""


def _statistics(rows: list[dict]) -> list[str]:
    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.4g}"

    heads = ("layer", "weight", "shape", "dtype", "min", "mean", "max", "std", "NaN", "inf")
    table = [
        (
            row["layer"], row["weight"], _shape(row["shape"]), row["dtype"],
            *(number(row[key]) for key in ("min", "mean", "max", "std")), str(row["nan"]), str(row["inf"]),
        )
        for row in rows
    ]  # fmt: skip
    return columns([heads, *table], right=range(4, 10))


def columns(rows: Sequence[Sequence], right: Collection[int] = ()) -> list[str]:
    """Lines with aligned columns; those in ``right`` end together. Nothing that could steer a terminal gets through."""
    clean = [["".join(c if c.isprintable() else "?" for c in str(cell)) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in clean) for i in range(len(clean[0]))]
    return [
        "  ".join(f"{cell:>{w}}" if i in right else f"{cell:{w}}" for i, (cell, w) in enumerate(zip(row, widths))).rstrip() for row in clean
    ]


def size_text(size: int) -> str:
    """A number of bytes for people."""
    value = float(size)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1024
    return ""
