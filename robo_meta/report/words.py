"""The words of the strategies' page and what they mean, for readers who know nothing of the project."""

from __future__ import annotations

from collections.abc import Iterable

from robo_meta.catalogue import ASKING, CATALOGUE, SCRIPTED_SUFFIX, bare
from robo_meta.report.looks import EXPERT

WORDS = {
    "task": "Two materials of hidden density and an intention. One object is to be held, in one rollout; every "
    "strategy meets the same object in the same pose with the same noise (matched scenes).",
    "demonstration": "One recorded grasp by an expert who knows the weights. Strategies see what was done, never the "
    "densities. “Shots” is how many demonstrations there are.",
    "intention": "What is wanted: balance, to hold the object level near its centre of mass; or part, to take it by "
    "the outer end of one part.",
    "transfer": "What the demonstration and the object to be held have in common: same-object, the object itself in "
    "another pose; new-instance, another object of its family; new-shape, an object of another family. Materials and "
    "intention are always the same.",
    "success": "Judged by physics: lifted 10 cm, held for a second and through a shake, level (less than 15° from its "
    "attitude at rest), clamped by both fingers, carried by nothing else, and on the wanted part.",
    "strategy": "A way from demonstrations to a grasp. Those that took part:",
    "expert": "The scripted demonstrator, who knows weights and pose: what is possible here.",
    "without learning": "Of the strategies, centre, replay and warped-replay: what anyone would try first. The best of "
    "them is picked on these very tasks, which flatters it.",
    "interval": "In brackets, 95 %: Wilson’s for rates, an adjusted Wald interval for paired differences. Of two rates "
    "whose intervals overlap either may be better; look at their difference.",
    "off": "Distance in mm from the chosen grasp to the true place, the centre of mass or the nearest wanted outer "
    "end; mean over tasks.",
}
"""Word → what it means."""


def strategy_words(names: Iterable[str]) -> list[tuple[str, str]]:
    """Strategies with what they do."""
    return [(name, _help(name)) for name in dict.fromkeys(names) if name != EXPERT]


def _help(name: str) -> str:
    plain = bare(name)
    if plain == ASKING:
        said = "The selector’s whole policy: it may ask for demonstrations, attempt again, and give up."
    else:
        said = CATALOGUE[plain].help if plain in CATALOGUE else "A strategy of your own."
    return (
        said
        if name == plain
        else f"{said.rstrip('.')}; here the scripted controller drives the hand ({SCRIPTED_SUFFIX})."
    )
