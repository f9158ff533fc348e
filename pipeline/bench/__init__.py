"""Benchmarks a user runs on the machine at hand: `zhian bench`."""
