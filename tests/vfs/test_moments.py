"""The directories of moments: names, and links to names."""

from __future__ import annotations

import pytest

from allocfs.errors import NameNotFound
from allocfs.moments.catalogue import Catalogue
from allocfs.moments.history import History
from allocfs.moments.snapshots import Snapshots
from allocfs.moments.when import NOW, Between, Past, SinceRead, Window
from allocfs.vfs.moments import MomentNames
from allocfs.vfs.nodes import MomentKind, MomentLink, MomentsDir, Node, Scope, ScopeDir
from tests.support.moment_fakes import FakeClock, S, moment


@pytest.fixture
def catalogue() -> Catalogue:
    history = History(9, FakeClock(40 * S))
    for seconds in (10, 20, 30):
        history.add(moment(seconds * S))
    snapshots = Snapshots()
    snapshots.add("a", moment(0))
    return Catalogue(snapshots, history)


def find(catalogue: Catalogue, kind: MomentKind, name: str) -> Node | None:
    return MomentNames(catalogue).find(MomentsDir(Scope(), kind), name)


def target(node: Node | None) -> str:
    assert isinstance(node, MomentLink)
    return node.target


def test_a_snapshot_is_a_directory(catalogue: Catalogue) -> None:
    node = find(catalogue, "snapshots", "a")
    assert isinstance(node, ScopeDir)
    assert (node.path, node.scope.when) == ("/snapshots/a", Past(catalogue.snapshots.by_name("a")))  # type: ignore[arg-type]
    assert find(catalogue, "snapshots", "b") is None


def test_an_age_is_a_link_within_its_directory(catalogue: Catalogue) -> None:
    first, _, last = catalogue.record.names()
    assert target(find(catalogue, "history", "first")) == first
    assert target(find(catalogue, "history", "-1s")) == last
    assert target(find(catalogue, "diff", "first")) == first
    assert target(find(catalogue, "diff", "first..-1s")) == f"{first}..{last}"
    assert target(find(catalogue, "diff", "a..last")) == f"a..{last}"
    assert target(find(catalogue, "diff", "-1s..now")) == f"{last}..now"


def test_a_difference_has_two_ends(catalogue: Catalogue) -> None:
    before = Past(catalogue.snapshots.by_name("a"))  # type: ignore[arg-type]
    for name, when in (
        ("a", Between(before, NOW)),
        ("a..now", Between(before, NOW)),
        ("now..a", Between(NOW, before)),
        ("last-read", SinceRead()),
    ):
        node = find(catalogue, "diff", name)
        assert isinstance(node, ScopeDir)
        assert node.scope.when == when
        assert node.path == f"/diff/{name}"


@pytest.mark.parametrize("name", ["a..b", "..a", "a..", "a..a..a", "b", "-1d"])
def test_other_names_are_not_found(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(NameNotFound):
        find(catalogue, "diff", name)


def test_history_has_samples_alone(catalogue: Catalogue) -> None:
    for name in ("now", "a", "nope"):
        with pytest.raises(NameNotFound):
            find(catalogue, "history", name)


def test_a_window_is_a_length_of_time(catalogue: Catalogue) -> None:
    for name, window in (("all", Window(None)), ("1h", Window(3600 * S))):
        node = find(catalogue, "trend", name)
        assert isinstance(node, ScopeDir)
        assert node.scope.when == window
    assert find(catalogue, "trend", "now") is None
    assert find(catalogue, "trend", "0s") is None


def test_each_listed_name_is_found(catalogue: Catalogue) -> None:
    names = MomentNames(catalogue)
    for kind in names.kinds:
        parent = MomentsDir(Scope(), kind)
        entries = list(names.entries(parent))
        assert entries
        for entry in entries:
            assert names.find(parent, entry.name) == entry.node
    empty = MomentNames(Catalogue())
    listed = {kind: len(list(empty.entries(MomentsDir(Scope(), kind)))) for kind in names.kinds}
    assert listed == {"snapshots": 0, "history": 0, "diff": 1, "trend": 0}
