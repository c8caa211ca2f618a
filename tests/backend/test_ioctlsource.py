"""The ioctls as a source, in both layouts, compared with the store that answers them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trio
import trio.testing

from allocfs.backend.ioctlsource import IoctlBackend, has_ioctl
from allocfs.errors import SourceFailed, TagGone
from allocfs.kernel.ioctl import AllocinfoIoctl
from allocfs.tags.table import Codetag
from tests.support.kernel_fake import ALIKE, BUILT_IN, CPUS, TAGS, Kernel
from tests.support.source_fakes import pairs


def check(backend: IoctlBackend, kernel: Kernel) -> None:
    """Compare all tags, and the sums of random subsets of them, with the store."""
    tags = backend.tags
    of_store = kernel.store.tags.slots
    assert [tags.table.tag(n) for n in tags.slots] == [TAGS[n] for n in of_store]
    rng = np.random.default_rng(2)
    for size in (1, 2, 5, 50, len(of_store)):
        chosen = rng.choice(len(of_store), size, replace=False)
        found = backend.sums(tags.slots[chosen])
        wanted = kernel.store.sums(of_store[chosen])
        assert [a.tolist() for a in found] == [a.tolist() for a in wanted]
        accurate = backend.accurate(tags.slots[chosen])
        assert accurate.tolist() == wanted.accurate.tolist()


def test_all_tags_have_the_sums_of_the_store(backend: IoctlBackend, kernel: Kernel) -> None:
    check(backend, kernel)
    kernel.store.counters += 17
    check(backend, kernel)


def test_no_sums_are_asked_for_no_tags(backend: IoctlBackend, kernel: Kernel) -> None:
    before = kernel.records
    assert backend.sums(np.array([], dtype=np.intp)).bytes.tolist() == []
    assert kernel.records == before


def test_the_source_says_which_layout_answers(backend: IoctlBackend, kernel: Kernel) -> None:
    said = pairs(backend.describe())
    assert (said["interface"], said["layout"]) == ("ioctl", kernel.layout)
    assert said["condition"] == "ok"


def test_parts_of_the_list_that_are_not_understood_are_named(kernel: Kernel) -> None:
    kernel.path.write_bytes(kernel.path.read_bytes() + b"total 12\n")
    backend = IoctlBackend(str(kernel.path), CPUS, kernel.open)
    assert "total 12" in pairs(backend.describe())["notice"]
    assert len(backend.tags.slots) == len(TAGS)


def test_the_layout_of_a_source_that_is_lost_stays_known(
    backend: IoctlBackend, kernel: Kernel
) -> None:
    kernel.error = errno.ENOTCONN
    backend.renew()
    assert pairs(backend.describe())["layout"] == kernel.layout


@pytest.mark.parametrize(
    ("chosen", "most"),
    [
        (lambda tag: tag.file == "mm/3.c", 29),
        (lambda tag: tag.function == "f2", 40),
        (lambda tag: tag.module == "ext4", 10),
        (lambda tag: tag.module in ("ext4", "xfs"), 16),
        (lambda tag: tag == BUILT_IN[77], 1),
        (lambda tag: tag == ALIKE[3], 2),
    ],
)
def test_only_what_matches_is_fetched(
    backend: IoctlBackend, kernel: Kernel, chosen: Callable[[Codetag], bool], most: int
) -> None:
    slots = np.array([n for n, tag in enumerate(TAGS) if chosen(tag)])
    kernel.store.counters_read = backend.counters_read = kernel.records = 0
    backend.sums(slots)
    assert kernel.records <= most
    assert backend.counters_read == kernel.store.counters_read == kernel.records * CPUS


def test_the_content_id_is_the_kernels(backend: IoctlBackend, kernel: Kernel) -> None:
    told: list[int] = []
    backend.on_change(lambda: told.append(backend.tags.content_id))
    ext4 = backend.tags.slots[206:]
    kernel.unload("ext4")
    kernel.unload("xfs")
    assert backend.tags.content_id == 1
    backend.renew()
    assert backend.tags.content_id == kernel.store.content_id == 3
    check(backend, kernel)
    kernel.load("ext4")
    backend.renew()
    assert told == [3, 4]
    check(backend, kernel)
    assert not backend.all_loaded_since(1, ext4)
    assert backend.all_loaded_since(1, backend.tags.slots[:200])


def test_the_text_is_read_once_for_each_content_id(backend: IoctlBackend, kernel: Kernel) -> None:
    for _ in range(5):
        backend.renew()
        backend.sums(backend.tags.slots)
    assert backend.extra_stats() == {"passes": 1, "pass_failures": 0}
    kernel.unload("xfs")
    for _ in range(5):
        backend.renew()
    assert backend.extra_stats() == {"passes": 2, "pass_failures": 0}


def test_a_module_that_goes_in_mid_request_is_gone(backend: IoctlBackend, kernel: Kernel) -> None:
    kernel.unload("xfs")
    with pytest.raises(TagGone):
        backend.sums(backend.tags.slots[200:202])
    found = backend.sums(backend.tags.slots[206:])
    assert found.bytes.tolist() == kernel.store.sums(np.arange(206, 216)).bytes.tolist()
    backend.renew()
    with pytest.raises(TagGone):
        backend.sums(np.array([200]))


def test_a_module_that_comes_in_mid_request_is_left_out(
    backend: IoctlBackend, kernel: Kernel
) -> None:
    kernel.unload("ext4")
    backend.renew()
    kernel.load("ext4")
    slots = backend.tags.slots
    assert len(slots) == 206
    assert backend.sums(slots).bytes.tolist() == kernel.store.sums(np.arange(206)).bytes.tolist()


def test_a_list_that_changes_while_it_is_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(tmp_path / "allocinfo")
    backend = IoctlBackend(str(kernel.path), CPUS, kernel.open)
    kernel.unload("xfs")
    old = kernel.path.read_bytes()
    kernel.unload("ext4")
    texts = [old, kernel.path.read_bytes()]
    ids = iter([2, 2, 3, 3, 3])  # renewed at 2; before and after each reading
    monkeypatch.setattr("allocfs.backend.ioctlsource.read_text", lambda _path: texts.pop(0))
    monkeypatch.setattr(AllocinfoIoctl, "content_id", lambda _self: next(ids))
    backend.renew()
    assert texts == []
    assert backend.tags.content_id == 3
    assert len(backend.tags.slots) == 200


def test_a_source_that_fails_has_no_values_until_it_is_back(
    backend: IoctlBackend, kernel: Kernel
) -> None:
    slots, before = backend.tags.slots, backend.tags.content_id
    kernel.error = errno.ENOTCONN
    for _ in range(3):
        backend.renew()
        for ask in (backend.sums, backend.accurate):
            with pytest.raises(SourceFailed, match="not connected"):
                ask(slots)
    assert "not connected" in pairs(backend.describe())["condition"]
    kernel.error = 0
    backend.renew()
    check(backend, kernel)
    # What happened meanwhile nobody knows, so the numbers go on as after a change.
    assert backend.tags.content_id == before + 1
    kernel.unload("xfs")
    backend.renew()
    assert backend.tags.content_id == before + 2
    assert backend.all_loaded_since(before, slots[:200])


def test_a_source_that_fails_in_mid_request_fails_the_request(
    backend: IoctlBackend, kernel: Kernel
) -> None:
    kernel.error = errno.EIO
    for _ in range(2):
        with pytest.raises(SourceFailed):
            backend.sums(backend.tags.slots)
    kernel.error = 0
    backend.renew()
    check(backend, kernel)


def test_a_file_without_ioctls_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(b"1 1 a.c:1 func:f \n")
    with pytest.raises(SourceFailed, match=r"capture does not answer the ioctls .* interface=text"):
        IoctlBackend(str(path), CPUS)
    with pytest.raises(SourceFailed, match="nothing: No such file"):
        IoctlBackend(str(tmp_path / "nothing"), CPUS)
    assert not has_ioctl(str(path))
    assert not has_ioctl(str(tmp_path / "nothing"))


def test_a_file_with_ioctls_is_recognised_and_closed(kernel: Kernel) -> None:
    before = len(os.listdir("/proc/self/fd"))
    assert has_ioctl(str(kernel.path), kernel.open)
    assert len(os.listdir("/proc/self/fd")) == before


def test_changes_are_noticed_for_those_who_wait(kernel: Kernel, backend: IoctlBackend) -> None:
    async def main() -> float:
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                changed = trio.Event()
                backend.on_change(changed.set)
                nursery.start_soon(backend.run, lambda: True)
                await trio.sleep(10)
                began = trio.current_time()
                kernel.unload("xfs")
                await changed.wait()
                nursery.cancel_scope.cancel()
        return trio.current_time() - began

    assert trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0)) <= 0.11


def test_the_source_says_since_when_profiling_is_off(kernel: Kernel) -> None:
    sysctl = kernel.path.parent / "sys/vm/mem_profiling"
    sysctl.parent.mkdir(parents=True)
    sysctl.write_text("1\n")
    (sysctl.parent / "mem_profiling_compressed").write_text("1\n")
    backend = IoctlBackend(str(kernel.path), CPUS, kernel.open)
    assert pairs(backend.describe())["profiling"] == "on (compressed)"
    sysctl.write_text("0\n")
    backend.renew()
    said = pairs(backend.describe())
    assert said["profiling"].startswith("off since ")
    assert "is off" in said["condition"]
    with pytest.raises(SourceFailed):
        backend.sums(backend.tags.slots)
