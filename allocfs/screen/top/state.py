"""The lines at the top of the live screen: the source, its state, and the totals."""

from __future__ import annotations

from allocfs.errors import AllocfsError
from allocfs.screen.top.view import COLUMNS, Totals, View
from allocfs.screen.top.watch import Watch
from allocfs.units import human_size


def state_line(
    watch: Watch, view: View, totals: Totals | None, is_frozen: bool, message: str
) -> str:
    """Write both lines; a message comes in the place of the totals."""
    try:
        about = watch.about()
    except (AllocfsError, OSError) as error:
        about = {"condition": str(error)}
    parts = [watch.source, *_condition(about)]
    if is_frozen:
        parts.append("FROZEN: z goes on")
    chosen = f"where {view.query}" if view.query else ""
    below = f"below {view.directory}/" if view.directory else ""
    order = f"by {view.group}, {COLUMNS[view.sort].lower()} first"
    second = [message] if message else [_sums(totals)]
    return "\n".join(
        "   ".join(filter(None, line)) for line in (parts, [*second, order, chosen, below])
    )


def _condition(about: dict[str, str]) -> list[str]:
    names = {"condition": "", "profiling": "profiling ", "age": "age ", "partial": "partial: "}
    found = [f"{label}{about[name]}" for name, label in names.items() if name in about]
    return [part for part in found if part != "ok"]


def _sums(totals: Totals | None) -> str:
    if totals is None:
        return ""
    return (
        f"{human_size(totals.size)} in {totals.calls} allocations,"
        f" {human_size(totals.grown, '+')} since the mark, {totals.rows} rows"
    )
