"""Demonstrations that can be asked for, in their order: by names alone, so that nobody who decides needs the world."""

ANY, THIS_OBJECT = "any", "this-object"
KINDS = (ANY, THIS_OBJECT)
"""One more of the kind that there is, or one on the very object of the query."""
