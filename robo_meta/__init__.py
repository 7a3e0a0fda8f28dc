"""Few-shot imitation: meta-learning, adaptation strategies, evaluation and the command line."""

__version__ = "0.1.0"
