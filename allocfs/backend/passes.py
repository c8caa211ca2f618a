"""Passes over a source in a background thread: a slow one delays only requests that need it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, TypeVar

MOST_PASSES = 5  # over a list that changes meanwhile, before a pause
PAUSE = 0.05  # seconds; leaves a CPU to the modules that come and go
GIVE_UP = 30.0  # seconds for which a request waits for a source

T = TypeVar("T")


class Pass(Generic[T]):
    """One call of a function that may take long, and its result or exception."""

    def __init__(self, work: Callable[[], T], clock: Callable[[], int]) -> None:
        """Begin at once to count the time that it takes."""
        self.began_ns = self.ended_ns = clock()
        self._work = work
        self._clock = clock
        self._returned: list[T] = []
        self._raised: BaseException | None = None
        self._ended = threading.Event()

    def make(self) -> None:
        """Do the work, in whatever thread this is called."""
        try:
            self._returned.append(self._work())
        except BaseException as error:  # raised where the result is asked for
            self._raised = error
        self.ended_ns = self._clock()
        self._ended.set()

    def ended(self, patience: float | None = 0) -> bool:
        """Tell whether the pass has ended, waiting for it so many seconds; None is for ever."""
        return self._ended.wait(patience)

    def result(self) -> T:
        """Return the result or raise the exception; only after the pass has ended."""
        if self._raised is not None:
            raise self._raised
        return self._returned[0]


class PassThread(Generic[T]):
    """A thread that makes passes.

    It stays between passes: the kernel would count a new thread among the allocations that the
    pass sums. The process does not wait for it at its end: it may be in a read that never returns.
    """

    def __init__(self, work: Callable[[], T], clock: Callable[[], int]) -> None:
        """Start nothing yet: a thread keeps the privileges that there were at its start."""
        self._work = work
        self._clock = clock
        self._wanted: SimpleQueue[Pass[T]] = SimpleQueue()
        self._started = False

    def begin(self) -> Pass[T]:
        """Begin a pass; one that was begun before has to end first."""
        if not self._started:
            threading.Thread(target=self._run, daemon=True).start()
            self._started = True
        begun = Pass(self._work, self._clock)
        self._wanted.put(begun)
        return begun

    def _run(self) -> None:
        while True:
            self._wanted.get().make()
