"""When a selection is stale: its tags were unloaded, so a read of them fails with ESTALE."""

from __future__ import annotations

from allocfs.backend.base import Backend
from allocfs.errors import TagGone
from allocfs.tags.table import Slots


def require_loaded(backend: Backend, content_id: int, slots: Slots) -> None:
    """Raise TagGone if one of some tags was unloaded after content_id."""
    if not backend.all_loaded_since(content_id, slots):
        raise TagGone("a module of these records was unloaded after the file was opened")


def are_all_gone(backend: Backend, content_id: int, slots: Slots) -> bool:
    """Tell whether there are tags, and none of them has been loaded ever since content_id."""
    if not len(slots) or backend.all_loaded_since(content_id, slots):
        return False
    singles = (slots[number : number + 1] for number in range(len(slots)))
    return not any(backend.all_loaded_since(content_id, single) for single in singles)
