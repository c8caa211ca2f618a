"""Lines without what mail programs, logs and shells put around them."""

from __future__ import annotations

import pytest

from allocfs.reports.lines import chunks, clean, sift

LINE = b"        4096        1 mm/slub.c:10 func:f \n"


@pytest.mark.parametrize(
    "prefix",
    [
        b"> ",
        b"[   30.988768] ",
        b"[ 30.98] ",
        b"[   30.988768] [  T123] ",
        b"[   30.988768][    C0] ",
        b"[Thu Nov 27 12:00:00 2025] ",
        b"<4>[   30.988768] ",
        b"kern  :warn  : [   30.988768] ",
        b"kernel: ",
        b"Nov 27 12:00:00 host kernel: ",
        b"Nov  7 12:00:00 host-1.example kernel: [   30.988768] ",
        b"2025-11-27T12:00:00+0000 host kernel: ",
        b"2025-11-27T12:00:00.123456+00:00 host kernel: ",
        b"2025-11-27T12:00:00,123456+00:00 ",
        b"Thu 2025-11-27 12:00:00 UTC host kernel: ",
        b"> > Nov 27 12:00:00 host kernel: ",
        b"    [   30.988768] ",
        b"[  +0.000021] ",
        b"[   30.988768 <    0.000021>] ",
        b"[Nov27 12:00] ",
        b"<4>1 2025-11-27T12:00:00Z host kernel - - - ",
        b"1764244860.123456 host kernel: ",
        b"JD> ",
        b"| > ",
    ],
)
def test_a_prefix_goes_and_the_columns_stay(prefix: bytes) -> None:
    assert clean(prefix + LINE) == LINE


@pytest.mark.parametrize("prefix", [b">", b"> > >>", b"<4>", b"4,1234,30988768,-;"])
def test_a_prefix_may_have_a_space_of_its_own(prefix: bytes) -> None:
    assert clean(prefix + LINE) == LINE[1:]


@pytest.mark.parametrize("line", [LINE, b"[ice] func:f\n", b"<size> <calls> <tag info>\n", b"\n"])
def test_a_part_of_a_codetag_is_no_prefix(line: bytes) -> None:
    assert clean(line) == line


@pytest.mark.parametrize(
    "line",
    [
        b"$ cat /proc/allocinfo | tail -n 15\n",
        b"root@host:~# cat /proc/allocinfo\n",
        b"[root@host ~]# sort -g /proc/allocinfo\n",
        b"# sort -g /proc/allocinfo|tail|numfmt --to=iec\n",
        b"user@host:/proc$\n",
    ],
)
def test_a_prompt_has_a_mark(line: bytes) -> None:
    assert clean(line) == b"\x01\n"


@pytest.mark.parametrize(
    "line",
    [
        b"#     <size>  <calls> <tag info>\n",
        b"#\n",
        b"# partial: 3 largest\n",
        b"# 4096 1 mm/slub.c:10 func:f\n",
    ],
)
def test_headers_and_codetags_are_no_prompts(line: bytes) -> None:
    assert clean(line) == line


def test_fences_are_empty_lines() -> None:
    assert clean(b"```text\n" + LINE + b"~~~\n") == b"\n" + LINE + b"\n"


def test_control_characters_are_spaces() -> None:
    assert sift(b"a\0b\x01\x02\x7f\r\n\x1b[1;31mc\x1b[m\xc2\xa0d") == b"a b   \nc d"


def test_lines_far_from_codetags_are_counted() -> None:
    noise = b"Nov 27 12:00:00 host sshd[12]: session opened\n" * 2000
    sifted = sift(noise + LINE + noise + LINE + noise)
    assert sifted.count(LINE) == 2
    skipped = [int(line[1:]) for line in sifted.splitlines() if line.startswith(b"\x02")]
    assert len(skipped) == 3
    assert sum(skipped) + sifted.count(b"\n") - 3 == 6002


def test_a_short_text_is_looked_at_as_a_whole() -> None:
    assert sift(b"word\n" * 10_000) == b"word\n" * 10_000


def test_chunks_end_with_lines() -> None:
    text = LINE * 60_000
    pieces = [text[n : n + 65536] for n in range(0, len(text), 65536)]
    found = list(chunks(pieces))
    assert b"".join(found) == text
    assert len(found) > 1
    assert all(chunk.endswith(b"\n") for chunk in found)


def test_a_line_without_an_end_is_cut_between_words() -> None:
    found = list(chunks([b"word " * 300_000, b"word " * 300_000]))
    assert len(found) > 1
    assert all(chunk.endswith(b" ") for chunk in found)


def test_a_word_without_an_end_is_dropped() -> None:
    assert list(chunks([b"1" * (1 << 21), b"23 4 a.c:1 func:f\n"])) == [b"?23 4 a.c:1 func:f\n"]
