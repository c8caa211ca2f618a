"""The corpus: one input a line as a Python bytes literal, each covering code that others do not."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "fuzz"


def inputs(parser: str) -> list[bytes]:
    """Return the inputs in the corpus of a parser."""
    path = CORPUS / f"{parser}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [ast.literal_eval(line) for line in lines]


def keep(parser: str, found: Iterable[bytes]) -> int:
    """Replace the corpus of a parser, shortest inputs first; return its number of inputs."""
    distinct = sorted(set(found), key=lambda data: (len(data), data))
    (CORPUS / f"{parser}.txt").write_text("".join(f"{data!r}\n" for data in distinct))
    return len(distinct)
