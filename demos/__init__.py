"""Demonstrations: planning, recording, storing and sampling support sets."""
