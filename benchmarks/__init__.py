"""How fast npkpose is, beside what else is installed: ``python -m benchmarks``."""
