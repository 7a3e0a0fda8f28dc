"""Files that come with the package: a checkpoint, a selector trained for it, the matrix it was trained on, and a
checkpoint of methods that learned from recorded episodes alone."""

from importlib import resources
from pathlib import Path

FILES = {
    "checkpoint": "full.safetensors",
    "selector": "selector.safetensors",
    "matrix": "training_matrix.safetensors",
    "recorded": "recorded.safetensors",
}
"""What is shipped → its file here."""


RECORDED = "shipped:recorded"
"""What stands for the second checkpoint wherever one can be named."""


def shipped(name: str) -> Path:
    """The shipped file called `name`, a key of `FILES`, whether it is there or not."""
    return Path(str(resources.files(__name__))) / FILES[name]
