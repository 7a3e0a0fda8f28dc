"""Adaptation and training losses as pure functions: support in, parameters out.

Axis letters as in `robo_meta.model`, and: S steps of an inner loop, T tasks of a training.
"""
