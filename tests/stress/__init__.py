"""Stress tests of real mounts, compared with a model: `python -m tests.stress --help`."""
