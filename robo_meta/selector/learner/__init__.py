"""Learning from an outcome matrix which strategy to use."""
