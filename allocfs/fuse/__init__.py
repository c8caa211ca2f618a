"""The adapter between the model and pyfuse3: nothing outside of it knows pyfuse3 or errno."""

import os

from allocfs.fuse import extension

# Before numpy is imported: threads of its own, which nothing here uses, would keep privileges.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Before any module here imports pyfuse3: only then does pyfuse3 make its sessions with it.
extension.load()
