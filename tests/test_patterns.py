"""Regular expressions that mean the same in every Python that is supported."""

from __future__ import annotations

import re

from tests.support import ROOT

POSSESSIVE_GROUP = re.compile(r"\)(?:[*+?]|\{[0-9,]+\})\+")


def test_no_group_is_repeated_possessively() -> None:
    """Python matches these wrongly before 3.11.5; an atomic group, (?>...), does the same."""
    assert POSSESSIVE_GROUP.search(r"(ab)++")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((ROOT / "allocfs").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if POSSESSIVE_GROUP.search(line)
    ]
    assert found == []
