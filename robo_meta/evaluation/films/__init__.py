"""Films of adapted strategies: side by side on one scene, and of an evaluation's rollouts."""
