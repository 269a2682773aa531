"""What benchmarks/node asks, and what it reads of processes."""
