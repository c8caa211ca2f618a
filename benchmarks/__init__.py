"""Benchmarks of allocfs beside native files and a C daemon on the same machine."""
