"""Run the command: `python -m allocfs.cli`."""

import sys

from allocfs.cli.command import main

if __name__ == "__main__":
    sys.exit(main())
