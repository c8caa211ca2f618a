"""Print a file as a table, read by a library of its name: tables.py LIBRARY.FUNCTION FILE."""

from __future__ import annotations

import sys
from collections.abc import Callable

SEPARATOR = "\x01"  # is in no file, so that a line is one field


def pandas_csv(path: str) -> object:
    import pandas as pd

    frame = pd.read_csv(path, sep=SEPARATOR, header=None, quoting=3)
    return frame.to_csv()


def pandas_json(path: str) -> object:
    import pandas as pd

    return pd.read_json(path, lines=True).to_csv()


def polars_csv(path: str) -> object:
    import polars as pl

    frame = pl.read_csv(path, separator=SEPARATOR, has_header=False, quote_char=None)
    return frame.write_csv()


def polars_ndjson(path: str) -> object:
    import polars as pl

    return pl.read_ndjson(path).write_csv()


def polars_scan(path: str) -> object:
    import polars as pl

    return pl.scan_ndjson(path).collect().write_csv()


def duckdb_csv(path: str) -> object:
    import duckdb

    options = f"delim='{SEPARATOR}', header=false, quote='', columns={{'line': 'VARCHAR'}}"
    return duckdb.sql(f"select * from read_csv('{path}', {options})").fetchall()


def duckdb_json(path: str) -> object:
    import duckdb

    return duckdb.sql(f"select * from read_json('{path}', format='newline_delimited')").fetchall()


READERS: dict[str, Callable[[str], object]] = {
    "pandas.read_csv": pandas_csv,
    "pandas.read_json": pandas_json,
    "polars.read_csv": polars_csv,
    "polars.read_ndjson": polars_ndjson,
    "polars.scan_ndjson": polars_scan,
    "duckdb.read_csv": duckdb_csv,
    "duckdb.read_json": duckdb_json,
}

if __name__ == "__main__":
    print(READERS[sys.argv[1]](sys.argv[2]))
