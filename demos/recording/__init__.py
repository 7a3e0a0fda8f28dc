"""Recording demonstrations into a dataset, and packing them for training."""
