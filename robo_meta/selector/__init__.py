"""Learning which strategy to use: the outcome matrix, the decision environment, its learners and their judge.

Axis letters here: S scenes, A strategies, R rollouts, F features, C candidate actions, T trees, N nodes.
"""
