"""The table of the kinds of SOURCE, and the choice among them."""

from __future__ import annotations

from allocfs.backend.base import Backend, Kind
from allocfs.backend.livesource import LIVE
from allocfs.backend.pasted import PASTED
from allocfs.backend.replay import SERIES
from allocfs.backend.simulated import FROM_FILE, SIMULATED
from allocfs.backend.sourceoptions import NO_SOURCE, SourceOptions
from allocfs.backend.static import CAPTURE
from allocfs.errors import OptionError

KINDS = (SIMULATED, PASTED, SERIES, FROM_FILE, LIVE, CAPTURE)
"""All kinds; a SOURCE is of the first that recognises it."""

OPTION_USES = {name: use for kind in KINDS for name, use in kind.options.items()}
"""The options that mean something for some kinds only, each with its use."""


def open_source(source: str | None, options: SourceOptions) -> Backend:
    """Open a source. Raises SourceFailed, or BadCapture naming file and line.

    A SOURCE that stands for a running kernel is never replaced by another kind. Raises
    OptionError for an option that means nothing for this kind of source.
    """
    kind = kind_of(source, options)
    _check_options(source or NO_SOURCE[0], kind, options)
    return kind.open(source or NO_SOURCE[0], options)


def kind_of(source: str | None, options: SourceOptions) -> Kind:
    """Recognise a source by its name, by the file that is there, and by the options."""
    name = source or NO_SOURCE[0]
    return next(kind for kind in KINDS if kind.recognises(name, options))


def _check_options(source: str, kind: Kind, options: SourceOptions) -> None:
    for name, use in OPTION_USES.items():
        if name in options.given and name not in kind.options:
            raise OptionError(f"option '{name}' is for {use}, and {source} is {kind}")
    if options.step and "speed" in options.given:
        raise OptionError("option 'speed' is not for a series that is played by 'step'")
