"""Benchmarks: commands that print a table and a ratio measured side by side. Never part of the tests."""
