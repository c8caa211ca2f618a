"""The exceptions: the table at the top of their module is that of the classes and numbers."""

from __future__ import annotations

import errno
import re

import pytest

from allocfs import errors
from allocfs.errors import AllocfsError
from allocfs.fuse.handler import ERRNO, errno_of

CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, AllocfsError)
}
WORD = re.compile(r"\b([A-Z][a-z]\w+)(?: \((E[A-Z]+)\b)?")
INDENT = 4


def table() -> list[tuple[str, str, str]]:
    """Read the table: class, base class, and the name of its number or nothing."""
    text = (errors.__doc__ or "").split("\n\n")[1]
    rows, above = [], [""]
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip())) // INDENT
        del above[depth + 1 :]
        found = [match.groups("") for match in WORD.finditer(re.sub(r"\(a .*?\)", "", line))]
        rows += [(name, above[depth], number) for name, number in found]
        above.append(found[-1][0])
    return rows


def test_the_table_has_every_exception_once() -> None:
    assert sorted(name for name, *_ in table()) == sorted(CLASSES)


@pytest.mark.parametrize(("name", "base", "number"), table())
def test_a_row_has_the_base_class_and_the_number_of_an_exception(
    name: str, base: str, number: str
) -> None:
    kind = CLASSES[name]
    if base:
        assert kind.__bases__ == (CLASSES[base],)
    if number:
        assert ERRNO[kind] == getattr(errno, number)
    else:
        assert kind not in ERRNO


@pytest.mark.parametrize("kind", ERRNO)
def test_no_row_of_the_numbers_is_hidden_by_one_above_it(kind: type[AllocfsError]) -> None:
    assert errno_of("read", kind.__new__(kind)) == ERRNO[kind]
