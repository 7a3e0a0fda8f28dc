"""The table of strategies: one row each, with everything that the rest of the program asks about one.

Only strings, numbers and truth values stand here, and nothing is imported but the standard library, so that training,
strategies, charts and the command line can all read the same row. To add a strategy, write its class and add its row.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

ADAPTED = ("head.in.bias", "head.in.colour", "head.score.colour", "head.gate.bias", "head.score.like")
"""Parameters that adaptation moves: what each colour means, which place is meant (Zintgraf et al., 2019, "Fast context
adaptation via meta-learning"), and what the grasped place looks like, for the choice among the points. Moving the
weight matrices as well took half as much time again and was less accurate: after 500 steps a sixth of the *balance*
keypoints of validation families were 1.5 cm off or more, against a fiftieth."""
OUTPUT_LAYER = ("head.gate.bias", "head.gate.weight", "head.score.colour", "head.score.weight")
"""Parameters that `anil` moves instead (Raghu et al., 2020, "Rapid learning or feature reuse?"): those that turn the
head's features, the colours and the pooled features into scores and gates. None of them makes features."""
CLOSING = "closing"
"""Part of a checkpoint that every network strategy needs: it turns a chosen place into a grasp."""
CONTROLLER = "controller"
"""Part of a checkpoint that the learned controller is made of."""
SCRIPTED_SUFFIX = "+scripted-controller"
"""A strategy's name with this is that strategy driven by the scripted controller, whatever drives the others."""
SELECTOR, ASKING = "selector", "selector+asking"
"""The selector's first choice, a strategy; and its whole policy, which asks, attempts again and gives up. That is no
strategy and has no row: it needs the world, not demonstrations alone."""
ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"
OKABE_ITO = (ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE)
"""Colours in charts (Okabe and Ito, 2008), which people with a colour vision deficiency tell apart."""
MARKERS = ("circle", "square", "diamond", "up", "down", "plus", "hexagon")
"""Markers in charts, by which strategies of one colour are told apart."""
ASKING_LOOK = (VERMILLION, "hexagon")
"""Colour and marker of the selector's whole policy."""


@dataclass(frozen=True)
class TrainedMethod:
    """How the part of a checkpoint that a strategy uses is trained."""

    name: str
    """Of the method and of the part alike."""
    order: int
    """Place in the order of training, from 0. A method that starts from another one's part comes after it."""
    default: bool = False
    """Whether it is trained where no method is named."""
    specialise: str | None = None
    """Function of `robo_meta.learning.methods` that maps a support set to head parameters, in training and afterwards.
    None for methods that are not trained through the loss of queries after specialising."""
    moved: tuple[str, ...] = ()
    """Parameters that its inner loop moves by learned rates; none where it learns no rates."""
    starts_from: str | None = None
    """Method whose part it starts from with `train --init`, where the checkpoint holds no part of its own."""
    from_steps: bool = False
    """Whether it learns from the steps of recorded episodes, and not from scans with grasps."""
    both_worlds: bool = False
    """Whether half of the tasks that it learns from are painted goods, in which the part tells the weight; the other
    methods take tasks as often as they are in the data."""


@dataclass(frozen=True)
class StrategyRow:
    """Everything that callers ask about one strategy."""

    name: str
    """As the command line and the results have it."""
    place: str
    """`module:class`. It is imported when first used."""
    colour: str
    """In every chart: one of `OKABE_ITO`, with `marker` unlike any other row's."""
    help: str
    """What it does, in one sentence."""
    parts: tuple[tuple[str, ...], ...] = ()
    """Parts of a checkpoint that it needs, each as the tuple of those that will do, best first. Empty where nothing is
    learned beforehand."""
    file: str | None = None
    """Key in `robo_meta.checkpoints.FILES` of a file of its own, besides the checkpoint."""
    method: TrainedMethod | None = None
    """How its part is trained; None where it uses another strategy's part, or none."""
    learns_from_failures: bool = False
    """Whether failed demonstrations are shown to it. Others take every demonstration for an example to follow."""
    default: bool = True
    """Whether it takes part where no strategy is named."""
    scripted_too: bool = False
    """Whether it then takes part a second time, driven by the scripted controller."""
    marker: str = ""
    """In every chart: one of `MARKERS`; where none is given, one that the name picks."""
    drives_itself: bool = False
    """Whether its policy moves the hand in its own way and takes no controller."""
    has_prior: bool = False
    """Whether it has `prior_policy()`, the policy before any demonstration: true of the network strategies."""

    @property
    def look(self) -> tuple[str, str] | None:
        """Colour and marker in charts; None where the row gives no marker."""
        return (self.colour, self.marker) if self.marker else None

    @property
    def needs_checkpoint(self) -> bool:
        """Whether it can't be made without a checkpoint."""
        return bool(self.parts) or self.file is not None

    def missing_part(self, held: Collection[str]) -> str | None:
        """The first part that a checkpoint with the parts `held` lacks for it, None where it has them all.

        Where several parts would do, the last one is named: it is the one that checkpoints usually have.
        """
        return next((choice[-1] for choice in self.parts if not set(choice) & set(held)), None)

    def own_part(self, held: Collection[str]) -> str:
        """The part that it starts from, given the parts `held`: the best one there, else the one that is missed."""
        return next((part for part in self.parts[0] if part in held), self.parts[0][-1])


_LEARNED, _BASELINES = "robo_meta.strategies.learned.", "robo_meta.strategies.baselines."
_ROWS = (
    StrategyRow(
        "zero-shot",
        _LEARNED + "zero_shot:ZeroShot",
        YELLOW,
        "A network trained on all tasks together; it ignores the demonstrations.",
        (("zero-shot",), (CLOSING,)),
        method=TrainedMethod("zero-shot", 1, default=True, specialise="zero_shot"),
        has_prior=True,
        marker="down",
    ),
    StrategyRow(
        "fine-tune",
        _LEARNED + "fine_tune:FineTune",
        YELLOW,
        "A pretrained network, fine-tuned on the demonstrations with Adam.",
        (("pretrain", "zero-shot"), (CLOSING,)),
        method=TrainedMethod("pretrain", 6),
        has_prior=True,
        marker="diamond",
    ),
    StrategyRow(
        "maml",
        _LEARNED + "maml:Maml",
        BLUE,
        "Meta-learned adaptation: a few gradient steps on the demonstrations (Finn et al., 2017).",
        (("maml",), (CLOSING,)),
        method=TrainedMethod("maml", 0, default=True, specialise="maml", moved=ADAPTED),
        scripted_too=True,
        has_prior=True,
        marker="circle",
    ),
    StrategyRow(
        "context",
        _LEARNED + "context:Context",
        GREEN,
        "A network that reads the demonstrations as an input and takes no gradient step.",
        (("context",), (CLOSING,)),
        method=TrainedMethod("context", 2, default=True, specialise="context"),
        has_prior=True,
        marker="square",
    ),
    StrategyRow(
        "fomaml",
        _LEARNED + "maml:Fomaml",
        SKY,
        "As maml, but trained without second derivatives (Finn et al., 2017).",
        (("fomaml",), (CLOSING,)),
        method=TrainedMethod("fomaml", 3, specialise="fomaml", moved=ADAPTED),
        has_prior=True,
        marker="circle",
    ),
    StrategyRow(
        "anil",
        _LEARNED + "maml:Anil",
        SKY,
        "As maml, but only the output layer adapts (Raghu et al., 2020).",
        (("anil",), (CLOSING,)),
        method=TrainedMethod("anil", 4, specialise="maml", moved=OUTPUT_LAYER),
        has_prior=True,
        marker="diamond",
    ),
    StrategyRow(
        "reptile",
        _LEARNED + "reptile:Reptile",
        SKY,
        "Gradient descent of the whole network from Reptile's starting point (Nichol et al., 2018).",
        (("reptile",), (CLOSING,)),
        method=TrainedMethod("reptile", 5),
        has_prior=True,
        marker="hexagon",
    ),
    StrategyRow(
        "scratch",
        _LEARNED + "scratch:Scratch",
        YELLOW,
        "A fresh network, trained on the demonstrations alone.",
        ((CLOSING,),),
        has_prior=True,
        marker="plus",
    ),
    StrategyRow(
        "bc-finetune",
        _LEARNED + "bc_finetune:BcFinetune",
        ORANGE,
        "Behaviour cloning on points and hand, without keypoints, fine-tuned on the demonstrations.",
        (("bc-finetune",),),
        method=TrainedMethod("bc-finetune", 10, from_steps=True),
        drives_itself=True,
        has_prior=True,
        marker="square",
    ),
    StrategyRow(
        "in-context",
        _LEARNED + "in_context:InContext",
        ORANGE,
        "A transformer that reads the demonstrations' steps as a prompt and goes on, without keypoints.",
        (("in-context",),),
        method=TrainedMethod("in-context", 11, from_steps=True),
        drives_itself=True,
        marker="hexagon",
    ),
    StrategyRow(
        "centre",
        _BASELINES + "centre:Centre",
        PURPLE,
        "Grasps the middle of the object; it ignores the demonstrations.",
        marker="plus",
    ),
    StrategyRow(
        "replay",
        _BASELINES + "replay:Replay",
        VERMILLION,
        "Repeats a demonstrated hand path, laid over the object.",
        drives_itself=True,
        marker="down",
    ),
    StrategyRow(
        "warped-replay",
        _BASELINES + "warped_replay:WarpedReplay",
        ORANGE,
        "Warps the demonstrated object onto the new one, and the demonstrated grasp with it.",
        marker="up",
    ),
    StrategyRow(
        "density-fit",
        _BASELINES + "density_fit:DensityFit",
        PURPLE,
        "Is told to hold the centre of mass, and fits the materials' densities to the demonstrations.",
        marker="diamond",
    ),
    StrategyRow(
        "role",
        _LEARNED + "role:Role",
        BLUE,
        "As maml, but it matches parts by shape and pays no heed to their paint.",
        (("maml",), (CLOSING,)),
        has_prior=True,
        marker="square",
    ),
    StrategyRow(
        "contrast",
        _LEARNED + "contrast:Contrast",
        GREEN,
        "As maml, but it also moves away from failed demonstrations.",
        (("contrast",), ("maml",), (CLOSING,)),
        method=TrainedMethod("contrast", 7),
        learns_from_failures=True,
        default=False,
        has_prior=True,
        marker="up",
    ),
    StrategyRow(
        "retry",
        _LEARNED + "retry:Retry",
        GREEN,
        "As contrast, and it learns from its own failed attempts on the same object.",
        (("contrast",), ("maml",), (CLOSING,)),
        learns_from_failures=True,
        default=False,
        has_prior=True,
        marker="down",
    ),
    StrategyRow(
        "maml-both",
        _LEARNED + "maml:MamlBoth",
        BLUE,
        "As maml, trained where paint tells the weight and where the part does, to infer which.",
        (("maml-both",), (CLOSING,)),
        method=TrainedMethod("maml-both", 8, specialise="maml", moved=ADAPTED, starts_from="maml", both_worlds=True),
        default=False,
        has_prior=True,
        marker="hexagon",
    ),
    StrategyRow(
        "context-both",
        _LEARNED + "context:ContextBoth",
        GREEN,
        "As context, trained where paint tells the weight and where the part does, to infer which.",
        (("context-both",), (CLOSING,)),
        method=TrainedMethod("context-both", 9, specialise="context", starts_from="context", both_worlds=True),
        default=False,
        has_prior=True,
        marker="hexagon",
    ),
    StrategyRow(
        SELECTOR,
        "robo_meta.selector.strategy:SelectorStrategy",
        VERMILLION,
        "Looks at the scene and lets the most promising of the other strategies act.",
        file="selector",
        learns_from_failures=True,
        default=False,
        marker="diamond",
    ),
)
CATALOGUE: dict[str, StrategyRow] = {row.name: row for row in _ROWS}
"""Name → row, in the order of the results."""
TRAINED: tuple[TrainedMethod, ...] = tuple(
    sorted((row.method for row in _ROWS if row.method is not None), key=lambda method: method.order)
)
"""The methods that can be trained, in the order of training."""
METHODS: tuple[str, ...] = tuple(method.name for method in TRAINED)
"""Their names, which are those of the parts that they train. `fine-tune` adapts `pretrain`, or `zero-shot` where there
is none; `contrast` starts from `maml`."""
TRAINED_BY_NAME: dict[str, TrainedMethod] = {method.name: method for method in TRAINED}
DEFAULT_METHODS: tuple[str, ...] = tuple(method.name for method in TRAINED if method.default)
"""Those that are trained where no method is named."""


def bare(name: str) -> str:
    """A strategy's name without `SCRIPTED_SUFFIX`."""
    return name.removesuffix(SCRIPTED_SUFFIX)
