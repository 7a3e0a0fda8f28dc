"""Does the world need the demonstration? Checks of tasks and objects."""
