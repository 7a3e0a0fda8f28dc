"""Tasks: scenes, how they are drawn, the seeds that draw them, and the benchmarks that freeze them."""
