"""Open files: the tags that a file has from its open on."""

from __future__ import annotations

import math
import os

import pytest

from allocfs.backend.counterstore import CodetagStore
from allocfs.errors import TagGone
from allocfs.formats.table import JSON, TEXT
from allocfs.fuse.handles import Handles
from allocfs.fuse.inodes import Inodes
from allocfs.fuse.live import LiveFiles
from allocfs.fuse.openfiles import OpenFiles
from allocfs.fuse.pages import PageDropper
from allocfs.fuse.pollers import Pollers
from allocfs.fuse.promises import Promises
from allocfs.tags.axis import Axis
from allocfs.vfs.filesystem import Filesystem, Listing
from allocfs.vfs.nodes import Scope, TagFile


@pytest.mark.parametrize("scope", [Scope(), Scope(TEXT), Scope(JSON)])
def test_a_file_has_the_tags_of_its_open_though_no_size_was_asked_for(
    store: CodetagStore, scope: Scope
) -> None:
    filesystem = Filesystem(store)
    inodes = Inodes(filesystem.is_current)
    number, found = inodes.find(TagFile(scope, Axis.MODULE, "xfs"))
    inodes.remember(number, found)
    mode = LiveFiles(filesystem, Promises(math.inf), PageDropper())
    listings: Handles[Listing] = Handles()
    files = OpenFiles(filesystem, mode, inodes, Pollers(filesystem.content_id), listings)
    handle = files.open(number, os.O_RDONLY)
    store.unload("xfs")
    store.load("xfs")
    with pytest.raises(TagGone):
        files.read(handle, 0, 10_000)
