"""Run everyday programs on mounts: `python -m tests.programs`; see docs/programs.md."""
