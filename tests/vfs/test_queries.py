"""The queries that the kernel may hold: the newest ones."""

from __future__ import annotations

from allocfs.formats.table import RECORDS, TEXT
from allocfs.vfs.nodes import QueriesDir, Scope
from allocfs.vfs.queries import RecentQueries


def test_the_oldest_query_gives_way() -> None:
    queries, directory = RecentQueries(9), QueriesDir(Scope(TEXT))
    for number in range(9):
        assert queries.add(directory, f"line={number}") is None
    assert queries.add(directory, "line=0") is None
    oldest = queries.add(directory, "line=9999")
    assert oldest is not None
    assert oldest.terms == "line=1"
    assert len(queries.terms_in(directory)) == 9 == len(queries)
    assert queries.terms_in(QueriesDir(Scope(RECORDS))) == []
