"""The rules of the code that a linter does not know, each over every module of the product."""

from __future__ import annotations

import ast
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import ROOT

BANNED_NAMES = frozenset({"found", "one", "told", "what", "seen", "wanted"})
"""Names that say nothing of the value; an attribute counts as well as a local."""
MAX_FUNCTION_LINES = 40
MAX_FILE_LINES = 300
MAX_POSITIONAL = 6
"""A call with more cannot be read without the signature beside it."""
LARGEST_CIRCLE = 3
"""Modules that all reach each other by imports, lazy and type-only ones counted."""


@dataclass(frozen=True)
class Source:
    """One module of the product."""

    path: str
    tree: ast.Module
    length: int

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def source(path: str, text: str) -> Source:
    """A module from its text."""
    return Source(path, ast.parse(text), text.count("\n"))


def product() -> list[Source]:
    """Every module of the engine and the console."""
    files = [path for top in ("engine", "tui") for path in sorted((ROOT / top).rglob("*.py"))]
    return [source(path.relative_to(ROOT).as_posix(), path.read_text()) for path in files]


SOURCES = product()


def nested_conditionals(module: Source) -> Iterator[str]:
    """Conditional expressions with another one as an operand."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.IfExp):
            operands = (node.test, node.body, node.orelse)
            if any(isinstance(operand, ast.IfExp) for operand in operands):
                yield f"{module.path}:{node.lineno}"


def banned_names(module: Source) -> Iterator[str]:
    """Arguments, locals, fields and functions with a name that says nothing."""
    for node in ast.walk(module.tree):
        for name in bound_names(node):
            if name in BANNED_NAMES:
                yield f"{module.path}:{getattr(node, 'lineno', 0)} {name}"


def bound_names(node: ast.AST) -> Iterator[str]:
    """The names that this node alone gives a value."""
    if isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        yield node.attr
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        yield node.name or ""


def long_functions(module: Source) -> Iterator[str]:
    """Functions of more than MAX_FUNCTION_LINES, from `def` to their end."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                yield f"{module.path}:{node.lineno} {node.name} has {length} lines"


def long_files(module: Source) -> Iterator[str]:
    """The module itself where it is longer than MAX_FILE_LINES."""
    if module.length > MAX_FILE_LINES:
        yield f"{module.path} has {module.length} lines"


