"""The page docs/architecture.md: its files, names and imports are those of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support import ROOT
from tests.test_import_order import ORDER, SOURCES, TOP, between_folders, graph_of

PAGE = (ROOT / "docs/architecture.md").read_text()
CODE = sorted(set(re.findall("`([^`\n]+)`", PAGE)))
C_SOURCE = (ROOT / "allocfs/fuse/_fuseops.c").read_text()

FILE = re.compile(r"[\w./-]+\.(?:py|c|md|h|8)|[a-z]+/")
FUNCTION = re.compile(r"(?:\w+\.)?\w+\(\)")
NAME = re.compile(r"[A-Z]\w+(?:\.\w+)?|_?[A-Z_]{3,}")


def defined(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """List the names that a module or a class defines, those of a class with its name."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield node.name
            yield from defined(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{prefix}{node.name}"
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (
                f"{prefix}{target.id}" for target in targets if isinstance(target, ast.Name)
            )


NAMES = {name for text in SOURCES.values() for name in defined(ast.parse(text).body)}
BARE = {name.rpartition(".")[2] for name in NAMES}


@pytest.mark.parametrize("file", [code for code in CODE if FILE.fullmatch(code)])
def test_a_file_of_the_page_exists(file: str) -> None:
    places = [ROOT / file, ROOT / "allocfs" / file]
    short = [path for path in (ROOT / "allocfs").rglob(file.strip("/")) if "/" not in file]
    assert any(place.exists() for place in places) or short


@pytest.mark.parametrize("name", [code for code in CODE if FUNCTION.fullmatch(code)])
def test_a_function_of_the_page_is_defined(name: str) -> None:
    plain = name.removesuffix("()")
    in_python = plain in NAMES or ("." not in plain and plain in BARE)
    outside = plain in ("poll", "stat")  # system calls
    assert in_python or outside or re.search(rf"\b{plain}\(", C_SOURCE)


@pytest.mark.parametrize("name", [code for code in CODE if NAME.fullmatch(code)])
def test_a_class_or_constant_of_the_page_is_defined(name: str) -> None:
    assert name in NAMES


def rooms() -> dict[str, set[str]]:
    """Read the table of rooms: the rooms that each one imports."""
    table = PAGE.split("## Rooms")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {
        name.removesuffix(".py").strip("/"): set()
        if "nothing" in imports
        else set(imports.strip().split(", "))
        for first, _, imports, _ in rows
        for name in re.findall("`([^`]+)`", first)
    }


def test_the_table_has_the_rooms_in_their_order_with_their_imports() -> None:
    table = rooms()
    assert list(table) == [room for room in ORDER if room != "__init__"]
    graph = between_folders(graph_of(SOURCES))
    needed = {room: graph[room] - {*TOP} for room in table}
    assert table == needed
