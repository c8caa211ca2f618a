"""The table of the live screen, in whole lines: the one of textual takes 0.2 ms for each cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from allocfs.screen.top.columns import Layout, layout_of

_PLAIN, _TITLE, _SORTED = Style(), Style(bold=True, reverse=True), Style(bold=True)
_CURSOR = Style(reverse=True)


class RowTable(Widget, can_focus=True):
    """Rows of cells under titles, with a cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
        Binding("enter", "choose", "Details"),
    ]

    class TitleClicked(Message):
        """A title was clicked."""

        def __init__(self, column: str) -> None:
            """Name the column."""
            super().__init__()
            self.column = column

    class RowChosen(Message):
        """A row was chosen, by Enter or a click."""

        def __init__(self, number: int) -> None:
            """Number the row."""
            super().__init__()
            self.number = number

    def __init__(self) -> None:
        """Begin without rows."""
        super().__init__()
        self.cursor = 0
        self._first = 0
        self._rows: Sequence[Sequence[str]] = ()
        self._titles: dict[str, str] = {}
        self._sorted = ""

    def show_rows(
        self, rows: Sequence[Sequence[str]], titles: dict[str, str], sorted_by: str
    ) -> None:
        """Show other rows; the cursor keeps its place."""
        self._rows, self._titles, self._sorted = rows, titles, sorted_by
        self._move_to(self.cursor)

    def render_line(self, y: int) -> Strip:
        """Draw a line."""
        width = self.size.width
        layout = layout_of(self._titles, width)
        if y == 0:
            return Strip([Segment(layout.titles(), _TITLE)]).adjust_cell_length(width, _TITLE)
        number = self._first + y - 1
        if number >= len(self._rows):
            return Strip.blank(width)
        style = _CURSOR if number == self.cursor and self.has_focus else _PLAIN
        return Strip(self._segments(layout, number, style)).adjust_cell_length(width, style)

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._move_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is seen at once."""
        self._move_to(self.cursor + pages * self._height)

    def action_choose(self) -> None:
        """Choose the row at the cursor."""
        if self._rows:
            self.post_message(self.RowChosen(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Sort by a title, or move the cursor to a row; at the cursor, choose it."""
        if event.y == 0:
            column = layout_of(self._titles, self.size.width).column_at(event.x)
            self.post_message(self.TitleClicked(column))
            return
        number = self._first + event.y - 1
        if number >= len(self._rows):
            return
        if number == self.cursor:
            self.action_choose()
        self._move_to(number)

    def on_mouse_scroll_down(self) -> None:
        """Move the cursor down."""
        self._move_to(self.cursor + 3)

    def on_mouse_scroll_up(self) -> None:
        """Move the cursor up."""
        self._move_to(self.cursor - 3)

    @property
    def _height(self) -> int:
        return max(1, self.size.height - 1)

    def _segments(self, layout: Layout, number: int, style: Style) -> list[Segment]:
        cells = dict(zip(self._titles, self._rows[number], strict=True))
        return [
            Segment(text, style + _SORTED if name == self._sorted else style)
            for name, text in layout.cells(cells)
        ]

    def _move_to(self, cursor: int) -> None:
        """Put the cursor somewhere among the rows, and keep it in sight."""
        self.cursor = max(0, min(cursor, len(self._rows) - 1))
        self._first = max(0, min(self._first, self.cursor, len(self._rows) - self._height))
        self._first = max(self._first, self.cursor - self._height + 1)
        self.refresh()