def positional_calls(module: Source) -> Iterator[str]:
    """Calls with more than MAX_POSITIONAL positional arguments."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and len(node.args) > MAX_POSITIONAL:
            yield f"{module.path}:{node.lineno} {len(node.args)} arguments"


RULES = {
    rule.__name__: rule
    for rule in (nested_conditionals, banned_names, long_functions, long_files, positional_calls)
}

BROKEN = {
    "nested_conditionals": "limit = 1 if low else 2 if middle else 3\n",
    "banned_names": "def newest(runs):\n    found = runs[-1]\n    return found\n",
    "long_functions": "def plan():\n" + "    step()\n" * MAX_FUNCTION_LINES,
    "long_files": "step()\n" * (MAX_FILE_LINES + 1),
    "positional_calls": "Accuracy(1, 2, 3, 4, 5, 6, 7)\n",
}


@pytest.mark.parametrize("rule", RULES)
def test_the_product_keeps_the_rule(rule: str) -> None:
    """No module breaks the rule."""
    assert [place for module in SOURCES for place in RULES[rule](module)] == []


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_notices_a_break(rule: str) -> None:
    """A module that breaks the rule is named."""
    assert len(list(RULES[rule](source("engine/broken.py", BROKEN[rule])))) >= 1


def public_classes(modules: Iterable[Source]) -> dict[str, list[str]]:
    """Where each public class name is defined at the top level of a module."""
    places = defaultdict(list)
    for module in modules:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(module.path)
    return places


def test_a_class_name_means_one_thing() -> None:
    """No two modules define a public class of the same name."""
    assert {name: at for name, at in public_classes(SOURCES).items() if len(at) > 1} == {}


def test_a_second_class_of_a_name_is_noticed() -> None:
    """Two modules with one class name are both listed."""
    twice = [source(f"engine/{name}.py", "class Tail: ...\n") for name in ("a", "b")]

    assert public_classes(twice) == {"Tail": ["engine/a.py", "engine/b.py"]}


def imports_of(module: Source, known: set[str]) -> set[str]:
    """The modules of the product that a module imports, in functions and for types too."""
    names = set()
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    nearest = {name if name in known else name.rpartition(".")[0] for name in names}
    return (nearest & known) - {module.name}


def import_graph(modules: Sequence[Source]) -> dict[str, set[str]]:
    """By module the modules of the product that it imports."""
    known = {module.name for module in modules}
    return {module.name: imports_of(module, known) for module in modules}


def circles(modules: Sequence[Source]) -> Iterator[set[str]]:
    """For each module the modules that it reaches by imports and that reach it."""
    imports = import_graph(modules)
    reached = {name: _reachable(name, imports) for name in imports}
    for name in imports:
        yield {other for other in reached[name] if name in reached[other]}


def _reachable(start: str, imports: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        fresh = imports[waiting.pop()] - reached
        reached |= fresh
        waiting.extend(fresh)
    return reached


def test_no_large_circle_of_imports() -> None:
    """At most three modules reach each other by imports."""
    assert [circle for circle in circles(SOURCES) if len(circle) > LARGEST_CIRCLE] == []


def test_a_circle_is_noticed() -> None:
    """A lazy import closes a circle as a plain one does."""
    names = "abcd"
    ring = [
        source(f"tui/{name}.py", f"def go():\n    from tui import {names[at - 3]}\n")
        for at, name in enumerate(names)
    ]

    assert max(map(len, circles(ring))) == 4


def test_the_console_opens_from_few_files() -> None:
    """At the root of the console stands only what opens it."""
    assert len(list((ROOT / "tui").glob("*.py"))) <= 6


TESTED_THROUGH: dict[str, str] = tomllib.loads((ROOT / "tests/module_tests.toml").read_text())
"""Modules without a test file of their own name: the test file through which each is run."""


def own_tests(module: Source) -> Path:
    """Where the tests of a module belong."""
    path = Path(module.path)
    inside = path.parts[1:] if path.parts[0] == "engine" else path.parts
    return ROOT / "tests" / Path(*inside[:-1]) / f"test_{path.name}"


def without_own_tests() -> set[str]:
    """Modules that no test file is named after."""
    modules = [module for module in SOURCES if not module.path.endswith("__.py")]
    return {module.path for module in modules if not own_tests(module).exists()}


def test_each_module_has_its_tests() -> None:
    """Each module has a test file of its own name, or stands in the list with another one."""
    assert without_own_tests() == TESTED_THROUGH.keys()


def named_in_texts(module: Source, known: set[str]) -> set[str]:
    """The modules that a module names in a text, as tables of commands and process lines do."""
    constants = (node for node in ast.walk(module.tree) if isinstance(node, ast.Constant))
    return {str(constant.value).partition(":")[0] for constant in constants} & known


def reach_graph() -> dict[str, set[str]]:
    """By module of the product or of the tests: those that it imports or starts by name."""
    tests = [
        source(path.relative_to(ROOT).as_posix(), path.read_text())
        for path in sorted((ROOT / "tests").rglob("*.py"))
    ]
    modules = [*SOURCES, *tests]
    known = {module.name for module in modules}
    return {
        module.name: imports_of(module, known) | named_in_texts(module, known) for module in modules
    }


REACHES = reach_graph()


@pytest.mark.parametrize("path", sorted(TESTED_THROUGH))
def test_the_listed_tests_reach_the_module(path: str) -> None:
    """The test file that is named imports or starts the module, or something that does."""
    tests = source(TESTED_THROUGH[path], "").name

    assert source(path, "").name in _reachable(tests, REACHES)


def wide_ignores(filters: Sequence[str]) -> list[str]:
    """The filters of warnings that ignore more than one message of one library."""
    parts = [(text, *text.split(":", 3), "", "", "") for text in filters]
    return [
        text
        for text, action, message, category, library, *_ in parts
        if action != "error" and not (len(message) > 20 and category and library)
    ]


def test_no_warning_is_ignored_but_a_named_one_of_a_library() -> None:
    """Each warning of a test is an error, but for single messages of single libraries."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    filters = project["tool"]["pytest"]["ini_options"]["filterwarnings"]
    assert filters[0] == "error"
    assert wide_ignores(filters) == []


@pytest.mark.parametrize(
    "wide", ["ignore", "ignore::ResourceWarning", "ignore:.*:DeprecationWarning:pandas", "default"]
)
def test_a_wide_ignore_is_noticed(wide: str) -> None:
    assert wide_ignores(["error", wide]) == [wide]
