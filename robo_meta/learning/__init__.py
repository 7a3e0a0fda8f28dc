"""Adaptation and training losses as pure functions: support in, parameters out."""
