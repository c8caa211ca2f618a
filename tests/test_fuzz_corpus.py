"""The fuzz targets hold for the corpus and for mutations of it."""

from __future__ import annotations

import random

import pytest

from fuzz.corpus import inputs
from fuzz.plain import mutate
from fuzz.targets import TARGETS
from fuzz.words import SEEDS, WORDS


@pytest.mark.parametrize("parser", sorted(TARGETS))
def test_each_input_is_refused_or_keeps_the_promises(parser: str) -> None:
    found = inputs(parser)
    assert len(found) > 20
    for data in found:
        TARGETS[parser](data)


@pytest.mark.parametrize("parser", sorted(TARGETS))
def test_so_do_mutations_of_them(parser: str) -> None:
    choose = random.Random(1)
    found = [*SEEDS[parser], *inputs(parser)]
    for _ in range(2000):
        TARGETS[parser](mutate(choose, choose.choice(found), WORDS[parser]))
