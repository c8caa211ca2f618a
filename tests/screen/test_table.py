"""Tables in all their forms."""

from __future__ import annotations

import io

import pytest

from allocfs.screen import table
from allocfs.screen.table import Column, Table, comma_separated, markdown, plain, show

TABLE = Table(
    (Column("Size"), Column("Site", is_right=False)),
    [["5 MiB", "a.c:3 f"], ["1 B", "b|c"]],
    [1, 0.1],
)
PLAIN = " Size  Site\n5 MiB  a.c:3 f\n  1 B  b|c\n"


class Terminal(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_plain_cells_are_aligned() -> None:
    assert plain(TABLE) == PLAIN
    out = io.StringIO()
    show(TABLE, out)
    assert out.getvalue() == PLAIN


def test_markdown_escapes_what_separates_cells() -> None:
    assert markdown(TABLE).splitlines() == [
        "| Size | Site |",
        "| ---: | --- |",
        "| 5 MiB | a.c:3 f |",
        r"| 1 B | b\|c |",
    ]


def test_csv_has_a_line_of_names() -> None:
    assert comma_separated(["a", "b"], [[1, "x,y"], ["", True]]) == 'a,b\n1,"x,y"\n,True\n'


def test_a_terminal_gets_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    show(TABLE, out)
    drawn = out.getvalue()
    assert [word in drawn for word in ("5 MiB", "a.c:3 f", "█" * 12, "b|c")] == [True] * 4
    assert "\x1b[3" not in drawn


@pytest.mark.parametrize("width", ["20", "10"])
def test_a_narrow_terminal_loses_nothing(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    monkeypatch.setenv("COLUMNS", width)
    out = Terminal()
    show(Table(TABLE.columns, TABLE.cells), out)
    assert "5 MiB" in out.getvalue()


def test_without_the_extra_the_table_is_plain_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "find_spec", lambda _name: None)
    out = Terminal()
    show(TABLE, out)
    assert out.getvalue() == PLAIN
    assert (
        capsys.readouterr().err == "allocfs: for bars and colours: pip install 'allocfs[screen]'\n"
    )
