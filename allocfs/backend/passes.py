"""A pass over a source, in a thread of its own, so that a slow one holds up only who needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Pass(Generic[T]):
    """One call of something that may take long; what it returned or raised is kept.

    The thread is not waited for when the process ends: it may be in a read that never returns.
    """

    def __init__(self, work: Callable[[], T], clock: Callable[[], int]) -> None:
        """Begin at once."""
        self.began_ns = self.ended_ns = clock()
        self._work = work
        self._clock = clock
        self._returned: list[T] = []
        self._raised: BaseException | None = None
        self._ended = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def ended(self, patience: float | None = 0) -> bool:
        """Tell whether the pass has ended, waiting for it so many seconds; None is for ever."""
        return self._ended.wait(patience)

    def result(self) -> T:
        """Return or raise what the call did; only after the pass has ended."""
        if self._raised is not None:
            raise self._raised
        return self._returned[0]

    def _run(self) -> None:
        try:
            self._returned.append(self._work())
        except BaseException as error:  # raised where the result is asked for
            self._raised = error
        self.ended_ns = self._clock()
        self._ended.set()
