"""Strategies that anyone would try first; none of them learns beforehand."""
