"""Control lines: their actions, and the errors of invalid ones."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allocfs.backend.control import Control, Event, SeriesControl, StoreControl, parse_lines
from allocfs.errors import BadControl


@dataclass
class Recorder:
    """A store that records the actions of control lines in order."""

    done: list[object] = field(default_factory=list)

    def load(self, module: str) -> None:
        self.done.append(("load", module))

    def unload(self, module: str) -> None:
        self.done.append(("unload", module))

    def alloc(self, event: Event) -> None:
        self.done.append(("alloc", event))

    def free(self, event: Event) -> None:
        self.done.append(("free", event))

    def set_rate(self, events_per_second: int) -> None:
        self.done.append(("rate", events_per_second))

    def leak(self, file: str, line: int, bytes_per_second: int) -> None:
        self.done.append(("leak", file, line, bytes_per_second))


@dataclass
class Series:
    """A series that records the steps of control lines in order."""

    done: list[object] = field(default_factory=list)

    def next(self) -> None:
        self.done.append("next")

    def goto(self, number: int) -> None:
        self.done.append(number)


def done(text: bytes) -> list[object]:
    recorder = Recorder()
    for act in parse_lines(text, StoreControl(recorder)):
        act()
    return recorder.done


def test_each_line_acts_in_order() -> None:
    text = b"load xfs\n\n# comment\n  unload  xfs  \nrate 100"
    assert done(text) == [("load", "xfs"), ("unload", "xfs"), ("rate", 100)]


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b"alloc mm/a.c:7 4096", Event("mm/a.c", 7, 4096, 1, 0)),
        (b"alloc mm/a.c:7 4096 3", Event("mm/a.c", 7, 4096, 3, 0)),
        (b"alloc a:b.c:7 4096 3 2", Event("a:b.c", 7, 4096, 3, 2)),
    ],
)
def test_an_event_has_one_call_on_cpu_0_unless_it_says_so(line: bytes, event: Event) -> None:
    assert done(line) == [("alloc", event)]
    assert done(line.replace(b"alloc", b"free")) == [("free", event)]


@pytest.mark.parametrize(
    ("rate", "number"),
    [("1M/s", 1 << 20), ("4096", 4096), ("4Ki/s", 4096), ("0", 0), ("0/s", 0), ("1T/s", 1 << 40)],
)
def test_a_leak_has_a_rate_with_units(rate: str, number: int) -> None:
    assert done(f"leak a:b.c:7 {rate}".encode()) == [("leak", "a:b.c", 7, number)]


@pytest.mark.parametrize(
    "line",
    [
        b"leak a.c:7",
        b"leak a.c 1",
        b"leak a.c:7 -1/s",
        b"leak a.c:7 1.5M/s",
        b"leak a.c:7 1/m",
        b"leak a.c:7 1/s/s",
        b"leak a.c:7 2T/s",
        b"leak a.c:7 1M/s 1",
        b"load",
        b"load a b",
        b"reload xfs",
        b"rate",
        b"rate -1",
        b"rate 1e3",
        b"rate 99999999999",
        b"alloc a.c 1",
        b"alloc :7 1",
        b"alloc a.c:x 1",
        b"alloc a.c:7",
        b"alloc a.c:7 -1",
        b"alloc a.c:7 1 2 3 4",
        b"alloc a.c:7 " + b"9" * 30,
        "rate ١".encode(),
        b"\xff\xfe",
        b"LOAD xfs",
    ],
)
def test_a_line_that_is_not_understood_stops_all(line: bytes) -> None:
    with pytest.raises(BadControl):
        parse_lines(b"load xfs\n" + line, StoreControl(Recorder()))


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    with suppress(BadControl):
        done(text)


def test_a_series_takes_steps_in_order() -> None:
    series = Series()
    for act in parse_lines(b"next\n# comment\n\n goto  3 \nnext", SeriesControl(series)):
        act()
    assert series.done == ["next", 3, "next"]


@pytest.mark.parametrize(
    "line", [b"next 1", b"goto", b"goto x", b"goto -1", b"goto 1 2", b"load xfs"]
)
def test_a_step_that_is_not_understood_stops_all(line: bytes) -> None:
    series = Series()
    with pytest.raises(BadControl):
        parse_lines(b"next\n" + line, SeriesControl(series))
    assert series.done == []


def test_a_store_takes_no_steps() -> None:
    with pytest.raises(BadControl, match="expected load, unload, alloc, free, rate or leak"):
        parse_lines(b"next", StoreControl(Recorder()))


@pytest.mark.parametrize(
    ("control", "commands"),
    [
        (StoreControl(Recorder()), ["load", "unload", "alloc", "free", "rate", "leak"]),
        (SeriesControl(Series()), ["next", "goto"]),
    ],
)
def test_the_usage_names_what_is_understood(control: Control, commands: list[str]) -> None:
    lines = control.usage.splitlines()
    assert all(line.startswith("#") for line in lines)
    assert [line.split()[1] for line in lines[1:]] == commands
