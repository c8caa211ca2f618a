"""A live text that takes long to read: which requests wait for it, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trio
import trio.testing

from allocfs.backend.passes import GIVE_UP
from allocfs.backend.procfs import TextBackend
from allocfs.errors import SourceFailed, SourceLate
from tests.support.source_fakes import SECOND, Gate, pairs


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    gate = Gate(tmp_path / "allocinfo")
    gate.write(1)
    yield gate
    gate.open()


def instant(backend: TextBackend) -> int:
    return int(backend.sums(np.array([0])).bytes[0]) // 1000


def late(backend: TextBackend) -> SourceLate:
    """Request counters that are not available yet; return the exception."""
    with pytest.raises(SourceLate) as raised:
        instant(backend)
    return raised.value


def wait_for(raised: SourceLate) -> None:
    """Wait for the source as a handler of requests does."""
    trio.run(raised.answer)


@pytest.mark.parametrize("max_age", [0, 1])
def test_counters_are_waited_for_and_names_are_not(gate: Gate, max_age: float) -> None:
    backend = gate.backend(max_age)
    gate.close()
    gate.write(2)
    gate.now += SECOND
    backend.renew()
    assert len(backend.tags.slots) == 109
    assert pairs(backend.describe())["condition"] == "late"
    raised = late(backend)
    gate.now += 5 * SECOND
    backend.renew()  # begins no second pass
    late(backend)
    gate.open()
    wait_for(raised)
    backend.renew()
    assert instant(backend) == 2
    assert pairs(backend.describe())["condition"] == "ok"
    assert pairs(backend.describe())["age"] == "5.000000"


def test_a_late_pass_serves_the_period_in_which_it_ends(gate: Gate) -> None:
    backend = gate.backend(max_age=1)
    passes = backend.extra_stats()["passes"]
    gate.close()
    gate.now += SECOND
    backend.renew()
    raised = late(backend)
    gate.now += 5 * SECOND + SECOND // 2
    gate.open()
    wait_for(raised)
    gate.write(3)
    for ahead, pass_of in ((SECOND // 2 - 1, 1), (1, 3)):
        gate.now += ahead
        backend.renew()
        assert instant(backend) == pass_of
    assert backend.extra_stats()["passes"] == passes + 2


def test_a_late_pass_that_nobody_waits_for_any_more_is_not_served(gate: Gate) -> None:
    backend = gate.backend(max_age=0)
    gate.close()
    gate.write(2)
    backend.renew()
    raised = late(backend)
    gate.open()
    wait_for(raised)
    gate.now += SECOND
    gate.write(3)
    backend.renew()
    assert instant(backend) == 3


def test_who_waits_too_long_and_who_comes_after_that_is_refused(gate: Gate) -> None:
    backend = gate.backend(max_age=1)
    gate.close()
    gate.now += SECOND
    backend.renew()
    with pytest.raises(SourceFailed, match=f"has not answered for {GIVE_UP:g} s"):
        trio.run(late(backend).answer, clock=trio.testing.MockClock(autojump_threshold=0))
    backend.renew()
    with pytest.raises(SourceFailed, match="has not answered"):
        instant(backend)
    gate.write(4)
    gate.open()
    wait_until_ended(backend)
    assert instant(backend) == 4
    assert pairs(backend.describe())["condition"] == "ok"


def wait_until_ended(backend: TextBackend) -> None:
    """Call renew() until the result of the late pass is in use."""

    async def renewed() -> None:
        with trio.fail_after(20):
            while backend.state.wait:
                await trio.sleep(0.005)
                backend.renew()

    trio.run(renewed)


def test_a_late_pass_that_fails_is_a_failure(gate: Gate) -> None:
    backend = gate.backend(max_age=1)
    gate.close()
    gate.now += SECOND
    backend.renew()
    raised = late(backend)
    gate.path.unlink()
    gate.open()
    wait_for(raised)
    backend.renew()
    with pytest.raises(SourceFailed, match="No such file"):
        instant(backend)
