"""Benchmarks: figures measured in one run, beside a peer. Never a test."""
