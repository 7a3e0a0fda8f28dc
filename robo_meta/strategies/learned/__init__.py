"""Strategies that adapt a trained network."""
