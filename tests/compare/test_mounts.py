"""The stores of the comparison, and the probe that measures this machine."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from allocfs.backend.simulated import default_capture
from allocfs.compare.costs import measure_costs
from allocfs.compare.mounts import SIMULATED, CannotCompare, Store, capture_of, source_of
from allocfs.compare.scenarios import RAPL, SCENARIOS
from allocfs.formats.text import parse
from tests.conftest import wait_until


def test_the_default_store_is_that_of_every_mount() -> None:
    with source_of(None) as source:
        assert source == SIMULATED


def test_a_store_of_other_size_is_a_file_for_as_long_as_it_is_needed() -> None:
    with source_of(3300) as source:
        assert Path(source).read_bytes() == capture_of(3300)
    assert not Path(source).exists()


@pytest.mark.parametrize("tags", [3219, 3220, 5500, 12_000])
def test_more_tags_are_built_in_ones_of_other_files(tags: int) -> None:
    before = parse(default_capture(), "default").table
    table = parse(capture_of(tags), "made").table
    assert len(table) == tags
    assert [table.tag(n) for n in range(3219)] == [before.tag(n) for n in range(3219)]
    added = [table.tag(n) for n in range(3219, tags)]
    assert len(set(added)) >= 0.99 * len(added)  # inlined functions give a few tags twice
    assert not any(tag.module for tag in added)
    assert all(tag.file.startswith("copy") for tag in added)


def test_questions_about_names_keep_their_answers() -> None:
    text, more = default_capture(), capture_of(12_000)
    for scenario in SCENARIOS:
        if scenario.compares_names:
            assert scenario.select(more) == scenario.select(text)
    files = Counter(tag.file for tag in map(parse(more, "made").table.tag, range(12_000)))
    assert (files[RAPL], files[f"copy1/{RAPL}"]) == (2, 2)


def test_fewer_tags_than_the_capture_has_are_refused() -> None:
    with pytest.raises(CannotCompare, match="--tags 3218: expected at least 3219, the default"):
        capture_of(3218)


def test_only_questions_of_size_alone_or_of_order_judge_all() -> None:
    assert [scenario.number for scenario in SCENARIOS if scenario.judges_all] == [3, 7]


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_every_cost_is_measured() -> None:
    costs: dict[str, float] = {}

    def are_measured() -> bool:
        """Each cost is a difference, which a busy machine can turn below zero."""
        costs.update(vars(measure_costs(Store(tags=200, cpus=5))))
        return all(cost >= 0 for cost in costs.values())

    wait_until(are_measured, "no cost is below zero")
    # This order holds on every machine.
    assert costs["byte"] < costs["call"] < costs["open_proc"] < costs["start"]
    assert costs["compare"] < costs["line"]


def test_without_a_compiler_one_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(CannotCompare, match="no C compiler found: install gcc"):
        measure_costs(Store(tags=1, cpus=1))
