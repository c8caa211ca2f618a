"""Run the command: `python -m allocfs.mount`."""

import sys

from allocfs.mount.command import main

if __name__ == "__main__":
    sys.exit(main())
