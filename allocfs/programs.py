"""Start other programs, and other interpreters, without code from the present directory."""

from __future__ import annotations

import os
import sys


def python_command(module: str) -> list[str]:
    """Return the command that runs a module of the package with this interpreter.

    `-m` alone puts the present directory first in sys.path.
    """
    return [sys.executable, "-I" if sys.flags.isolated else "-P", "-m", module]


def drop_relative_path() -> None:
    """Drop the relative directories from PATH, for this process and the programs that it starts.

    An empty entry is relative too: it stands for the present directory.
    """
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = [entry for entry in entries if os.path.isabs(entry)]
    os.environ["PATH"] = os.pathsep.join(absolute) or os.defpath
