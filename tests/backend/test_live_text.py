"""The conditions under which the list of tags in a live text is accepted."""

from __future__ import annotations

import pytest

from allocfs.backend.passes import GIVE_UP, MOST_PASSES
from allocfs.backend.procfs import TextReader
from allocfs.errors import SourceFailed
from tests.support.source_fakes import text

ALL = ["", "xfs", "ext4"]


class Texts:
    """A reader that returns one text after the other, and then always the last."""

    def __init__(self, *texts: bytes) -> None:
        self.texts = list(texts)
        self.reads = 0

    def __call__(self, _path: str) -> bytes:
        self.reads += 1
        return self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]


def tags_in(live: TextReader) -> int:
    return len(live.read().table)


def test_a_list_that_is_new_has_to_be_read_twice() -> None:
    texts = Texts(text(ALL, 1))
    live = TextReader("x", texts)
    assert tags_in(live) == 109
    assert texts.reads == 2
    live.read()
    assert texts.reads == 3


def test_a_list_that_is_torn_by_a_module_going_is_not_believed() -> None:
    """The module xfs was unloaded between the reads of two pages, so 19 tags are missing."""
    order = ["xfs", "ext4", ""]
    lines = text(order, 1).splitlines(keepends=True)
    torn = b"".join(lines[:30] + lines[30 + 19 :])
    texts = Texts(text(order, 1), text(order, 2), torn, text(["ext4", ""], 4))
    live = TextReader("x", texts)
    assert tags_in(live) == 109
    listing = live.read()
    assert len(listing.table) == 90
    assert live.text == text(["ext4", ""], 4)
    assert texts.reads == 5


def test_a_list_that_was_torn_and_is_as_before_is_no_change() -> None:
    whole = text(ALL, 1)
    texts = Texts(whole, whole, b"".join(whole.splitlines(keepends=True)[:60]), whole)
    live = TextReader("x", texts)
    tags = [tags_in(live), tags_in(live)]
    assert tags == [109, 109]


def test_the_last_reliable_list_need_not_be_read_twice() -> None:
    """A module is loaded in every second pass, so no list is read twice in a row."""
    texts = Texts(text(ALL, 1), *[text(modules, 2) for modules in [ALL, ["", "ext4"]] * 10])
    live = TextReader("x", texts)
    first = live.read()
    for _ in range(8):
        assert live.read().table is first.table
    assert texts.reads == 2 + 8 * 2


def test_a_list_that_changes_for_a_while_is_waited_for() -> None:
    changes = [text(modules, 1) for modules in [ALL, [""]] * 3 * MOST_PASSES]
    texts = Texts(*changes, text(["xfs"], 2), text(["xfs"], 3))
    pauses: list[float] = []
    live = TextReader("x", texts, pauses.append)
    assert tags_in(live) == 19
    assert texts.reads == len(changes) + 2
    assert len(pauses) == 6


def test_a_list_that_never_stays_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause takes 10 s on the clock of this test."""
    now = 0.0

    def sleep(_seconds: float) -> None:
        nonlocal now
        now += 10

    monkeypatch.setattr("allocfs.backend.procfs.time.monotonic", lambda: now)
    texts = Texts(*[text(modules, 1) for modules in [ALL, [""]] * 3 * MOST_PASSES])
    live = TextReader("x", texts, sleep)
    with pytest.raises(SourceFailed, match=f"x: for {GIVE_UP:g} s no two passes list the same"):
        live.read()
    assert texts.reads == 4 * MOST_PASSES
