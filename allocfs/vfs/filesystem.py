"""The mount without FUSE: nodes, their attributes, and open files, over one backend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from allocfs.backend.base import Backend
from allocfs.backend.control import Controlled, Stepped, parse_lines, usage
from allocfs.errors import NameNotFound, ReadOnly
from allocfs.formats.jsonlines import format_json
from allocfs.formats.records import COUNTERS_SIZE, RECORD_SIZE, RecordEncoder
from allocfs.formats.text import HEADER, format_lines
from allocfs.query.help import HELP
from allocfs.query.language import EVERYTHING, SumPart
from allocfs.query.selection import judge
from allocfs.vfs import about
from allocfs.vfs.catalogue import Catalogue
from allocfs.vfs.ioctl import IoctlFile
from allocfs.vfs.limits import Budget, Limits
from allocfs.vfs.nodes import (
    CONTROL,
    AboutFile,
    AllocinfoFile,
    File,
    Form,
    HelpFile,
    Node,
    TagFile,
)
from allocfs.vfs.remembered import Remembered
from allocfs.vfs.stats import Stats
from allocfs.vfs.templates import Templates
from allocfs.vfs.tree import slots_of
from allocfs.vfs.view import (
    CountersView,
    FreshSums,
    HeldSums,
    RecordsView,
    RenderedView,
    Selection,
    Summed,
    View,
    WholeView,
    record_numbers,
)

RECORD_SIZES = {Form.RECORDS: RECORD_SIZE, Form.COUNTERS: COUNTERS_SIZE}
Keep = Callable[[FreshSums], Summed]
Rendered = Callable[[Callable[[], bytes]], View]
CONSTANT = ("abi.h", "schema.json", "version")  # of /.allocfs; programs trust their sizes
XATTRS = ("user.allocfs.content_id", "user.allocfs.record_size", "user.allocfs.records")


class Filesystem:
    """Everything that a path can be asked, in terms of nodes and views."""

    def __init__(
        self,
        backend: Backend,
        controlled: Controlled | Stepped | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Serve a backend; with `controlled`, `.allocfs/control` acts on that."""
        self.limits = limits or Limits()
        self.kept = Budget(self.limits.max_kept)
        self.backend = backend
        self.controlled = controlled
        self.stats = Stats()
        self._remembered = Remembered()
        self.known = Catalogue(backend, controlled is not None, self.limits.max_queries)
        self._encoder = RecordEncoder.of(backend.tags.table)
        self._about = about.about_files(backend, self._counts)
        if controlled is not None:
            self._about[CONTROL] = usage(controlled).encode

    def has_fixed_size(self, file: TagFile) -> bool:
        """Tell whether st_size follows from the number of tags, which no counter decides."""
        return file.scope.form in RECORD_SIZES and file.scope.query.sum_part == SumPart()

    def size(self, file: File, tags: int | None = None) -> int:
        """Return st_size in bytes where it is fixed, else 0; nothing is summed for it.

        `tags` is how many tags the file holds, if known. Raises NameNotFound if the name the
        file stands for has no loaded tag.
        """
        if isinstance(file, HelpFile):
            return len(HELP.encode())
        if isinstance(file, AboutFile) and file.name in CONSTANT:
            return len(self._about[file.name]())
        if not isinstance(file, TagFile):
            return 0
        count = len(self._named(file).selection.slots) if tags is None else tags
        if not self.has_fixed_size(file):
            return 0
        limit = file.scope.query.limit
        return RECORD_SIZES[file.scope.form] * (count if limit is None else min(count, limit))

    def open(self, file: File) -> View:
        """Fix what a file holds. Size conditions are judged here, nothing else is summed.

        Reads of the view sum anew; a rendering is made anew by a read from its start.
        """
        return self._view(file, _as_it_is, partial(RenderedView, budget=self.kept))

    def hold(self, file: File) -> View:
        """Fix what a file holds, and the sums of whatever is read of it once they are taken.

        Raises TooMuchKept.
        """
        held = partial(HeldSums, budget=self.kept)
        return self._view(file, held, partial(WholeView, budget=self.kept))

    def forget_closed(self) -> None:
        """Let go of what is remembered of files that may not be open any more."""
        self._remembered.clear()

    def xattr(self, file: TagFile, name: str) -> bytes:
        """Return one of a file's xattr_names; counting the records may sum, as opening does.

        Raises NameNotFound if the name the file stands for has no loaded tag.
        """
        match name:
            case "user.allocfs.content_id":
                return b"%d" % self.backend.tags.content_id
            case "user.allocfs.record_size":
                return b"%d" % RECORD_SIZES[file.scope.form]
            case _:
                return b"%d" % len(self._selected(file).selection.slots)

    def xattr_names(self, node: Node) -> list[str]:
        """List the extended attributes that a node has."""
        if not isinstance(node, TagFile):
            return []
        fixed = node.scope.form in RECORD_SIZES
        return [name for name in XATTRS if fixed or not name.endswith("record_size")]

    def ioctl_file(self) -> IoctlFile:
        """Return what answers the kernel's ioctls on one open file of `/allocinfo`."""
        return IoctlFile(self.backend, self._records)

    def write(self, node: Node, data: bytes) -> None:
        """Act on lines written to `control`; all must be understood before any acts."""
        if self.controlled is None or node != AboutFile(CONTROL):
            raise ReadOnly(f"{node.path}: this file cannot be written")
        for act in parse_lines(data, self.controlled):
            act()

    def _selected(self, file: TagFile) -> FreshSums:
        """Decide which tags a file holds now, in which order."""
        named = self._named(file)
        if file.scope.query is EVERYTHING:
            return named
        content_id, slots, _ = named.selection
        judged = Selection(content_id, judge(file.scope.query, self.backend, slots))
        return FreshSums(self.backend, judged)

    def _named(self, file: TagFile) -> FreshSums:
        """Select by names alone; a name without any loaded tag is not found.

        Directories and queries may be empty.
        """
        tags = self.backend.tags
        named = self._remembered.get(file, tags)
        if named is None:
            slots = slots_of(self.known, file)
            templates = Templates(self._records(), slots)
            named = FreshSums(self.backend, Selection(tags.content_id, slots, templates))
            # Accuracy can change while the list of tags stays the same.
            if file.scope.query.accurate is None:
                self._remembered.add(file, named)
        if not len(named.selection.slots) and file.group is not None and not file.subtree:
            raise NameNotFound(f"{file.path}: none of its tags is loaded now")
        return named

    def _view(self, file: File, keep: Keep, rendered: Rendered) -> View:
        match file:
            case TagFile():
                summed = keep(self._selected(file))
                return self._view_of_tags(file.scope.form, summed, rendered)
            case AllocinfoFile():
                return rendered(self._allocinfo)
            case HelpFile():
                return rendered(HELP.encode)
            case AboutFile(name):
                return rendered(self._about[name])

    def _view_of_tags(self, form: Form, summed: Summed, rendered: Rendered) -> View:
        match form:
            case Form.RECORDS:
                return RecordsView(summed, self.stats, self._records())
            case Form.COUNTERS:
                numbers = record_numbers(self.backend.tags, summed.selection.slots)
                return CountersView(summed, self.stats, numbers)
            case Form.TEXT | Form.JSON:
                return rendered(lambda: self._render(form, summed))

    def _counts(self) -> dict[str, int]:
        kept = {"queries": self.known.queries, "kept_bytes": self.kept.used}
        return {**self.stats.counts(), **kept, **self.stats.error_counts()}

    def _records(self) -> RecordEncoder:
        """Return the encoder of the backend's present table."""
        table = self.backend.tags.table
        if self._encoder.table is not table:
            self._encoder = RecordEncoder.of(table)
        return self._encoder

    def _render(self, form: Form, summed: Summed) -> bytes:
        slots = summed.selection.slots
        sums = summed.sums(0, len(slots))
        self.stats.records_served += len(slots)
        render = format_lines if form is Form.TEXT else format_json
        return render(self.backend.tags.table, slots, sums)

    def _allocinfo(self) -> bytes:
        """Render what /proc/allocinfo would say: the tags loaded now, not at open."""
        tags = self.backend.tags
        now = FreshSums(self.backend, Selection(tags.content_id, tags.slots))
        return HEADER + self._render(Form.TEXT, now)


def _as_it_is(fresh: FreshSums) -> Summed:
    return fresh
