"""Fuzz a parser: `python -m fuzz text|query|control|reports [--runs N | --seconds N] [--keep]`.

With atheris (`pip install '.[fuzz]'`, Linux on x86-64) the fuzzing is guided by coverage. Without
it the same targets get seeded mutations of the corpus, which finds less, and --keep is refused.
An input that breaks a target is written to the present directory, and the exit code is not 0.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz import corpus, plain
from fuzz.words import SEEDS, WORDS

HANG = 60  # seconds for one input; generous, since other processes may use the machine
MOST_BYTES = {"text": 4096, "query": 1024, "control": 4096, "reports": 256}


def main() -> int:
    """Fuzz a parser, and keep the corpus with --keep."""
    given = _parser().parse_args()
    try:
        import atheris  # noqa: F401, PLC0415
    except ImportError:
        if given.keep:
            sys.exit("fuzz: --keep needs atheris: pip install '.[fuzz]'")
        print("fuzz: no atheris, so not guided by coverage", file=sys.stderr)
        return plain.fuzz(given.parser, given.runs, given.seconds, given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        return _guided(given, Path(scratch))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("parser", choices=sorted(WORDS))
    parser.add_argument("--runs", type=int, default=0, help="executions; 0: by time alone")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0: another one each time")
    parser.add_argument("--keep", action="store_true", help="keep the inputs that reached new code")
    return parser


def _guided(given: argparse.Namespace, scratch: Path) -> int:
    """Run libFuzzer in a child process, because it ends its process itself."""
    found, words = scratch / "found", scratch / "words"
    found.mkdir()
    for number, data in enumerate([*SEEDS[given.parser], *corpus.inputs(given.parser)]):
        (found / str(number)).write_bytes(data)
    words.write_text("".join(map(_word, WORDS[given.parser])))
    limits = [f"-max_len={MOST_BYTES[given.parser]}", f"-timeout={HANG}", f"-seed={given.seed}"]
    until = [f"-runs={given.runs or -1}", f"-max_total_time={given.seconds}"]
    fuzzer = [sys.executable, "-m", "fuzz.guided", given.parser, *limits, *until]
    ended = subprocess.run([*fuzzer, f"-dict={words}", str(found)], check=False)
    if given.keep and ended.returncode == 0:
        inputs = [path.read_bytes() for path in found.iterdir()]
        print(f"fuzz: kept {corpus.keep(given.parser, inputs)} inputs for {given.parser}")
    return ended.returncode


def _word(word: bytes) -> str:
    """Format a word for a dictionary of libFuzzer."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n'


if __name__ == "__main__":
    sys.exit(main())
