"""The adapter between the model and pyfuse3: nothing outside of it knows pyfuse3 or errno."""

from allocfs import fuseops

# Before any module here imports pyfuse3: only then does pyfuse3 make its sessions with it.
fuseops.load()
