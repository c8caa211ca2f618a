"""Where codetags and their counters come from."""
