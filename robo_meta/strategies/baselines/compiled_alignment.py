"""The nearest-neighbour search of `scan_alignment`, compiled: a grid over the plane instead of all pairs of points.

A search gives up as soon as a map is seen to fit worse than the best one known, since nobody asks by how much. It
begins with what was nearest under the map before, which has moved little, and looks no farther than that. Axis letters:
P points of a scan, R of them asked.
"""

from __future__ import annotations

import math

import numpy as np

from sim.compiling import compiled

CELL = 0.01
"""m: side of the grid's cells: in smaller ones, finding cells takes longer than the points in them."""
MOST = 4096
"""Cells of a grid at most; larger ones take their place."""
Grid = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Of points in the plane: `frame`, `cells`, `starts` and `order` of `fill_grid`."""
SLACK = 1e-12
"""m²: so much beyond what is looked for, so that rounding passes none for a map that fits as well as the best."""


@compiled
def floors(demo: np.ndarray, query: np.ndarray, asked: int) -> np.ndarray:
    """(2, R) m²: how near the nearest point can be at most, since height and paint stay what they are wherever the demo
    is laid: of the demo's points among the query's, and of the query's among the demo's.

    Args:
        demo, query, asked: of `mismatch`.
    """
    found = np.zeros((2, asked))
    for turn in range(2):
        asking, among = (demo, query) if turn == 0 else (query, demo)
        for i in range(min(asked, len(asking))):
            best = math.inf
            for j in range(len(among)):
                dz, dr = asking[i, 2] - among[j, 2], asking[i, 3] - among[j, 3]
                dg, db = asking[i, 4] - among[j, 4], asking[i, 5] - among[j, 5]
                best = min(best, dz * dz + dr * dr + dg * dg + db * db)
            found[turn, i] = best
    return found


@compiled
def fill_grid(points: np.ndarray, frame: np.ndarray, cells: np.ndarray, starts: np.ndarray, order: np.ndarray) -> None:
    """Sort points (P, 6) into cells of the plane.

    Args:
        points: m, in the plane first.
        frame: (3,) filled in: the lowest x and y, m, and the side of a cell, m.
        cells: (2,) filled in: their number along x and y.
        starts: (`MOST` + 1,) filled in: where each cell's points begin in `order`.
        order: (P,) filled in: the points' numbers, cell by cell.
    """
    count, low_x, low_y, high_x, high_y = len(points), math.inf, math.inf, -math.inf, -math.inf
    for j in range(count):
        low_x, high_x = min(low_x, points[j, 0]), max(high_x, points[j, 0])
        low_y, high_y = min(low_y, points[j, 1]), max(high_y, points[j, 1])
    side = CELL
    while (math.floor((high_x - low_x) / side) + 1) * (math.floor((high_y - low_y) / side) + 1) > MOST:
        side *= 2
    frame[0], frame[1], frame[2] = low_x, low_y, side
    cells[0], cells[1] = int((high_x - low_x) / side) + 1, int((high_y - low_y) / side) + 1
    total = cells[0] * cells[1]
    for k in range(total + 1):
        starts[k] = 0
    own = np.empty(count, np.int64)
    for j in range(count):
        own[j] = int((points[j, 0] - low_x) / side) * cells[1] + int((points[j, 1] - low_y) / side)
        starts[own[j] + 1] += 1
    for k in range(total):
        starts[k + 1] += starts[k]
    # Each cell's start serves as its cursor, and ends up where the next one's was.
    for j in range(count):
        order[starts[own[j]]] = j
        starts[own[j]] += 1
    for k in range(total, 0, -1):
        starts[k] = starts[k - 1]
    starts[0] = 0


@compiled
def _square(asking: np.ndarray, i: int, among: np.ndarray, j: int) -> float:
    """m²: squared distance of point i of the one (P, 6) to point j of the other."""
    dx, dy, dz = asking[i, 0] - among[j, 0], asking[i, 1] - among[j, 1], asking[i, 2] - among[j, 2]
    dr, dg, db = asking[i, 3] - among[j, 3], asking[i, 4] - among[j, 4], asking[i, 5] - among[j, 5]
    return dx * dx + dy * dy + dz * dz + dr * dr + dg * dg + db * db


@compiled
def _nearest(
    asking: np.ndarray,
    asked: int,
    among: np.ndarray,
    frame: np.ndarray,
    cells: np.ndarray,
    starts: np.ndarray,
    order: np.ndarray,
    seed: int,
    floor: float,
    best: float,
) -> tuple[float, int]:
    """m²: the smaller of `best` and the squared distance from point `asked` to the nearest of a grid's points, and that
    one's number, or `seed` where none is nearer than `best`.

    Columns of cells are looked through from the point's own outwards, and of each those cells that can hold a nearer
    point, as none is nearer than its cell in the plane and `floor`, m², besides.

    Args:
        asking: (P, 6), whose point number `asked` is meant.
        among: (P, 6), the grid's points.
        frame, cells, starts, order: of `fill_grid`.
        seed: number of the point that is tried first.
        floor, best: m².
    """
    best, side, rows, found = min(best, _square(asking, asked, among, seed)), frame[2], cells[1], seed
    x, y = asking[asked, 0] - frame[0], asking[asked, 1] - frame[1]
    column, cells_a_metre = math.floor(x / side), 1 / side
    for step in range(max(0, -column, column - cells[0] + 1), max(column, cells[0] - 1 - column) + 1):
        some = False
        for turn in range(2 if step else 1):
            k = column - step if turn else column + step
            beside = max(k * side - x, x - (k + 1) * side, 0.0)
            left = best + SLACK - floor - beside * beside
            if left < 0:
                continue
            some = True
            if k < 0 or k >= cells[0]:
                continue
            reach = math.sqrt(left)
            first, last = max(int((y - reach) * cells_a_metre), 0), min(int((y + reach) * cells_a_metre), rows - 1)
            if first > last:
                continue
            for i in range(starts[k * rows + first], starts[k * rows + last + 1]):
                square = _square(asking, asked, among, order[i])
                if square < best:
                    best, found = square, order[i]
        if not some:
            break
    return best, found


@compiled
def mismatch(
    demo: np.ndarray,
    query: np.ndarray,
    placed: np.ndarray,
    grid: Grid,
    floor: np.ndarray,
    seeds: np.ndarray,
    most: float,
) -> float:
    """m: symmetric root mean square distance to the nearest point, or infinity where it is more than `most`.

    Args:
        demo, query: (P, 6), `scan_alignment.features`, float64.
        placed: (6,): matrix and offset, m, of the map of the demo onto the query.
        grid: of the query.
        floor: (2, R), of `floors`: of the first points of either, whose nearest ones are looked for.
        seeds: (2, R) numbers of points near these, changed to the nearest.
        most: m.
    """
    moved = np.empty((len(demo), 6))
    for j in range(len(demo)):
        x, y = demo[j, 0], demo[j, 1]
        moved[j, 0] = x * placed[0] + y * placed[1] + placed[4]
        moved[j, 1] = x * placed[2] + y * placed[3] + placed[5]
        for column in range(2, 6):
            moved[j, column] = demo[j, column]
    # The sum of both directions' means: that of what was found so far, and for the others the least that is possible.
    bound, total = 2 * most * most, 0.0
    asked = floor.shape[1]
    counts = (min(asked, len(demo)), min(asked, len(query)))
    for turn in range(2):
        for i in range(counts[turn]):
            total += floor[turn, i] / counts[turn]
    frame, cells, starts, order = grid
    for turn in range(2):
        asking, among = (moved, query) if turn == 0 else (query, moved)
        count = counts[turn]
        if turn == 1:
            frame, cells, starts, order = (
                np.empty(3),
                np.empty(2, np.int64),
                np.empty(MOST + 1, np.int64),
                np.empty(len(demo), np.int64),
            )
            fill_grid(moved, frame, cells, starts, order)
        for i in range(count):
            # A point that is farther than this from all others makes the map worse than `most` by itself.
            best = floor[turn, i] + (bound - total) * count + SLACK
            found, seeds[turn, i] = _nearest(
                asking, i, among, frame, cells, starts, order, seeds[turn, i], floor[turn, i], best
            )
            total += (found - floor[turn, i]) / count
            if total > bound:
                return math.inf
    return math.sqrt(total / 2)


@compiled
def refined(
    demo: np.ndarray,
    query: np.ndarray,
    placed: np.ndarray,
    grid: Grid,
    floor: np.ndarray,
    seeds: np.ndarray,
    cost: float,
    moves: np.ndarray,
    least: float,
) -> float:
    """m: the mismatch after coordinate descent over turn and shift about the query's middle, with halving steps;
    `placed` is moved there.

    Args:
        demo, query, placed, grid, floor, seeds: of `mismatch`.
        cost: m, of `placed` as it is given.
        moves: (M, 3) rad, m, m: turns and shifts tried.
        least: m by which a step has to be better.
    """
    low_x, low_y, high_x, high_y = query[0, 0], query[0, 1], query[0, 0], query[0, 1]
    for j in range(len(query)):
        low_x, high_x = min(low_x, query[j, 0]), max(high_x, query[j, 0])
        low_y, high_y = min(low_y, query[j, 1]), max(high_y, query[j, 1])
    middle_x, middle_y, tried = (low_x + high_x) / 2, (low_y + high_y) / 2, np.empty(6)
    # The last step is finer than the noise of a scan could tell apart.
    for halving in range(3):
        size, failed = 1.0 / (1 << halving), 0
        for turn in range(3 * len(moves)):
            # Once each move has failed from here, all will again.
            if failed == len(moves):
                break
            k = turn % len(moves)
            c, s = math.cos(moves[k, 0] * size), math.sin(moves[k, 0] * size)
            for column in range(2):
                tried[column] = c * placed[column] - s * placed[2 + column]
                tried[2 + column] = s * placed[column] + c * placed[2 + column]
            dx, dy = placed[4] - middle_x, placed[5] - middle_y
            tried[4] = c * dx - s * dy + middle_x + size * moves[k, 1]
            tried[5] = s * dx + c * dy + middle_y + size * moves[k, 2]
            new = mismatch(demo, query, tried, grid, floor, seeds, cost - least)
            if new < cost - least:
                cost, failed = new, 0
                for i in range(6):
                    placed[i] = tried[i]
            else:
                failed += 1
    return cost
