"""Compares clusters of three members: the parts of benchmarks/cluster."""
