"""The live screen: keys, the table, the line of state, the filter and the details of a row."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Input, Static

from allocfs.errors import AllocfsError, BadQuery
from allocfs.screen.top.completion import QuerySuggester
from allocfs.screen.top.details import details
from allocfs.screen.top.help import HELP
from allocfs.screen.top.saving import save_capture, save_snapshot
from allocfs.screen.top.state import state_line
from allocfs.screen.top.table import RowTable
from allocfs.screen.top.view import COLUMNS, Row, View, rows_of
from allocfs.screen.top.watch import Watch

MOST_ROWS = 200
MESSAGE_SECONDS = 5.0
TITLES: dict[str, str] = {
    **{name: title for name, title in COLUMNS.items() if name != "name"},
    "history": "History",
    "name": COLUMNS["name"],
}


class Top(App[None]):
    """The screen over a watch, which ticks so many seconds apart."""

    TITLE = "allocfs top"
    ENABLE_COMMAND_PALETTE = False
    CSS = """
    #state { height: 2; padding: 0 1; background: $panel; }
    #filter { display: none; height: 3; }
    #filter.shown { display: block; }
    #fault { display: none; color: $error; padding: 0 1; }
    #fault.shown { display: block; }
    #details { display: none; height: 12; padding: 0 1; border-top: solid $primary; }
    #details.shown { display: block; }
    RowTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark,h", "help", "Help"),
        Binding("slash,f4", "filter", "Filter"),
        Binding("f6,greater_than_sign", "sort(1)", "Sort"),
        Binding("less_than_sign", "sort(-1)", show=False),
        Binding("I", "reverse", show=False),
        Binding("g", "group", "Group"),
        Binding("m", "mark", "Mark"),
        Binding("z,space", "freeze", "Freeze"),
        Binding("backspace,left", "close_directory", show=False),
        Binding("s", "snapshot", show=False),
        Binding("w", "write", show=False),
        Binding("escape", "escape", show=False),
        Binding("q,f10", "quit", "Quit"),
    ]

    def __init__(self, watch: Watch, view: View, interval: float = 1.0) -> None:
        """Show a watch."""
        super().__init__()
        self.counters = watch
        self.view = view
        self._interval = interval
        self._busy = threading.Lock()
        self._is_frozen = False
        self._failure = ""
        self._rows: list[Row] = []
        self._said = ""

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield Static(id="state", markup=False)
        yield RowTable()
        yield Static(id="details", markup=False)
        yield Static(id="fault", markup=False)
        yield Input(
            placeholder="module=xfs,min_size=1M",
            id="filter",
            suggester=QuerySuggester(self.counters),
        )
        yield Footer()

    def on_mount(self) -> None:
        """Show the first numbers, and begin to tick."""
        self.query_one(RowTable).focus()
        self._redraw()
        self.set_interval(self._interval, self._tick)

    # The ticks.

    @work(thread=True)
    def _tick(self) -> None:
        """Read the counters; a source that is slow delays the numbers and not the keys."""
        if self._is_frozen or not self._busy.acquire(blocking=False):
            return
        try:
            self.counters.tick()
            self._failure = ""
        except (AllocfsError, OSError, ValueError) as error:
            self._failure = f"{type(error).__name__}: {error}"
        finally:
            self._busy.release()
        if self.is_running:
            self.call_from_thread(self._redraw)

    def _redraw(self) -> None:
        try:
            rows, totals = rows_of(self.counters, self.view, MOST_ROWS)
        except BadQuery as error:
            self._complain(str(error))
            return
        except (AllocfsError, OSError, ValueError) as error:
            self._failure = f"{type(error).__name__}: {error}"
            rows, totals = self._rows, None
        self._rows = rows
        self._fill(rows)
        line = state_line(
            self.counters, self.view, totals, self._is_frozen, self._failure or self._said
        )
        self.query_one("#state", Static).update(line)
        self._draw_details()

    def _fill(self, rows: list[Row]) -> None:
        """Write the rows under their titles."""
        arrow = " ▼" if self.view.descending else " ▲"
        titles = {
            column: title + (arrow if column == self.view.sort else "")
            for column, title in TITLES.items()
        }
        titles["name"] = titles["name"].replace(COLUMNS["name"], self.view.group.capitalize())
        self.query_one(RowTable).show_rows([row.cells() for row in rows], titles, self.view.sort)

    # The keys.

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or the one before."""
        columns = list(COLUMNS)
        column = columns[(columns.index(self.view.sort) + step) % len(columns)]
        self._look(replace(self.view, sort=column, descending=column != "name"))

    def action_reverse(self) -> None:
        """Sort in the other direction."""
        self._look(replace(self.view, descending=not self.view.descending))

    def action_group(self) -> None:
        """Sum by the next key."""
        self._look(self.view.next_group())

    def action_mark(self) -> None:
        """Compare with now from here on."""
        self.counters.set_mark()
        self._tell("marked: the growth is since now")

    def action_freeze(self) -> None:
        """Stop or start the ticks."""
        self._is_frozen = not self._is_frozen
        self._redraw()

    def action_filter(self) -> None:
        """Ask for a query."""
        field = self.query_one("#filter", Input)
        field.add_class("shown")
        field.value = self.view.query
        field.focus()

    def action_close_directory(self) -> None:
        """Go back from a directory to all of them."""
        if self.view.directory:
            self._look(replace(self.view, directory="", group="dir"))

    def action_escape(self) -> None:
        """Close what is open: the filter, the details."""
        for name in ("#filter", "#fault", "#details"):
            self.query_one(name).remove_class("shown")
        self.query_one(RowTable).focus()

    def action_help(self) -> None:
        """Show or hide the keys."""
        panel = self.query_one("#details", Static)
        panel.toggle_class("shown")
        self._is_help = panel.has_class("shown")
        panel.update(HELP)

    def action_snapshot(self) -> None:
        """Take a snapshot in the mount."""
        self._tell(save_snapshot(self.counters))

    def action_write(self) -> None:
        """Write a capture into the present directory."""
        self._tell(save_capture(self.counters))

    def on_row_table_title_clicked(self, event: RowTable.TitleClicked) -> None:
        """Sort by the column that was clicked."""
        for column in COLUMNS:
            if event.column == column:
                self._look(self.view.sorted_by(column))

    def on_row_table_row_chosen(self, event: RowTable.RowChosen) -> None:
        """Open a directory, or show the details of a row."""
        row = self._rows[event.number]
        if self.view.group == "dir":
            self._look(replace(self.view, directory=row.name, group="file"))
            return
        self._is_help = False
        self.query_one("#details", Static).toggle_class("shown")
        self._draw_details()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as one types; a query that is not whole yet leaves the rows as they are."""
        try:
            self.counters.matching(event.value) if event.value else None
        except BadQuery as error:
            self._complain(str(error))
        except (AllocfsError, OSError) as error:
            self._complain(f"{type(error).__name__}: {error}")
        else:
            self.query_one("#fault").remove_class("shown")
            self._look(replace(self.view, query=event.value))

    def on_input_submitted(self, _event: Input.Submitted) -> None:
        """Go back to the table."""
        self.query_one("#filter").remove_class("shown")
        self.query_one(RowTable).focus()

    # Steps of these.

    _is_help = False

    def _look(self, view: View) -> None:
        self.view = view
        self._redraw()

    def _tell(self, message: str) -> None:
        """Show a message for a while."""
        self._said = message
        self._redraw()
        self.set_timer(MESSAGE_SECONDS, self._hush)

    def _hush(self) -> None:
        self._said = ""
        self._redraw()

    def _complain(self, message: str) -> None:
        fault = self.query_one("#fault", Static)
        fault.update(message)
        fault.add_class("shown")

    def _draw_details(self) -> None:
        panel = self.query_one("#details", Static)
        place = self.query_one(RowTable).cursor
        if panel.has_class("shown") and not self._is_help and place < len(self._rows):
            panel.update(details(self.counters, self._rows[place]))
