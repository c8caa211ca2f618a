"""The measure of prose that `make lint` applies, on a checkout of a few made-up files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import ROOT

DOCUMENT = """\
# What is counted?

Two here: what it holds, and What follows. Nobody reads `what` or ``a ` what`` or [it](what.md).

    what is in a block, after
    a blank line, is code

```
who is too
```
- who stands in a list
    is a word like any other
"""

SOURCE = '''\
"""Return what is asked."""  # what a comment says does not count


class Reader:
    """A reader.

        what(example)

    Closed at the end.
    """

    async def read(self) -> str:
        """Give it to whoever asks."""
        return "what"
'''

PAGE = """\
.TH WHAT 1
.B what
\\fBwhat\\fR is printed, and what is not.
.EX
$ who
.EE
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in {"docs/a/b.md": DOCUMENT, "allocfs/c.py": SOURCE, "man/d.1": PAGE}.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def prose(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [ROOT / "tools/prose", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_clauses_are_counted_outside_of_code(checkout: Path) -> None:
    shown = prose("--files", checkout)
    rows = [line.split(maxsplit=3) for line in shown.stdout.splitlines()[1:]]
    counted = {name: (float(what), float(who), int(words)) for what, who, words, name in rows}
    assert {
        name: (round(what * words / 1000), round(who * words / 1000), words)
        for name, (what, who, words) in counted.items()
    } == {
        "allocfs/c.py": (1, 1, 15),
        "docs/a/b.md": (2, 2, 27),
        "man/d.1": (1, 0, 6),
        "docstrings": (1, 1, 15),
        "documents": (3, 2, 33),
        "docstrings and documents": (4, 3, 48),
    }
    assert shown.returncode == 1


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("word " * 1000 + "what what", 0),
        ("word " * 1000 + "who", 0),
        ("word " * 997 + "what what what", 1),
        ("word " * 999 + "somebody", 1),
        ("", 0),
    ],
)
def test_a_rate_at_its_limit_fails(tmp_path: Path, text: str, status: int) -> None:
    (tmp_path / "README.md").write_text(text)
    shown = prose("--quiet", tmp_path)
    assert shown.returncode == status
    assert len(shown.stdout.splitlines()) == 1
