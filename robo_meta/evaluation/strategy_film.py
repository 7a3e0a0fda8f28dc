"""One strategy, adapted to demonstrations and filmed on one scene; imported objects to be filmed, whoever acts.

The scene is the one that `demos.film` shows of the scripted demonstrator, so that the two can be set side by side.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from demos.film import FilmConfig, check_files, film, film_scene, film_seeds, keep, told
from demos.film_files import FilmError
from robo_meta.objects.library import read_outcomes
from robo_meta.objects.registration import register_library
from robo_meta.scenarios.matched_scenes import OWN, PROCEDURAL, check_new_shapes, matched_scene, support_named
from robo_meta.strategies.resolve import resolve
from sim.errors import did_you_mean
from sim.shapes.families import family_named

if TYPE_CHECKING:  # only names
    from sim.env import GraspEnv

NEW_SHAPE = "new-shape"


@dataclass(frozen=True)
class SimConfig(FilmConfig):
    """Which grasp to film, whose, and where to."""

    objects: Path | None = None
    """Folder of imported objects (`robo-meta objects import`), one of which is filmed in place of a family's."""
    object: str | None = None
    """Which of them."""
    strategy: str | None = None
    """Film this strategy, adapted to demonstrations; without it, the scripted demonstrator."""
    shots: int = 1
    """Number of demonstrations that the strategy adapts from."""
    transfer: str = NEW_SHAPE
    """What demonstrations and object share: same-object, new-instance, new-shape."""
    support: str = OWN
    """What is demonstrated on where demonstrations show new shapes: `own`, other objects of the split, or `procedural`,
    objects of the training families."""
    checkpoint: Path | None = None
    """A trained checkpoint, file or folder; without it, the one that comes with the package."""

    def __post_init__(self) -> None:
        """Settle which object is meant, and check what strategies can be asked for.

        Raises:
            FilmError: options that don't go together, or an object that isn't in the library.
            robo_meta.objects.object_file.LibraryError: no library, unfinished, or altered.
            robo_meta.strategies.StrategyError: no such strategy.
        """
        if self.objects is not None:
            object.__setattr__(self, "family", self._imported(Path(self.objects)))
        elif self.object is not None:
            raise FilmError(f"object {self.object!r} without objects; name the library that it is in")
        if self.strategy is None:
            for name in ("shots", "transfer", "support", "checkpoint"):
                if getattr(self, name) != getattr(SimConfig, name):
                    raise FilmError(f"{name} {getattr(self, name)} without strategy; the demonstrator needs none")
            return
        from robo_meta.scenarios.conditions import Condition

        resolve(self.strategy)
        Condition(self.transfer, self.shots)
        object.__setattr__(self, "support", support_named(self.support, self.objects))
        if self.support == PROCEDURAL and self.transfer != NEW_SHAPE:
            raise FilmError(f"support procedural with transfer {self.transfer}; expected new-shape")
        if self.support == OWN and self.transfer == NEW_SHAPE:
            check_new_shapes(family_named(self.family).group, (self.intention,))

    def _imported(self, folder: Path) -> str:
        """The family of the object that is meant."""
        if self.family != SimConfig.family:
            raise FilmError(f"family {self.family} beside objects {folder}; expected one of them")
        outcomes = {outcome.name: outcome for outcome in read_outcomes(folder)}
        group = register_library(folder)
        accepted = tuple(name for name, outcome in outcomes.items() if outcome.accepted)
        if self.object is None:
            raise FilmError(f"objects {folder} without object; expected one of {', '.join(accepted)}")
        if self.object not in outcomes:
            raise FilmError(f"{folder}: unknown object {self.object!r}{did_you_mean(self.object, accepted)}")
        if self.object not in accepted:
            raise FilmError(f"{folder}: object {self.object!r} was refused: {outcomes[self.object].reason}")
        return f"{group}-{self.object}"


def film_grasp(config: SimConfig, env: GraspEnv | None = None) -> dict[str, Any]:
    """Film the demonstrator, or the strategy that is named; see `demos.film.film` and `film_strategy`."""
    return film(config, env) if config.strategy is None else film_strategy(config, env)


def film_strategy(config: SimConfig, env: GraspEnv | None = None) -> dict[str, Any]:
    """Adapt a strategy to demonstrations, play one scene with it, and write what it looks like.

    Args:
        config: which strategy and scene, and where to; without `video` and `image` it is only played.
        env: an environment with `render_mode="rgb_array"` to play in; by default one is made for the film.

    Returns:
        What `demos.film.film` returns; besides `strategy, transfer, shots, support`; `shown`, the families that were
        demonstrated; `target` (4,), the grasp that was aimed at, m and rad, object frame; and `keypoint_mm`, how far in
        the plane that is from the true centre of mass, or from the nearest wanted outer end.

    Raises:
        FilmError: a file that can't be what it should be, or an object on which no demonstration succeeded.
        robo_meta.strategies.StrategyError: a strategy that lacks what it needs.
        robo_meta.training.checkpoint.CheckpointError: no checkpoint, or a damaged one.
    """
    from demos.camera import film_policy
    from robo_meta.scenarios.conditions import Condition
    from robo_meta.scenarios.rollout import Timed, outcome
    from robo_meta.scenarios.supports import NoDemonstration, record_support
    from robo_meta.strategies.build import build_strategies, needs_checkpoint
    from robo_meta.training.checkpoint import checkpoint_file

    check_files(config)
    named = (config.strategy,)
    file = checkpoint_file(config.checkpoint) if needs_checkpoint(named, "learned") else None
    (player,) = build_strategies(file, named, "learned")
    scene, (rollout_seed, _) = film_scene(config), film_seeds(config)
    matched = matched_scene(config.seed, scene, rollout_seed, config.support)
    try:
        support = record_support(matched, Condition(config.transfer, config.shots))
    except NoDemonstration as error:
        raise FilmError(f"{error}; try another seed") from error
    policy = player.strategy.adapt(support)
    take = film_policy(scene, rollout_seed, policy, rolling=config.rolling, env=env)
    found = outcome(Timed(take.episode), policy.target(take.episode.points), policy.controller)
    keep(config, take)
    return {
        **told(config, scene, take),
        "strategy": player.name,
        "transfer": config.transfer,
        "shots": config.shots,
        "support": config.support,
        "shown": [item.family for item in support.items],
        "target": list(found.target),
        "keypoint_mm": found.keypoint_mm,
    }
