"""Fakes, oracles and programs that several tests use."""

from pathlib import Path

SUPPORT = Path(__file__).parent
TESTS = SUPPORT.parent
ROOT = TESTS.parent
CAPTURES = TESTS / "data" / "captures"
