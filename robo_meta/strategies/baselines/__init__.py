"""Baselines: strategies that anyone would try first. None of them learns beforehand."""
