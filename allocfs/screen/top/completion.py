"""Completion of queries as one types them."""

from __future__ import annotations

from textual.suggester import Suggester

from allocfs.screen.top.watch import Watch

_KEYS = (
    "module=",
    "file=",
    "function=",
    "line=",
    "accurate=",
    "anomaly=yes",
    "min_size=",
    "max_size=",
    "min_calls=",
    "max_calls=",
)
_COLUMNS = {"module": "modname", "file": "filename", "function": "function"}


class QuerySuggester(Suggester):
    """Suggests keys, and the names that the source has."""

    def __init__(self, watch: Watch) -> None:
        """Take names from a watch."""
        super().__init__(case_sensitive=True)
        self._watch = watch

    async def get_suggestion(self, value: str) -> str | None:
        """Return a query that begins with what was typed, None if there is none."""
        return complete(value, self._watch)


def complete(value: str, watch: Watch) -> str | None:
    """Complete the last term of a query."""
    before, comma, term = value.rpartition(",")
    key, equals, name = term.partition("=")
    if not equals:
        found = next((each for each in _KEYS if term and each.startswith(term)), None)
        return f"{before}{comma}{found}" if found else None
    if key not in _COLUMNS or not name:
        return None
    names = set(watch.names.records[_COLUMNS[key]].tolist())
    shown = sorted(one.decode("utf-8", "replace") for one in names)
    match = next((each for each in shown if each.startswith(name)), None)
    return f"{before}{comma}{key}={match}" if match else None
