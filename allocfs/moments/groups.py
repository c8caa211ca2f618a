"""Stub."""

from typing import Any


class GroupBackend(Any): ...
