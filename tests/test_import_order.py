"""Imports go one way: each room imports itself and the rooms before it, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "allocfs"
TOP = "__init__ errors units clock logs descriptor wholefiles programs".split()
MODEL = "tags formats reports kernel backend query moments vfs".split()
ORDER = [*TOP, *MODEL, *"fuse mount client screen compare cli demo".split()]
FACADE = {"allocfs.vfs.filesystem", "allocfs.vfs.nodes"}
"""All that fuse/ knows of the model."""

Graph = dict[str, set[str]]


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def imported(tree: ast.Module, modules: set[str]) -> Iterator[str]:
    """List the modules of the package that a module imports, at its top or in a function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in modules else node.module for name in full)


def graph_of(sources: dict[str, str]) -> Graph:
    modules = set(sources)
    found = {name: set(imported(ast.parse(text), modules)) for name, text in sources.items()}
    # The __init__ of a folder imports its own modules, so that `from folder import name` works.
    return {
        name: {other for other in targets if other in modules} - {name}
        for name, targets in found.items()
    }


def misdirected(graph: Graph) -> list[str]:
    """List the imports that go against the order, and those of fuse/ that pass the facade."""
    wrong = []
    for name, targets in graph.items():
        for target in targets:
            here, there = room_of(name), room_of(target)
            upward = ORDER.index(there) > ORDER.index(here)
            around = here == "fuse" and there in MODEL and target not in FACADE
            if (upward or around) and here != there:
                wrong.append(f"{name} imports {target}")
    return wrong


def between_folders(graph: Graph) -> Graph:
    rooms: Graph = {}
    for name, targets in graph.items():
        others = {room_of(target) for target in targets} - {room_of(name)}
        rooms.setdefault(room_of(name), set()).update(others)
    return rooms


SOURCES = {name_of(path): path.read_text() for path in PACKAGE.rglob("*.py")}


def test_each_room_has_a_place_in_the_order() -> None:
    assert {room_of(name) for name in SOURCES} == set(ORDER)


def test_imports_go_one_way() -> None:
    assert misdirected(graph_of(SOURCES)) == []


def test_there_is_no_circle_between_files_or_folders() -> None:
    graph = graph_of(SOURCES)
    TopologicalSorter(graph).prepare()
    TopologicalSorter(between_folders(graph)).prepare()


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("allocfs.tags.table", "from allocfs.backend.base import Backend"),
        ("allocfs.backend.base", "import allocfs.vfs.filesystem"),
        ("allocfs.query.language", "from allocfs.fuse import handler"),
        ("allocfs.fuse.operations", "from allocfs.vfs.tree import Tree"),
        ("allocfs.fuse.operations", "from allocfs.backend.base import Backend"),
    ],
)
def test_a_forbidden_import_is_found(module: str, line: str) -> None:
    graph = graph_of({**SOURCES, module: f"{SOURCES[module]}\n\ndef f():\n    {line}\n"})
    assert len(misdirected(graph)) == 1


def test_a_circle_between_files_is_found() -> None:
    line = "from allocfs.tags.slots import consecutive\n"
    graph = graph_of({**SOURCES, "allocfs.tags.table": f"{line}{SOURCES['allocfs.tags.table']}"})
    with pytest.raises(CycleError):
        TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("word", ["pyfuse3", "construct"])
def test_a_library_of_one_room_is_imported_there_alone(word: str) -> None:
    home = {"pyfuse3": {"fuse"}, "construct": {"formats", "kernel"}}[word]
    using = {
        room_of(name)
        for name, text in SOURCES.items()
        if any(line.startswith((f"import {word}", f"from {word}")) for line in text.splitlines())
    }
    assert using == home
