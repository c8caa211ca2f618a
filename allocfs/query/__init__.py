"""The query language, and which codetags a query selects."""
