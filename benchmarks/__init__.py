"""The measurements behind the figures of the pages; `python -m benchmarks --help` lists them. Results: `results/`."""
