"""The tokens of a pasted text, as patterns that any line breaks may stand between.

Texts are bytes here: a log of 100 MiB is not decoded. spec/imports.md has the grammar.
"""

from __future__ import annotations

import re

SKIPPED = b"\x02"
"""Begins a line that stands for a number of lines that were not looked at."""

PROMPT = b"\x01"
"""Stands for the prompt line of a shell."""

_N = r"[^\x00-\x20\x7f]"  # a character of a name
_S = r"[ \t\n]++"
_LONGEST = 4096  # characters of a name
_NAME = rf"{_N}{{1,{_LONGEST}}}"
_FUNCTION = rf"[^\x00-\x20\x7f=]{{1,{_LONGEST}}}+(?<!-)(?!{_N})"  # mails cut names at `=` and `-`
_WHOLE = rf"(?:0|[1-9][0-9]{{0,19}}+)(?!{_N})"
_SIGNED = rf"(?:0|-?[1-9][0-9]{{0,18}}+)(?!{_N})"
_PAIR = rf"(?!func:)[a-z][a-z0-9_]*+:(?!/){_NAME}+"


def _stamps(s: str) -> str:
    """Match the stamp of a log at the beginning of a line; `s` is a space in it."""
    day, clock = "[0-9]{1,2}", "[0-9]{2}:[0-9]{2}:[0-9]{2}"
    part = "(?>(?:[.,][0-9]{1,9})?)"
    printk = (  # with the time since the line before of dmesg -d and -H, and with the caller
        rf"\[{s}*\+?[0-9]{{1,10}}\.[0-9]{{1,9}}(?>(?:{s}<{s}*[0-9.]{{1,20}}>)?)\]"
        r"(?>(?: ?\[ *[TC][0-9]{1,10}\])?)"
    )
    human = rf"\[[A-Z][a-z]{{2}} ?{day}{s}[0-9]{{2}}:[0-9]{{2}}\]"
    dmesg = rf"\[[A-Z][a-z]{{2}}{s}[A-Z][a-z]{{2}}{s}{{1,2}}{day}{s}{clock}{s}[0-9]{{4}}\]"
    iso = (  # also of journalctl -o short-full
        rf"(?>(?:[A-Z][a-z]{{2}}{s})?)[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}(?:T|{s}){clock}{part}"
        rf"(?>(?:Z|{s}UTC|[+-][0-9]{{2}}:?[0-9]{{2}})?)"
    )
    syslog = rf"[A-Z][a-z]{{2}}{s}{{1,2}}{day}{s}{clock}{part}"
    kernel = rf"(?>(?:{s}[A-Za-z0-9_.-]{{1,64}})?){s}kernel(?::|{s}-{s}-{s}-(?={s}))"
    then_printk = rf"(?>(?:{s}{printk})?)"
    return (
        rf"(?:{printk}|{human}|{dmesg}|{iso}|{syslog})(?>(?:{kernel}{then_printk})?)"
        rf"|[0-9]{{10}}\.[0-9]{{6}}{kernel}|kernel:{then_printk}(?={s})"
    )


LINE_STAMPS = _stamps(r"[ \t]").encode()
"""The stamps of a log within one line."""

_LINE = (
    # The sizes and the calls end where the kernel's columns do.
    r"(?=.{11}[0-9] .{7}[0-9] [^ ]) *+(?:0|-?[1-9][0-9]*+) ++(?:0|[1-9][0-9]*+) "
    rf"(?!func:){_NAME}:(?:0|[1-9][0-9]{{0,17}}+)(?> \[{_NAME}\](?= )|) func:{_FUNCTION}"
    r"(?> accurate:no|) ?+\n"
)

RUN = re.compile(rf"\n?+^((?>(?:{_LINE})+))".encode(), re.MULTILINE)
"""Lines as the kernel writes them."""

