"""Demonstrations: planning, recording, storing and sampling support sets."""

__version__ = "0.1.0"
"""Of the whole distribution; it stands here because `demos` stores it and may import nothing above itself."""
