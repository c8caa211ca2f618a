"""Build the extension allocfs.fuse._fuseops; without libfuse's headers allocfs does without it."""

from __future__ import annotations

import shlex
import subprocess

from setuptools import Extension, setup


def fuse_flags(kind: str) -> list[str]:
    """Ask pkg-config how to compile or link with libfuse 3."""
    try:
        found = subprocess.run(
            ["pkg-config", kind, "fuse3"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"allocfs.fuse._fuseops: {error}; trying without flags")
        return []
    return shlex.split(found.stdout)


setup(
    ext_modules=[
        Extension(
            "allocfs.fuse._fuseops",
            ["allocfs/fuse/_fuseops.c"],
            extra_compile_args=["-std=gnu11", *fuse_flags("--cflags")],
            extra_link_args=fuse_flags("--libs"),
            optional=True,
        )
    ]
)
