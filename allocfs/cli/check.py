"""The command `allocfs check`: a query in its canonical form."""

from __future__ import annotations

import argparse
import os

from allocfs.cli.command import warn
from allocfs.errors import BadQuery
from allocfs.query.contradictions import contradictions
from allocfs.query.language import format_query, parse
from allocfs.tags.spelling import NAME_MAX


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = "Print a query in its canonical form, or say why it is refused."
    parser.add_argument("query", metavar="QUERY", help="terms as in the path query/QUERY")


def run(arguments: argparse.Namespace) -> int:
    """Print the canonical form, and warn if no codetag can match; return 0. Raises BadQuery."""
    parsed = parse(arguments.query)
    query = format_query(parsed)
    if "/" in arguments.query:  # parse() never meets one in a mount
        raise BadQuery(f"{arguments.query!r}: expected no /: it ends a name; write {query}")
    if len(os.fsencode(arguments.query)) > NAME_MAX:
        raise BadQuery(f"a query is at most {NAME_MAX} bytes long, as a name is")
    print(query, flush=True)
    for contradiction in contradictions(parsed):
        warn(contradiction)
    return 0
