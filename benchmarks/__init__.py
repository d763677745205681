"""Benchmarks: each prints its own floor beside its figure, because the machines are noisy."""
