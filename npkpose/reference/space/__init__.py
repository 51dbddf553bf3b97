"""Twins of the kernels in `npkpose.space`, in the same order: lens, consensus, dlt, refine."""