# Its last word may not be a part of a codetag that goes on in the next line.
_OTHER = (
    r"(?![^\n]*(?:func:|Memory|allocinfo|<size>|:[0-9]))"
    r"(?!(?:[KMGTPE]i)?B[ \t])[A-Za-z_-]++,?+[ \t]"
    r"(?=[^\n]*[ \t](?!(?:[KMGTPE]i)?B[ \t\n])(?:[A-Za-z(]|[0-9]++[A-Za-z]*+[.;)])"
    r"[^ \t\n]*+[ \t]*+\n)[^\n]*+\n"
)

OTHER = re.compile(rf"\n?+^((?>(?:{_OTHER})+))".encode(), re.MULTILINE)
"""Lines of words alone."""

_SIZE = (
    r"(?P<size>-?[0-9]++(?>(?:\.[0-9]++)?))(?P<unit>[A-Za-z]{0,3})"
    rf"(?>(?:{_S}(?P<spaced>[KMGTPE]iB|B)(?=[ \t\n]))?)"
)
_SITE = (
    rf"(?!func:|module:)(?P<file>{_NAME}):(?P<line>{_WHOLE})"
    rf"(?>(?:{_S}(?:\[(?P<module>{_NAME})\](?=[ \t\n])|module:(?P<named>{_NAME}+)))?)"
    rf"{_S}func:(?P<function>{_FUNCTION})"
)
_RECORD = rf"{_SIZE}{_S}(?P<calls>{_WHOLE}){_S}{_SITE}(?P<pairs>(?>(?:{_S}{_PAIR}(?!{_N}))*))"

# One number before a file:line shows that a number of the node is missing.
_NODE = (
    rf"nid(?P<node>[0-9]{{1,5}}){_S}(?P<node_bytes>{_SIGNED}){_S}(?P<node_calls>{_WHOLE})"
    rf"(?!{_S}{_WHOLE}{_S}{_NAME}:[0-9])"
)

_TITLE = (
    rf"Memory{_S}allocations"
    rf"(?::|{_S}\(profiling{_S}is{_S}currently{_S}turned{_S}(?P<turned>on|off)\):)"
)
_VERSION = rf"allocinfo{_S}-{_S}version:{_S}(?P<number>[0-9A-Za-z.+-]{{1,32}}+)(?!{_N})"
_COLUMNS = rf"(?>(?:#[ \t\n]*+)?)<size>{_S}<calls>{_S}<tag{_S}info>(?!{_N})"
_PARTIAL = rf"#{_S}partial:{_S}[0-9]++{_S}(?:largest|codetags)(?!{_N})"

_ITEMS = {
    "record": _RECORD,
    "node_line": _NODE,
    "stamp": _stamps(r"[ \t\n]"),
    "title": _TITLE,
    "version": _VERSION,
    "columns": _COLUMNS,
    "partial": _PARTIAL,
    "skipped": r"\x02[0-9]++",
    "prompt": r"\x01",
    "token": rf"{_N}++",
}

_ANY = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _ITEMS.items())

ITEM = re.compile(rf"[ \t\n]*+(?:{_ANY})".encode())
"""The next of a text: a whole codetag, a line of a node, a header, or a token of none of these."""

_KINDS = {
    "number": r"[+-]?[0-9][0-9.,]*+(?:[A-Za-z]{1,3})?",
    "unit": r"[KMGTPE]iB|B",
    "func": r"func:.*",
    "module": r"\[[A-Za-z0-9_]+\]",
    "site": rf"(?=[^./]*+[./]){_N}*:[0-9]++",
    "pair": _PAIR,
    "node": r"nid[0-9]+",
}
_KIND = re.compile("|".join(f"(?P<{kind}>{part})" for kind, part in _KINDS.items()).encode())


def kind_of(token: bytes) -> str:
    """Name the part of a codetag that a token can be, an empty text if it can be none."""
    found = _KIND.fullmatch(token)
    return str(found.lastgroup) if found else ""
