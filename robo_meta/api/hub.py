"""A policy as a folder for a model hub: checkpoint, card, and the environment that LeRobot's EnvHub makes of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from robo_meta.api.arguments import ApiError

if TYPE_CHECKING:  # only names
    from robo_meta.training.checkpoint import Checkpoint

REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
"""`user/name` on the hub."""
ENVIRONMENT = '''"""For LeRobot's EnvHub: `lerobot.envs.factory.make_env("user/name", trust_remote_code=True)`.

Needs robo-meta.
"""

from robo_meta.api.hub_environment import make_env

__all__ = ["make_env"]
'''


def save_pretrained(
    folder: Path | str, checkpoint: Checkpoint | Path | str | None = None, licence: str = "mit"
) -> Path:
    """Write a policy into a folder that can be given to a model hub as it is.

    Args:
        folder: made if absent; its `policy.safetensors`, `policy.json`, `README.md` and `env.py` are replaced.
        checkpoint: the checkpoint, its file or its folder; None for the one that comes with the package.
        licence: for the card's front matter.

    Returns:
        The folder.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
        ApiError: `folder` is a file.

    Example:
        >>> import tempfile
        >>> folder = save_pretrained(tempfile.mkdtemp())
        >>> sorted(path.name for path in folder.iterdir())
        ['README.md', 'env.py', 'policy.json', 'policy.safetensors']
        >>> sorted(from_pretrained(folder).parts)[:2]
        ['closing', 'context']
    """
    from demos.storage.files import write_atomic
    from robo_meta.training.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise ApiError(f"{folder}: is a file; expected a folder")
    held = checkpoint if isinstance(checkpoint, Checkpoint) else load_checkpoint(checkpoint)
    save_checkpoint(folder, held)
    write_atomic(folder / "README.md", [card_text(held, licence).encode()])
    write_atomic(folder / "env.py", [ENVIRONMENT.encode()])
    return folder


def from_pretrained(place: Path | str, revision: str | None = None) -> Checkpoint:
    """The checkpoint in a folder that `save_pretrained` wrote, or in a repository of the Hugging Face Hub.

    Args:
        place: folder, or `user/name` where there is no such folder; that needs `huggingface_hub`.
        revision: of the repository.

    Raises:
        robo_meta.training.checkpoint.CheckpointError: no checkpoint there, or a damaged one.
        ApiError: no such folder, and no hub to look at.

    Example:
        >>> import tempfile
        >>> "maml" in from_pretrained(save_pretrained(tempfile.mkdtemp())).parts
        True
    """
    from robo_meta.training.checkpoint import POLICY_FILE, load_checkpoint

    folder = Path(place)
    if folder.exists():
        return load_checkpoint(folder)
    if not REPOSITORY.fullmatch(str(place)):
        raise ApiError(f"{place}: no such folder; expected one that save_pretrained wrote, or user/name on the hub")
    try:
        import huggingface_hub  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise ApiError(f"{place}: no such folder; from the hub it takes: pip install huggingface_hub") from error
    return load_checkpoint(Path(huggingface_hub.hf_hub_download(str(place), POLICY_FILE, revision=revision)))


def card_text(checkpoint: Checkpoint, licence: str) -> str:
    """A model card with front matter.

    Args:
        checkpoint: what it tells of.
        licence: as the hub spells it.
    """
    parts = ""
    for name, part in sorted(checkpoint.card["parts"].items()):
        shots = ", ".join(map(str, sorted(set(part["shots"]))))
        parts += f"| `{name}` | {part['tasks']} | {shots} | {len(part['families'])} |\n"
    return f"""---
library_name: robo-meta
license: {licence}
pipeline_tag: robotics
tags:
- robotics
- few-shot
- imitation-learning
- meta-learning
- lerobot-env
---

# A grasping policy that adapts to demonstrations

Trained by robo-meta, preset `{checkpoint.card["preset"]}`. It finds where an object of
hidden weight must be held from one to three demonstrations on other objects of the same materials.

| part | tasks trained on | demonstrations | families |
|---|---|---|---|
{parts}
`policy.safetensors` holds all parts and, in its header, how each was trained; nothing in it is executed.

```python
import robo_meta

checkpoint = robo_meta.from_pretrained("this-folder")
policy = robo_meta.make_strategy("maml", "this-folder").adapt(robo_meta.load_support("demonstrations"))
```

`env.py` makes the environment for LeRobot's EnvHub. Simulation alone: nothing here was tried on a robot.
"""
