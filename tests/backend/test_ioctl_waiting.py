"""The source of the ioctls while its list of tags does not stay."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import trio
import trio.testing

from allocfs.backend.ioctlsource import IoctlBackend
from allocfs.backend.passes import GIVE_UP, MOST_PASSES, PAUSE
from allocfs.backend.textfile import read_text
from allocfs.errors import SourceFailed, SourceLate
from allocfs.kernel.ioctl import AllocinfoIoctl
from tests.backend.test_ioctlsource import check
from tests.support.kernel_fake import CPUS, Kernel
from tests.support.source_fakes import pairs


class Clock:
    """The clock of the backend, set by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1.0
        monkeypatch.setattr("allocfs.backend.ioctlsource.time.monotonic", lambda: self.now)


def changing(backend: IoctlBackend, times: int) -> Callable[[object], int]:
    """Return a content_id that is another one in so many calls."""
    ids = iter(range(100, 100 + times))
    last = backend.tags.content_id

    def content_id(_self: object) -> int:
        nonlocal last
        last = next(ids, last)
        return last

    return content_id


def tear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out another codetag of the text in each pass."""
    passes = itertools.count(2)

    def read(path: str) -> bytes:
        lines = read_text(path).splitlines(keepends=True)
        del lines[next(passes)]  # below the header, all of them differ
        return b"".join(lines)

    monkeypatch.setattr("allocfs.backend.ioctlsource.read_text", read)


def test_a_list_that_changes_for_a_while_is_waited_for(
    backend: IoctlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first five passes and the second five see other content_ids, the next does not."""
    tear(monkeypatch)
    monkeypatch.setattr(AllocinfoIoctl, "content_id", changing(backend, 23))
    clock = Clock(monkeypatch)
    passes = backend.extra_stats()["passes"]
    for _ in range(2):
        backend.renew()
        for ask in (backend.require_tags, lambda: backend.sums(backend.tags.slots)):
            with pytest.raises(SourceLate) as raised:
                ask()
        assert pairs(backend.describe())["condition"] == "late"
        trio.run(raised.value.answer, clock=trio.testing.MockClock(autojump_threshold=0))
        clock.now += PAUSE
    backend.renew()
    backend.require_tags()
    assert backend.tags.content_id == 122
    assert backend.extra_stats()["passes"] == passes + 11
    assert pairs(backend.describe())["condition"] == "ok"


def test_a_list_that_is_as_before_is_reliable_while_modules_come_and_go(
    backend: IoctlBackend, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each content_id is another one. The list is the reliable one in every second pass."""
    slots, passes = backend.tags.slots, backend.extra_stats()["passes"]
    monkeypatch.setattr(AllocinfoIoctl, "content_id", changing(backend, 1000))
    for number in range(1, 4):
        texts = [kernel.path.read_bytes()[:-100].rpartition(b"\n")[0] + b"\n"]
        monkeypatch.setattr(
            "allocfs.backend.ioctlsource.read_text",
            lambda path, texts=texts: texts.pop() if texts else read_text(path),
        )
        backend.renew()
        backend.require_tags()
        assert backend.extra_stats()["passes"] == passes + 2 * number
        assert backend.tags.content_id == 95 + 5 * number + 3
        assert backend.all_loaded_since(1, slots)
        check(backend, kernel)


def test_a_list_that_never_stays_is_refused(
    backend: IoctlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    tear(monkeypatch)
    monkeypatch.setattr(AllocinfoIoctl, "content_id", changing(backend, 1000))
    for clock.now in (1.0, GIVE_UP / 2):
        backend.renew()
        with pytest.raises(SourceLate):
            backend.sums(backend.tags.slots)
    for clock.now in (GIVE_UP + 1, GIVE_UP + 2):
        backend.renew()
        with pytest.raises(SourceFailed, match=f"for {GIVE_UP:g} s its list changed in each pass"):
            backend.sums(backend.tags.slots)


def test_many_that_wait_try_again_together(
    backend: IoctlBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    tear(monkeypatch)
    monkeypatch.setattr(AllocinfoIoctl, "content_id", changing(backend, 1000))
    backend.renew()
    passes = backend.extra_stats()["passes"]
    for _ in range(10):
        backend.renew()
    assert backend.extra_stats()["passes"] == passes
    clock.now += PAUSE
    backend.renew()
    assert backend.extra_stats()["passes"] == passes + MOST_PASSES


def test_a_mount_waits_for_a_list_that_stays(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    ids = iter(range(15))
    tear(monkeypatch)
    monkeypatch.setattr(AllocinfoIoctl, "content_id", lambda _self: next(ids, 15))
    monkeypatch.setattr("allocfs.backend.ioctlsource.time.sleep", pauses.append)
    assert IoctlBackend(str(kernel.path), CPUS, kernel.open).tags.content_id == 15
    assert len(pauses) == 1
