"""A decision in a sentence, as a person would give its reason: what can be seen of the scene, and so what is taken."""

from __future__ import annotations

from collections.abc import Mapping

from robo_meta.selector.learner.reference_rules import UNSEEN, USUAL

SAME_OUTLINE = 0.3
"""cm: a demonstrated object whose outline is as near as this looks the same, as it does in every scene with one object
and in 4 % of those with another family's."""
CLOSE = 0.02
"""Predictions that are nearer to each other say that either strategy may serve."""


def because(seen: Mapping[str, float], predicted: Mapping[str, float], chosen: str) -> str:
    """The sentence.

    Args:
        seen: feature → value; what is missing is not spoken of.
        predicted: strategy → chance of success.
        chosen: the strategy that is taken.
    """
    paint, outline = _paint(seen), _outline(seen)
    # New paint on a known outline, or known paint on a new one, is what makes a choice.
    at_odds = (seen.get("colour not shown", 0.0) > 0) == (seen.get("shape distance", 0.0) < SAME_OUTLINE)
    looks = (", but " if at_odds else ", and ").join(part for part in (paint, outline) if part)
    reason = "; ".join(part for part in (looks, _errors(seen, predicted)) if part) or "nothing is known of the scene"
    return f"{reason}: taking {chosen} ({_expected(predicted, chosen)})"


def _paint(seen: Mapping[str, float]) -> str:
    unseen = seen.get("colour not shown")
    if unseen is None:
        return ""
    if unseen > UNSEEN:
        return "the query wears paint that no demonstration shows"
    return "part of the query wears paint that no demonstration shows" if unseen > 0 else "all of its paint was shown"


def _outline(seen: Mapping[str, float]) -> str:
    apart = seen.get("shape distance")
    if apart is None:
        return ""
    if apart < SAME_OUTLINE:
        return "its outline is that of a demonstrated object"
    return f"its outline is {apart:.1f} cm off that of any demonstrated object"


def _errors(seen: Mapping[str, float], predicted: Mapping[str, float]) -> str:
    """Which strategy does best on demonstrations that were left out, where there were enough to leave one out."""
    left_out = {name: seen[f"left-out: {name}"] for name in predicted if f"left-out: {name}" in seen}
    if not left_out or seen.get("left one out", 0.0) == 0:
        return ""
    best = min(left_out, key=lambda name: left_out[name])
    return f"on demonstrations left out {best} comes nearest ({left_out[best]:.1f} cm)"


def _expected(predicted: Mapping[str, float], chosen: str) -> str:
    """The chance of what is taken, beside the one that it is chosen over."""
    expected = f"expected {predicted[chosen]:.2f}"
    others = {name: chance for name, chance in predicted.items() if name != chosen}
    if not others:
        return expected
    other = USUAL if USUAL in others else max(others, key=lambda name: others[name])
    if abs(predicted[chosen] - others[other]) < CLOSE:
        return f"{expected}, {other} about as much"
    return f"{expected}, {other} {others[other]:.2f}"
