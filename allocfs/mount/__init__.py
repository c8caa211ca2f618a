"""The command mount.allocfs: options, sources, and the daemon that serves a mount."""

from allocfs.mount.command import main

__all__ = ["main"]
