"""Compares raftkv with etcd: the parts of benchmarks/compare."""
