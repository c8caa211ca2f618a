"""The adapter between the model and pyfuse3; only this folder knows pyfuse3.

It knows the model through `vfs.filesystem` and `vfs.nodes` alone.
"""

import os

from allocfs.fuse import extension

# Before numpy is imported: threads of its own, which nothing here uses, would keep privileges.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Before any module here imports pyfuse3: only then does pyfuse3 make its sessions with it.
extension.load()
