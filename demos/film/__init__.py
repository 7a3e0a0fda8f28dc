"""Films: a camera on an episode, what is drawn over its pictures, and the files that they go to."""
