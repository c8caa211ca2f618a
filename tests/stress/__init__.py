"""A stress of real mounts against a model in plain Python: `python -m tests.stress --help`."""
