"""Random use of a file system with moments, compared with a plain model of texts and dicts."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from allocfs.errors import NameNotFound, NameTaken, TooManySnapshots
from allocfs.vfs.filesystem import View
from tests.support.moment_answers import Asked, holds, select
from tests.support.moment_forms import Shape, check
from tests.support.moment_model import (
    LONG,
    TAGS,
    Base,
    Row,
    S,
    Values,
    base_of_diff,
    base_of_trend,
    base_of_values,
    gone,
)
from tests.support.moment_mount import (
    MOST_SNAPSHOTS,
    Cursor,
    Event,
    ModelledMount,
    contents,
    next_difference,
)
from tests.support.moment_queries import EVENTS, RECORDS, is_in_doubt, paths_by_name, queries
from tests.support.selection_oracle import Counted

NAMES = st.sampled_from(["a", "b b", "c.d", "e", "\u00fc"])
MODULES = st.sampled_from(["xfs", "ext4", LONG])
FORMS = ["", "counters", "text", "json"]
WINDOWS = {"all": None, "10s": 10 * S, "1m": 60 * S, "1h": 3600 * S}
FORM_AND_PLACE = st.tuples(st.sampled_from(FORMS), st.booleans())


class Moments(RuleBasedStateMachine):
    """Traffic, modules, snapshots and samples, and checks of all that is computed of them."""

    def __init__(self) -> None:
        super().__init__()
        self.mount = ModelledMount()
        # The first differences number the codetags, in the order of the first list.
        self.cursors: list[tuple[str, Asked, Cursor]] = []
        self.add_cursor("text", Asked())
        self.held: list[tuple[View, str, list[Row], Values]] = []

    # Changes.

    @rule(events=EVENTS)
    def traffic(self, events: list[Event]) -> None:
        self.mount.count(events)

    @rule(module=MODULES)
    def load_or_unload(self, module: str) -> None:
        self.mount.toggle(module)

    @rule(ms=st.sampled_from([500, 1000, 3700, 61_000, 86_400_000]))
    def wait(self, ms: int) -> None:
        self.mount.clock.now_ns += ms * 1_000_000

    @rule(events=EVENTS, ms=st.sampled_from([500, 1000, 7000]))
    def sample(self, events: list[Event], ms: int) -> None:
        self.wait(ms)
        self.mount.count(events)
        self.mount.sample()

    @rule()
    def sample_again(self) -> None:
        self.mount.sample()

    @rule(name=NAMES)
    def snapshot(self, name: str) -> None:
        mount = self.mount
        parent = mount.directory("snapshots")
        if name in mount.snapshots or len(mount.snapshots) == MOST_SNAPSHOTS:
            error = NameTaken if name in mount.snapshots else TooManySnapshots
            with pytest.raises(error):
                mount.filesystem.snapshots.make(parent, name)
            return
        now = mount.now()
        mount.filesystem.snapshots.make(parent, name)
        mount.snapshots[name] = now

    @precondition(lambda self: self.mount.snapshots)
    @rule(data=st.data(), new_name=NAMES)
    def rename(self, data: st.DataObject, new_name: str) -> None:
        mount = self.mount
        name = data.draw(st.sampled_from(sorted(mount.snapshots)))
        parent = mount.directory("snapshots")
        if new_name in mount.snapshots and new_name != name:
            with pytest.raises(NameTaken):
                mount.filesystem.snapshots.rename(parent, name, parent, new_name)
            return
        mount.filesystem.snapshots.rename(parent, name, parent, new_name)
        mount.snapshots[new_name] = mount.snapshots.pop(name)

    @precondition(lambda self: self.mount.snapshots)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        mount = self.mount
        name = data.draw(st.sampled_from(sorted(mount.snapshots)))
        mount.filesystem.snapshots.remove(mount.directory("snapshots"), name)
        del mount.snapshots[name]
        for path in (f"snapshots/{name}", f"diff/{name}", f"text/diff/now..{name}"):
            with pytest.raises(NameNotFound):
                mount.node(path)

    # Checks.

    @rule(data=st.data(), form=FORM_AND_PLACE, asked=queries("values"))
    def check_values(self, data: st.DataObject, form: tuple[str, bool], asked: Asked) -> None:
        name = self.draw_moment(data)
        moment, top = self.mount.moment(name), self.top_of(name)
        if top:
            assert self.mount.read(f"{top}/allocinfo") == moment.text
        self.compare(base_of_values(moment), asked.path_in(top, *form), form[0], asked)

    @rule(data=st.data(), form=FORM_AND_PLACE, asked=queries("diff"))
    def check_diff(self, data: st.DataObject, form: tuple[str, bool], asked: Asked) -> None:
        ends = self.draw_moment(data), self.draw_moment(data)
        base, top = self.diff_of(*ends)
        self.compare(base, asked.path_in(top, *form), form[0], asked)

    @rule(
        window=st.sampled_from(sorted(WINDOWS)),
        form=FORM_AND_PLACE,
        asked=queries("trend"),
    )
    def check_trend(self, window: str, form: tuple[str, bool], asked: Asked) -> None:
        length, now = WINDOWS[window], self.mount.clock()
        samples = [
            sample
            for sample in self.mount.samples.values()
            if length is None or sample.boot_ns >= now - length
        ]
        base = base_of_trend(samples)
        by_slope = "slope" in asked.text
        if by_slope and is_in_doubt(select(base, replace(asked, on_rows=(), limit=None)).rows):
            return
        path = asked.path_in(f"trend/{window}", *form)
        self.compare(base, path, form[0], asked)

    @rule(data=st.data(), asked=queries("diff"))
    def check_names(self, data: st.DataObject, asked: Asked) -> None:
        """Compare listings; of two moments that are over, conditions on values leave names in."""
        base, top = self.diff_of(self.draw_moment(data), self.draw_moment(data))
        asked = replace(asked, place=RECORDS, group="")
        directory = f"{top}/{asked.path}".removesuffix("/records")
        listed = replace(asked, limit=None, on_rows=() if base.is_frozen else asked.on_rows)
        rows = select(base, listed).rows
        expected = Counter(path for row in rows for path in paths_by_name(row.one.tag))
        found: dict[str, int] = {}
        for axis in ("by-file", "by-function", "by-module"):
            found.update(self.mount.names_below(f"{directory}/{axis}"))
        found = {path.removeprefix(f"{directory}/"): tags for path, tags in found.items()}
        note(f"{directory}: {found}, not {expected}")
        assert {path: n for path, n in found.items() if ".records" not in path} == expected
        assert found["by-file/.records"] == len(rows)

    @precondition(lambda self: self.mount.samples)
    @rule(seconds=st.integers(0, 20), form=st.sampled_from(FORMS))
    def check_age(self, seconds: int, form: str) -> None:
        """Compare the difference to the newest sample that is so old, or to the first one."""
        mount = self.mount
        limit = mount.clock() - seconds * S
        old = [name for name, one in mount.samples.items() if one.boot_ns <= limit]
        base, _ = self.diff_of(old[-1] if old else next(iter(mount.samples)), "now")
        top = f"diff/-{seconds}s" if old else "diff/first"
        self.compare(base, Asked().path_in(top, form), form, Asked())

    # Files that stay open.

    @rule(data=st.data(), form=st.sampled_from(["", "counters"]), asked=queries("diff"))
    def hold(self, data: st.DataObject, form: str, asked: Asked) -> None:
        """Open records of a difference to now."""
        before = self.draw_moment(data)
        if before != "now" and not asked.group:
            base, top = self.diff_of(before, "now")
            with suppress(NameNotFound):
                view = self.mount.open(asked.path_in(top, form))
                values = self.mount.moment(before).values
                self.held = [*self.held[-4:], (view, form, select(base, asked).rows, values)]

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def read_held(self, data: st.DataObject) -> None:
        """Compare with the differences that the same codetags have now."""
        view, form, rows, before = data.draw(st.sampled_from(self.held))
        base = base_of_diff(before, self.mount.now().values, is_frozen=False)
        now = {row.keys: row for row in base.rows}
        rows = [replace(now.get(row.keys, gone(row)), index=row.index) for row in rows]
        check(form, contents(view), rows, Shape(base, "", 0))

    @precondition(lambda self: len(self.cursors) < 6)
    @rule(form=st.sampled_from(FORMS), asked=queries("diff"))
    def add_cursor(self, form: str, asked: Asked) -> None:
        try:
            view = self.mount.open(asked.path_in("diff/last-read", form))
        except NameNotFound:  # the name is not loaded
            return
        self.cursors.append((form, asked, Cursor(view)))

    @rule(data=st.data())
    def read_cursor(self, data: st.DataObject) -> None:
        form, asked, cursor = data.draw(st.sampled_from(self.cursors))
        self.read_difference(form, asked, cursor)

    @rule(data=st.data())
    def drain_cursor(self, data: st.DataObject) -> None:
        """Read until nothing is left; then, without conditions, all of now was shown."""
        form, asked, cursor = data.draw(st.sampled_from(self.cursors))
        for _ in range(len(TAGS) + 1):
            if not self.read_difference(form, asked, cursor):
                break
        else:
            raise AssertionError(f"last-read/{asked.path} does not end")
        if not asked.accuracy and not asked.on_rows:
            now = {
                row.keys[0]: (row.one.bytes, row.one.calls)
                for row in base_of_values(self.mount.now()).rows
                if row.differs and holds(row.one, (asked.place, *asked.names))
            }
            shown = {key: value[:2] for key, value in cursor.shown.items() if any(value[:2])}
            assert shown == now

    # Steps of these.

    def draw_moment(self, data: st.DataObject) -> str:
        names = ["now", *sorted(self.mount.snapshots), *self.mount.samples]
        return names[data.draw(st.integers(0, len(names) - 1))]

    def top_of(self, name: str) -> str:
        if name == "now":
            return ""
        return f"{'snapshots' if name in self.mount.snapshots else 'history'}/{name}"

    def diff_of(self, before: str, after: str) -> tuple[Base, str]:
        """Return the base of a difference, and its path."""
        old, new = self.mount.moment(before), self.mount.moment(after)
        is_frozen = "now" not in (before, after)
        seconds = Fraction(new.boot_ns - old.boot_ns, S)
        base = base_of_diff(old.values, new.values, is_frozen, seconds)
        return base, f"diff/{before}..{after}"

    def compare(self, base: Base, path: str, form: str, asked: Asked) -> None:
        """Compare a file, opened in both ways, with the answer of the model."""
        rows, total = select(base, asked)
        shape = Shape(base, asked.group, total)
        for cached in (False, True):
            try:
                data = self.mount.read(path, cached)
            except NameNotFound:
                assert asked.place[0] != "records"
                assert not rows
                continue
            note(f"{path}: {data!r}, not {rows}")
            check(form, data, rows, shape)

    def read_difference(self, form: str, asked: Asked, cursor: Cursor) -> bytes:
        """Read the next difference, compare it, and return it."""
        named = (asked.place, *asked.names)
        now, before = (
            {key: value for key, value in values.items() if holds(Counted(key.tag), named)}
            for values in (self.mount.now().values, cursor.before())
        )
        base = base_of_diff(before, now, is_frozen=True, numbering=self.mount.now().values)
        rows, total = select(base, asked)
        data = next_difference(cursor.view)
        note(f"last-read/{asked.path}: {data!r}, not {rows}")
        check(form, data, rows, Shape(base, asked.group, total))
        cursor.show([key for row in rows for key in row.keys], now)
        return data


TestMoments = Moments.TestCase
TestMoments.settings = settings(max_examples=120, stateful_step_count=40)
