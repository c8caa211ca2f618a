"""Fakes, oracles and programs shared by several tests."""

from pathlib import Path

SUPPORT = Path(__file__).parent
TESTS = SUPPORT.parent
ROOT = TESTS.parent
CAPTURES = TESTS / "data" / "captures"
