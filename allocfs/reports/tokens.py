"""The tokens of a pasted text, as patterns that any line breaks may stand between."""

from __future__ import annotations

import re

SKIPPED = b"\x02"
"""Begins a line that stands for a number of lines that were not looked at."""

PROMPT = b"\x01"
"""Stands for the prompt line of a shell."""

_N = rb"[^\x00-\x20\x7f]"  # a character of a name
_S = rb"[ \t\n]++"
_WHOLE = rb"(?:0|[1-9][0-9]{0,19}+)(?![^\x00-\x20\x7f])"
_SIGNED = rb"(?:0|-?[1-9][0-9]{0,18}+)(?![^\x00-\x20\x7f])"
_PAIR = rb"(?!func:)[a-z][a-z0-9_]*+:(?!/)" + _N + rb"++"

def _stamps(s: bytes) -> bytes:
    """Match the stamp of a log at the beginning of a line; `s` is a space in it."""
    day, clock = rb"[0-9]{1,2}", rb"[0-9]{2}:[0-9]{2}:[0-9]{2}"
    part, host = rb"(?>(?:[.,][0-9]{1,9})?)", rb"[A-Za-z0-9_.-]{1,64}"
    stamps = (
        # printk, with or without the caller; dmesg -T
        rb"\[" + s + rb"*[0-9]{1,10}\.[0-9]{3,9}\](?>(?: ?\[ *[TC][0-9]{1,10}\])?)",
        rb"\[[A-Z][a-z]{2}" + s + rb"[A-Z][a-z]{2}" + s + rb"{1,2}" + day + s + clock + s + rb"[0-9]{4}\]",
        # ISO 8601, as of journalctl -o short-iso, short-full, and dmesg --time-format iso
        rb"(?>(?:[A-Z][a-z]{2}" + s + rb")?)[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T|" + s + rb")" + clock
        + part + rb"(?>(?:Z|" + s + rb"UTC|[+-][0-9]{2}:?[0-9]{2})?)",
        # syslog
        rb"[A-Z][a-z]{2}" + s + rb"{1,2}" + day + s + clock + part,
    )  # fmt: skip
    kernel = rb"(?>(?:" + s + host + rb")?)" + s + rb"kernel:"
    printk = rb"(?>(?:" + s + stamps[0] + rb")?)"
    return (
        rb"(?:" + rb"|".join(stamps) + rb")(?>(?:" + kernel + printk + rb")?)"
        rb"|kernel:" + printk + rb"(?=" + s + rb")"
    )


LINE_STAMPS = _stamps(rb"[ \t]")
_STAMPS = _stamps(rb"[ \t\n]")

RUN = re.compile(
    rb"\n?+^((?>(?:(?=.{11}[0-9] .{7}[0-9] [^ ]) *+(?:0|-?[1-9][0-9]*+) ++(?:0|[1-9][0-9]*+) "
    rb"(?!func:)" + _N + rb"+:(?:0|[1-9][0-9]{0,17}+)(?> \[" + _N + rb"+\](?= )|) func:" + _N + rb"++"
    rb"(?> accurate:no|) ?+\n)+))",
    re.MULTILINE,
)
"""Lines as the kernel writes them, with sizes and calls that keep to their columns."""

RECORD = (
    rb"(?P<size>-?[0-9]++(?>(?:\.[0-9]++)?))(?P<unit>[A-Za-z]{0,3})"
    rb"(?>(?:" + _S + rb"(?P<spaced>[KMGTPE]iB|B)(?=[ \t\n]))?)"
    + _S
    + rb"(?P<calls>"
    + _WHOLE
    + rb")"
    + _S
    + rb"(?!func:|module:)(?P<file>"
    + _N
    + rb"+):(?P<line>"
    + _WHOLE
    + rb")"
    rb"(?>(?:" + _S + rb"(?:\[(?P<module>" + _N + rb"+)\](?=[ \t\n])|module:(?P<named>" + _N + rb"++)))?)"
    + _S
    + rb"func:(?P<function>"
    + _N
    + rb"++)(?P<pairs>(?>(?:"
    + _S
    + _PAIR
    + rb")*))"
)

NODE = (
    rb"nid(?P<node>[0-9]{1,5})"
    + _S
    + rb"(?P<node_bytes>"
    + _SIGNED
    + rb")"
    + _S
    + rb"(?P<node_calls>"
    + _WHOLE
    + rb")(?!"  # one number before a file:line shows that one of the node's is missing
    + _S
    + _WHOLE
    + _S
    + _N
    + rb"+:[0-9])"
)

TITLE = (
    rb"Memory" + _S + rb"allocations(?::|" + _S + rb"\(profiling" + _S + rb"is" + _S + rb"currently" + _S
    + rb"turned" + _S + rb"(?P<turned>on|off)\):)"
)  # fmt: skip
COLUMNS = rb"(?:#[ \t\n]*)?<size>" + _S + rb"<calls>" + _S + rb"<tag" + _S + rb"info>"
VERSION = rb"allocinfo" + _S + rb"-" + _S + rb"version:" + _S + rb"(?P<number>[0-9A-Za-z.+-]++)"
PARTIAL = rb"#" + _S + rb"partial:" + _S + rb"[0-9]++" + _S + rb"(?:largest|codetags)(?=[ \t\n])"

ITEM = re.compile(
    rb"[ \t\n]*+(?:(?P<record>" + RECORD + rb")|(?P<node_line>" + NODE + rb")"
    rb"|(?P<stamp>" + _STAMPS + rb")|(?P<title>" + TITLE + rb")|(?P<version>" + VERSION + rb")"
    rb"|(?P<columns>" + COLUMNS + rb")|(?P<partial>" + PARTIAL + rb")"
    rb"|(?P<skipped>\x02[0-9]++)|(?P<prompt>\x01)|(?P<token>" + _N + rb"++))"
)
"""The next of a text: a whole codetag, a line of a node, a header, or a token of nothing."""

KINDS = {
    "number": re.compile(rb"[+-]?[0-9][0-9.,]*+(?:[A-Za-z]{1,3})?"),
    "unit": re.compile(rb"[KMGTPE]iB|B"),
    "func": re.compile(rb"func:.*", re.DOTALL),
    "file:line": re.compile(_N + rb"*[./]" + _N + rb"*:[0-9]++"),
    "module": re.compile(rb"\[[A-Za-z0-9_]+\]"),
    "pair": re.compile(_PAIR),
    "node": re.compile(rb"nid[0-9]+"),
}
"""The kinds of tokens that are parts of a codetag."""


def kind_of(token: bytes) -> str:
    """Name the part of a codetag that a token can be, an empty text if it can be none."""
    return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(token)), "")
