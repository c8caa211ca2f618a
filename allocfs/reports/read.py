"""Read the reports in a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import IO

from allocfs.errors import SourceFailed
from allocfs.reports.containers import Document, documents, pieces_of
from allocfs.reports.lines import chunks, sift
from allocfs.reports.parser import Parser
from allocfs.reports.report import Report, Tally
from allocfs.reports.sections import Section, Sequence
from allocfs.reports.times import time_in_name, time_of


def read_reports(document: Document, tally: Tally) -> Iterator[Report]:
    """Read the reports in a file, in their order, and add all that was done to `tally`.

    Raises SourceFailed, which names the file, if it cannot be read.
    """
    for text in documents(document):
        try:
            yield from _reports(text, tally)
        except OSError as error:
            raise SourceFailed(f"{text.name}: {error.strerror or error}") from None


def open_document(file: IO[bytes], name: str) -> Document:
    """Return an open file as a document; the time of a file is that of its last change."""
    modified = os.fstat(file.fileno()).st_mtime
    return Document(name, pieces_of(file), None, datetime.fromtimestamp(modified, UTC))


def _reports(text: Document, tally: Tally) -> Iterator[Report]:
    """Read the reports of a text; the time of the text itself is that of its only report."""
    found = _found(text, tally)
    first, second = next(found, None), next(found, None)
    if first is None:
        return
    if second is None:
        yield first if first.time is not None else first._replace(time=_time(text))
        return
    yield from (first, second)
    yield from found


def _time(text: Document) -> float | None:
    return time_in_name(text.name) if text.time is None else text.time


def _found(text: Document, tally: Tally) -> Iterator[Report]:
    parser = Parser(partial(time_of, reference=text.reference))
    for section in _sections(parser, text):
        report = section.report(text.name)
        tally.add(section.tally)
        if report is not None:
            yield report
    tally.lines += parser.lines


def _sections(parser: Parser, text: Document) -> Iterator[Section]:
    sequence = Sequence()
    for chunk in chunks(text.pieces):
        for section in parser.feed(sift(chunk)):
            yield from sequence.add(section)
    for section in parser.end():
        yield from sequence.add(section)
    yield from sequence.end()
