"""Allocation profiles as people paste them: into captures, with all that was guessed or lost."""
