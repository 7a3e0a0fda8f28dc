"""Names of what is known of a scene before acting: nothing of weights, intentions or family labels goes in.

Distances are in cm, colours in RGB units (0 to 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

FEATURE_SCHEMA = "2"
"""Changes whenever a feature's name or meaning does."""
FARTHEST = 20.0
"""cm: distances are cut off here, which also stands for a choice that is no place at all."""
SCENE_FEATURES = (
    "shots",
    "failed demos",
    "shape distance",
    "mean shape distance",
    "colours",
    "colour not shown",
    "colours of all",
    "saturation",
    "scatter of colours",
    "shape mismatch",
    "paint mismatch",
    "demos' shape mismatch",
    "demos' paint mismatch",
    "paint over parts",
    "outwardness of demos",
    "demos off middle",
    "demos off centre of volume",
    "left one out",
    "demos disagree",
    "scan roughness",
    "demo roughness",
    "length",
    "width",
    "height",
)
"""`shape distance`: between outlines of the query and the most similar demonstrated object; `colour not shown`: share
of the query in colours that no demonstration shows; `colours of all`: how many colours query and demonstrations show
together; `saturation`: of the query, the mean of its colours' largest channel less the smallest; `scatter of colours`:
deviation from them over their points; `shape mismatch`: how badly the query fits the demonstrated object that fits best
once they are laid over each other without looking at colours, and `paint mismatch` how far their colours are then apart
(`demos'`: the same between two demonstrated objects, the best fitting pair); `paint over parts`: log odds by which the
demonstrated grasps are explained by what colours weigh rather than by what handle and head weigh
(`robo_meta.strategies.baselines.part_matching.paint_over_parts`); `outwardness`: share of the grasped colour that lies
nearer to the object's middle than the grasp (1 at an outer end); `demos off …`: from the demonstrated grasps to the
middle of the extents and to the centre of volume; `left one out`: 1 where there were demonstrations enough to leave one
out; `demos disagree`: smallest error of any strategy on a demonstration left out; roughness: mm by which heights
scatter over neighbours of one colour, which is the sensor's noise; the rest cm of the query's scan."""
STRATEGY_FEATURES = ("fit", "left-out", "left-out over maml", "spread", "outward", "grip")
"""By strategy: `fit`, cm between the demonstrated grasps and where the adapted strategy would grasp the demonstrated
objects; `left-out`, the same for a demonstration that it was not adapted to, and `left-out over maml` what it is more
than that of `maml`; `spread`, cm that its score spreads about its choice on the query; `outward`, outwardness of that
choice; `grip`, cm of object between the fingers there."""


def feature_names(strategies: Sequence[str]) -> tuple[str, ...]:
    """(F,) names in order, for a set of strategies."""
    each = [f"{kind}: {name}" for name in strategies for kind in STRATEGY_FEATURES]
    apart = [f"apart: {a} | {b}" for a, b in combinations(strategies, 2)]
    return (*SCENE_FEATURES, *each, *apart)
