"""How records, counters, text and JSON are written and read, each format in a file."""
