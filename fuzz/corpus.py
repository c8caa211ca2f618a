"""The corpus: inputs that each reach code of their own, one a line, written as Python bytes."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

CORPUS = Path(__file__).parent.parent / "tests" / "data" / "fuzz"


def inputs(parser: str) -> list[bytes]:
    """Return the inputs kept for a parser."""
    path = CORPUS / f"{parser}.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [ast.literal_eval(line) for line in lines]


def keep(parser: str, found: Iterable[bytes]) -> int:
    """Keep these inputs, shortest first, and return how many there are."""
    distinct = sorted(set(found), key=lambda data: (len(data), data))
    (CORPUS / f"{parser}.txt").write_text("".join(f"{data!r}\n" for data in distinct))
    return len(distinct)
