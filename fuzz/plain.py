"""Fuzz with random mutations of the corpus, on machines without atheris."""

from __future__ import annotations

import random
import time
from pathlib import Path

from fuzz import corpus
from fuzz.targets import TARGETS
from fuzz.words import SEEDS, WORDS

_MOST_CHANGES = 8


def fuzz(parser: str, runs: int, seconds: float, seed: int) -> int:
    """Try `runs` mutations (0: any number), for at most `seconds`; return an exit code."""
    choose = random.Random(seed or time.time_ns())
    known = [*SEEDS[parser], *corpus.inputs(parser)]
    end, done = time.monotonic() + seconds, 0
    while time.monotonic() < end and (not runs or done < runs):
        data = mutate(choose, choose.choice(known), WORDS[parser])
        try:
            TARGETS[parser](data)
        except BaseException:
            Path(f"crash-{parser}").write_bytes(data)
            print(f"fuzz: {parser}: this input breaks it, see ./crash-{parser}: {data!r}")
            raise
        done += 1
    print(f"fuzz: {parser}: {done} executions")
    return 0


def mutate(choose: random.Random, data: bytes, words: list[bytes]) -> bytes:
    """Replace, insert or remove a few pieces of an input."""
    for _ in range(choose.randint(1, _MOST_CHANGES)):
        first = choose.randint(0, len(data))
        last = min(len(data), first + choose.choice((0, 0, 1, 2, 8)))
        new = choose.choice((b"", bytes([choose.randrange(256)]), choose.choice(words)))
        data = data[:first] + new + data[last:]
    return data
