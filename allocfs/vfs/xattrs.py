"""The extended attributes of files of tags."""

from __future__ import annotations

from allocfs.moments.when import Between, SinceRead
from allocfs.query.doubt import is_by_size
from allocfs.vfs.boundfile import BoundFile
from allocfs.vfs.branch import Branch
from allocfs.vfs.nodes import TagFile

DOUBTFUL = "user.allocfs.doubtful"
CONTENT_ID = "user.allocfs.content_id"
RECORD_SIZE = "user.allocfs.record_size"
RECORDS = "user.allocfs.records"
SIGNED = "user.allocfs.signed"
TIME = "user.allocfs.time"


def names(file: TagFile) -> list[str]:
    """List the attributes that a file has."""
    size = [RECORD_SIZE] if file.record_size else []
    is_difference = isinstance(file.scope.when, Between | SinceRead)
    signed = [SIGNED] if size and is_difference else []
    time = [TIME] if file.scope.taken else []
    doubtful = [DOUBTFUL] if is_by_size(file.scope.query) else []
    return [CONTENT_ID, *size, RECORDS, *doubtful, *signed, *time]


def value(name: str, bound: BoundFile, file: TagFile, branch: Branch) -> bytes:
    """Return an attribute that a file has; to count its records may sum.

    Raises NameNotFound if the file stands for a name of which no tag is loaded.
    """
    if name == CONTENT_ID:
        found: object = branch.backend.tags.content_id
    elif name == RECORD_SIZE:
        found = file.record_size
    elif name == TIME:
        found = file.scope.taken
    elif name == SIGNED:
        found = 1
    elif name == DOUBTFUL:
        found = branch.files.doubtful(bound, file)
    else:
        found = len(branch.files.selection(bound, file).slots)
    return str(found).encode()
