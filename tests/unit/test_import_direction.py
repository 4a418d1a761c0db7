"""Imports at the top of a module point one way; where a method of the API reaches up, it imports inside, and stands here."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2] / "kbridge"

#: The rooms from below to above: a module imports its own room and those before it.
ROOMS = [
    ["_version", "errors", "config", "cores", "extras", "files", "budget"],
    ["backends", "backend"],
    [
        "utils",
        "activations",
        "initializations",
        "initializers",
        "regularizers",
        "constraints",
        "objectives",
        "losses",
        "metrics",
        "optimizers",
    ],
    ["operations", "ops", "random"],
    ["engine"],
    ["layers"],
    ["models", "training", "callbacks"],
    ["formats"],
    ["saving"],
    [
        "applications",
        "convert",
        "comparison",
        "compat",
        "inspection",
        "conformance",
        "wrappers",
        "testing",
        "preprocessing",
        "datasets",
        "as_keras",
        "custom_file",
        "later_keras",
    ],
    ["prediction"],
    ["serving"],
    ["commands", "cli", "__main__", "distributed"],
]

#: Modules that exist for the import paths of Keras 1 or of earlier versions: they belong to the room of what they give.
DOORS = {
    "kbridge.engine.training": "training",
    "kbridge.layers.containers": "models",
    "kbridge.utils.test_utils": "testing",
    "kbridge.backends.optable": "conformance",
    "kbridge.backends.parity": "conformance",
}

#: What still points up at the top of a module, and why.
KNOWN: dict[tuple[str, str], str] = {}

#: Where the API itself reaches up, inside a function.
REACHING_UP = {
    ("kbridge.engine.container_files", "kbridge.saving"): "save, load_weights, to_json ... are methods",
    ("kbridge.engine.merge", "kbridge.saving"): "functions in configs",
    ("kbridge.engine.registry", "kbridge.saving"): "functions in configs",
    ("kbridge.layers.core.lambda_layer", "kbridge.saving"): "functions in configs",
    ("kbridge.models", "kbridge.saving"): "models.load_model and others are names of Keras 1",
    ("kbridge.utils.io_utils", "kbridge.saving"): "save_array and load_array are names of Keras 1",
    ("kbridge.utils.layer_utils", "kbridge.layers"): "all layers are names of Keras 1's module",
    ("kbridge.utils.layer_utils", "kbridge.models"): "all models are names of Keras 1's module",
    ("kbridge.utils.layer_utils", "kbridge.engine"): "layer_from_config is a name of Keras 1's module",
    ("kbridge.saving.keras2.training", "kbridge.convert"): "which layers drop masks",
    ("kbridge.saving.keras3.masks", "kbridge.convert"): "which masks reach a layer",
    ("kbridge.saving.model", "kbridge.convert"): "saving as Keras 3 is a conversion",
    ("kbridge.saving.weights", "kbridge.convert"): "saving as Keras 3 is a conversion",
    ("kbridge.formats.*", "kbridge.convert"): "what a layer's format out is written with",
    ("kbridge.formats.*", "kbridge.saving"): "what a layer's format in is read with",
}


def modules():
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def targets(name, path, node):
    """The modules of kbridge that an import statement names."""
    if isinstance(node, ast.Import):
        named = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        parts = package.split(".")
        base = ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])]) if node.level else node.module
        named = [f"{base}.{alias.name}" if f"{base}.{alias.name}" in MODULES else base for alias in node.names]
    else:
        named = []
    return {target for target in named if target in MODULES and target != name}


def at_the_top(body):
    """The statements that run when a module is imported, without those for type checkers."""
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        for inner in ("body", "orelse", "handlers", "finalbody"):
            if isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef, ast.ExceptHandler)):
                yield from at_the_top(getattr(node, inner, []))


def for_type_checkers(tree):
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    return {inner for node in tests for inner in ast.walk(node)}


def imports(name):
    """(what a module imports when it is imported, what its functions import)."""
    path = MODULES[name]
    tree = ast.parse(path.read_text(encoding="utf8"))
    top = {target for node in at_the_top(tree.body) for target in targets(name, path, node)}
    typed = for_type_checkers(tree)
    everywhere = {target for node in ast.walk(tree) if node not in typed for target in targets(name, path, node)}
    return top, everywhere - top


IMPORTS = {name: imports(name) for name in MODULES}


def rank(name):
    room = DOORS.get(name) or (name.split(".")[1] if "." in name else None)
    return next((number for number, rooms in enumerate(ROOMS) if room in rooms), None)


def upward(kind):
    for name, found in IMPORTS.items():
        for target in found[kind]:
            if rank(name) is not None and rank(target) is not None and rank(target) > rank(name):
                yield name, target


def listed(pair, table):
    """Whether a row of ``table`` allows it; 'room.*' stands for all modules of a room."""
    return any(
        (name == pair[0] or name[-1] == "*" and pair[0].startswith(name[:-1])) and (pair[1] + ".").startswith(target + ".")
        for name, target in table
    )


def test_every_module_has_a_room():
    assert not [name for name in MODULES if "." in name and rank(name) is None]


def test_imports_at_the_top_point_one_way():
    assert not [pair for pair in upward(0) if not listed(pair, KNOWN)]


def test_where_functions_reach_up_is_listed_and_no_more_is_listed():
    found = set(upward(1))
    assert not [pair for pair in found if not listed(pair, REACHING_UP)]
    assert not [row for row in REACHING_UP if not any(listed(pair, [row]) for pair in found)]
    assert not [row for row in KNOWN if not any(listed(pair, [row]) for pair in upward(0))]


def cycles(graph):
    """The sets of modules that import each other, by Kosaraju's method."""
    order, seen = [], set()
    for start in graph:
        stack = [(start, iter(sorted(graph[start])))]
        if start in seen:
            continue
        seen.add(start)
        while stack:
            name, rest = stack[-1]
            following = next((target for target in rest if target not in seen), None)
            if following is None:
                order.append(name)
                stack.pop()
            else:
                seen.add(following)
                stack.append((following, iter(sorted(graph[following]))))
    backward = {name: [] for name in graph}
    for name, found in graph.items():
        for target in found:
            backward[target].append(name)
    groups, placed = [], set()
    for start in reversed(order):
        group, stack = [], [start]
        while stack:
            name = stack.pop()
            if name not in placed:
                placed.add(name)
                group.append(name)
                stack += backward[name]
        if len(group) > 1:
            groups.append(sorted(group))
    return groups


def test_no_modules_import_each_other():
    assert cycles({name: found[0] for name, found in IMPORTS.items()}) == []


def test_no_modules_of_the_numpy_backend_import_each_other_in_functions_either():
    room = "kbridge.backends.numpy"
    graph = {name: {t for t in found[0] | found[1] if t.startswith(room)} for name, found in IMPORTS.items() if name.startswith(room)}
    # Tensor.eval, a method of the API, reaches up
    graph[f"{room}.graph"].remove(f"{room}.executor.function")
    assert cycles(graph) == []


@pytest.mark.parametrize(
    ("graph", "expected"),
    [({"a": ["b"], "b": ["c"], "c": []}, []), ({"a": ["b"], "b": ["c"], "c": ["a"], "d": ["a"]}, [["a", "b", "c"]])],
)
def test_cycles_are_found(graph, expected):
    assert cycles(graph) == expected
