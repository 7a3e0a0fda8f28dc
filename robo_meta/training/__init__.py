"""Meta-training: from packed data to a checkpoint."""
