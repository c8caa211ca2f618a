"""A libFuzzer process: `python -m fuzz.guided PARSER LIBFUZZER-OPTIONS...`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["allocfs"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    program, parser, *options = sys.argv
    atheris.Setup([program, *options], TARGETS[parser])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
