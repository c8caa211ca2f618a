"""Memory-allocation profiling of Linux as a file system of pread()-able records."""

__version__ = "0.1.0"
