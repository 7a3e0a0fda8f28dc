"""What is asked for: scenes, how they are drawn, and the seeds that draw them."""
