"""The mount without FUSE: nodes, paths, and the contents of files."""
