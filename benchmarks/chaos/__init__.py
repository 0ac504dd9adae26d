"""Random kills of a running service, and what they did to its accepted uploads: `python -m benchmarks.chaos`."""
