"""Files that come with the package: a checkpoint, a selector trained for it, and the matrix it was trained on."""

from importlib import resources
from pathlib import Path

FILES = {
    "checkpoint": "full.safetensors",
    "selector": "selector.safetensors",
    "matrix": "training_matrix.safetensors",
}
"""What is shipped → its file here."""


def shipped(name: str) -> Path:
    """The shipped file called `name`, a key of `FILES`, whether it is there or not."""
    return Path(str(resources.files(__name__))) / FILES[name]
