"""Install the programs that are missing, and compile the small ones."""

from __future__ import annotations

import shutil
import subprocess
import venv
from pathlib import Path

from tests.support import ROOT

HERE = Path(__file__).parent
BUILT = ROOT / "build" / "programs"
LIBRARIES = ("pandas", "polars", "duckdb")
COMMANDS = {
    "busybox": "busybox",
    "curl": "curl",
    "gcc": "gcc",
    "git": "git",
    "golang-go": "go",
    "jq": "jq",
    "nodejs": "node",
    "rsync": "rsync",
    "rustc": "rustc",
    "xz-utils": "xz",
    "zstd": "zstd",
}
"""A command of each Debian package that is needed."""


def install_packages() -> None:
    """Install the Debian packages whose command is not there."""
    missing = [package for package, command in COMMANDS.items() if not shutil.which(command)]
    if missing:
        subprocess.run(["apt-get", "update", "-q"], check=True)
        install = ("apt-get", "install", "-y", "-q", "--no-install-recommends")
        subprocess.run([*install, *missing], check=True)


def install_libraries() -> Path:
    """Install the Python libraries into an environment of their own; return its interpreter."""
    python = BUILT / "venv" / "bin" / "python"
    if not python.exists():
        venv.create(BUILT / "venv", with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *LIBRARIES], check=True)
    return python


def compile_c(directory: Path) -> None:
    """Compile the program in C."""
    strict = ("-O2", "-Wall", "-Wextra", "-Werror")
    command = ("gcc", *strict, "-o", directory / "c", HERE / "transfer.c")
    subprocess.run(command, check=True)


def compile_all() -> None:
    """Compile the programs in C, Go and Rust."""
    BUILT.mkdir(parents=True, exist_ok=True)
    compile_c(BUILT)
    go = ("go", "build", "-o", BUILT / "go", HERE / "transfer.go")
    subprocess.run(go, check=True)
    rust = ("rustc", "--edition", "2021", "-O", "-o", BUILT / "rust", HERE / "transfer.rs")
    subprocess.run(rust, check=True)
