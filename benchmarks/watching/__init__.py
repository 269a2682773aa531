"""Watches, lists, compaction and reclaimed space beside etcd: the parts of benchmarks/watches."""
