"""Tests of allocfs.reports."""
