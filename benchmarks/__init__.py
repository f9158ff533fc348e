"""Measurements, each with its result file under `benchmarks/results/`."""
