"""The command allocfs: one file for each of its commands."""

from allocfs.cli.command import main

__all__ = ["main"]
