"""Measurements behind the figures of the pages, such as `python -m benchmarks.throughput`; results in `results/`."""
