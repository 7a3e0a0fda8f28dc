"""Measurements of speed, each beside a peer or a bound that ran in the same run: `robo-meta bench`."""
