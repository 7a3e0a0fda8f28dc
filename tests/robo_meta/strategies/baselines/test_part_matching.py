"""Parts of scans and their counterparts: told by shape, by laying over, by grasps, and never by paint."""

from __future__ import annotations

import numpy as np
import pytest

from robo_meta.strategies.baselines.part_matching import (
    LOG_PRIOR,
    best_laid,
    grasp_evidence,
    heads_of,
    laying_evidence,
    matched,
    shape_evidence,
)
from robo_meta.strategies.baselines.scan_parts import ScannedParts

RED, BLUE, GREEN, WHITE = (0.9, 0.1, 0.1), (0.1, 0.2, 0.9), (0.1, 0.8, 0.15), (0.92, 0.92, 0.92)


def scan(
    head: tuple[float, ...] = RED,
    handle: tuple[float, ...] = BLUE,
    *,
    width: float = 0.08,
    length: float = 0.2,
    turn: float = 0.0,
    seed: int = 0,
) -> np.ndarray:
    """(P, 6) a hammer: a cross-wise head of 3 cm and a handle 2 cm across, 3 cm high; origin in the middle."""
    rng = np.random.default_rng(seed)
    shares = np.array([0.03 * width, length * 0.02])
    counts = rng.multinomial(400, shares / shares.sum())
    low = np.column_stack([rng.uniform(-0.03, 0.0, counts[0]), rng.uniform(-width / 2, width / 2, counts[0])])
    long = np.column_stack([rng.uniform(0.0, length, counts[1]), rng.uniform(-0.01, 0.01, counts[1])])
    xy = np.concatenate([low, long]) - [(length - 0.03) / 2, 0.0]
    xy = xy @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    paint = np.repeat([head, handle], counts, axis=0) + rng.normal(0, 0.02, (400, 3))
    found = np.column_stack([xy, np.full(400, 0.03), paint.clip(0, 1)]).astype(np.float32)
    return found[rng.permutation(400)]


def head_of(parts: ScannedParts) -> int:
    """By the paint of the made-up hammers, whose heads are red or green."""
    return int(np.argmin(np.minimum(*(np.linalg.norm(parts.centres - paint, axis=1) for paint in (RED, GREEN)))))


def grasp_at(x: float, length: float = 0.2) -> np.ndarray:
    """Across the handle at `x` m from the head."""
    return np.array([x - (length - 0.03) / 2, 0.0, 0.015, np.pi / 2])


def test_parts_their_sizes_and_their_paint() -> None:
    parts = ScannedParts.of(scan())
    head = head_of(parts)
    assert len(parts) == 2
    assert parts.extents[head] == pytest.approx([0.03, 0.08], abs=0.006)
    assert parts.extents[1 - head] == pytest.approx([0.2, 0.02], abs=0.006)
    assert parts.outer_end(1 - head) == pytest.approx([0.105, 0.0], abs=0.012)
    colours = np.array([GREEN, WHITE])
    painted = parts.painted(colours)
    assert np.array_equal(painted[:, :3], parts.points[:, :3])
    again = ScannedParts.of(painted)
    assert sorted(np.round(again.centres, 1).tolist()) == sorted(np.round(colours, 1).tolist())


def test_a_stray_colour_is_no_part() -> None:
    points = scan().copy()
    points[:3, 3:6] = WHITE
    assert len(ScannedParts.of(points)) == 2


@pytest.mark.parametrize("turn", [0.0, 1.1, -2.4])
@pytest.mark.parametrize("paints", [(RED, BLUE), (GREEN, WHITE)])
def test_the_wider_part_is_the_head_in_any_paint_and_heading(turn: float, paints: tuple) -> None:
    parts = ScannedParts.of(scan(*paints, turn=turn))
    assert (shape_evidence(parts) > 3) == (head_of(parts) == 1)


def test_laying_tells_the_same_object_whose_parts_are_alike() -> None:
    """As wide as each other, so that shape alone says nothing; the head is the short one."""
    one, other = (
        ScannedParts.of(scan(*paints, width=0.021, turn=turn, seed=seed))
        for paints, turn, seed in (((RED, BLUE), 0.0, 1), ((GREEN, WHITE), 2.0, 2))
    )
    same = head_of(one) == head_of(other)
    assert (laying_evidence(one, other) > 3) == same and abs(shape_evidence(one)) < 2


def test_grasps_flip_a_part_that_shape_mistakes() -> None:
    """Three demonstrations at the same share of their weight; of one, the handle is the wider part."""
    query = ScannedParts.of(scan(GREEN, WHITE, seed=9))
    usual = [ScannedParts.of(scan(seed=seed)) for seed in (1, 2)]
    odd = ScannedParts.of(scan(width=0.0185, seed=3))
    # The head heavy: 24 : 40 by volume of the usual ones, 5.6 : 40 of the odd one, whose balance point tells as well.
    demos = [(parts, grasp_at(0.02)) for parts in usual] + [(odd, grasp_at(0.058))]
    heads = heads_of(demos, query)
    assert [heads[0], heads[1], heads[3]] == [head_of(parts) for parts in (*usual, query)]
    assert heads[2] == head_of(odd)


def test_hypotheses_of_a_grasp_by_hand() -> None:
    parts = ScannedParts.of(scan())
    head = head_of(parts)
    assert np.exp(LOG_PRIOR).sum() == pytest.approx(1.0)
    at_the_end = grasp_evidence(parts, grasp_at(0.19))
    # Of all hypotheses, that the handle's end is wanted explains it best, whichever part is called handle.
    assert at_the_end[head].argmax() == len(LOG_PRIOR) - 2 and at_the_end[1 - head].argmax() == len(LOG_PRIOR) - 1
    balanced = grasp_evidence(parts, grasp_at(0.02))
    assert balanced[head].argmax() in range(20, 40) and balanced[1 - head].argmax() in range(20)


def test_matching_pays_no_heed_to_paint() -> None:
    query = ScannedParts.of(scan(BLUE, RED, seed=5))
    demo = ScannedParts.of(scan(RED, BLUE, seed=6))
    (owner,) = matched([(demo, grasp_at(0.05))], query)
    # Red is the head of the one and the handle of the other.
    nearest = np.linalg.norm(query.centres - np.array(BLUE), axis=1).argmin()
    assert owner[head_of(demo)] == nearest and sorted(owner) == [0, 1]


def test_other_numbers_of_parts_are_matched_by_overlap() -> None:
    points = scan(seed=7).copy()
    points[points[:, 0] > 0.06, 3:6] = WHITE
    three, two = ScannedParts.of(points), ScannedParts.of(scan(GREEN, BLUE, seed=8))
    assert len(three) == 3
    owner = best_laid(three, two)
    assert sorted(owner) == [-1, 0, 1]
    (same,) = matched([(three, grasp_at(0.05))], two)
    assert np.array_equal(same, owner)
    assert owner[int(np.linalg.norm(three.centres - np.array(RED), axis=1).argmin())] == head_of(two)
