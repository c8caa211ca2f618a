"""Stub."""

from typing import Any


class TrendBackend(Any): ...
