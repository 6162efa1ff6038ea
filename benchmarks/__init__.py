"""What README claims, as commands: `python -m benchmarks.throughput` and the like; results in `results/`."""
