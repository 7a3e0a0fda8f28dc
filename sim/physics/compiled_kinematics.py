"""Inverse kinematics of a chain of links, compiled: damped least squares (Buss, 2004), with PyBullet's own bits.

PyBullet's `calculateInverseKinematics` takes three to four times as long, as it works out dynamics on the way. The
loops here do what it does for the angles alone, with every sum and every detour in its order, so that they end in the
same angles to the last bit (on x86-64, for which PyBullet's wheels are built): episodes recorded with PyBullet's own
kinematics replay.
"""

from __future__ import annotations

from math import acos, cos, pi, sin, sqrt

import numpy as np

from sim.compiling import compiled
from sim.frames import Place, QuatXyzw

Matrix = tuple[float, float, float, float, float, float, float, float, float]
Angles = tuple[float, float, float, float, float, float, float]

JOINTS = 7
"""Of the chain that turn; its other links are fixed."""
WIDTH = JOINTS + 1
"""Columns of a Jacobian and one for the error. A constant, and a power of two, so that rows fill wide registers."""
DAMPING = 0.5
"""Added to the diagonal of JᵀJ: PyBullet's default for every joint."""
MOST_TURN = 45.0 * (pi / 180)
"""rad: a step that would turn some joint farther is shortened as a whole. PyBullet's, multiplied as there."""
AXIS_LOST = 10 * 2.0**-52
"""A turn whose squared sine is below this has no axis: Bullet's threshold."""


@compiled
def matrix_of(quat: QuatXyzw) -> Matrix:
    """Rotation matrix, row by row, of an xyzw quaternion of any length; rounded as Bullet rounds, which
    `sim.frames.matrix_from_quat` isn't."""
    x, y, z, w = quat
    s = 2.0 / (x * x + y * y + z * z + w * w)
    xs, ys, zs = x * s, y * s, z * s
    wx, wy, wz = w * xs, w * ys, w * zs
    xx, xy, xz = x * xs, x * ys, x * zs
    yy, yz, zz = y * ys, y * zs, z * zs
    return (1.0 - (yy + zz), xy - wz, xz + wy, xy + wz, 1.0 - (xx + zz), yz - wx, xz - wy, yz + wx, 1.0 - (xx + yy))


@compiled
def _quaternion(m: Matrix) -> QuatXyzw:
    """The unit xyzw quaternion of a rotation matrix."""
    trace = m[0] + m[4] + m[8]
    if trace > 0.0:
        s = sqrt(trace + 1.0)
        w = s * 0.5
        s = 0.5 / s
        return (m[7] - m[5]) * s, (m[2] - m[6]) * s, (m[3] - m[1]) * s, w
    if (m[4] < m[8]) if m[0] < m[4] else (m[0] < m[8]):
        s = sqrt(m[8] - m[0] - m[4] + 1.0)
        z = s * 0.5
        s = 0.5 / s
        return (m[2] + m[6]) * s, (m[5] + m[7]) * s, z, (m[3] - m[1]) * s
    if m[0] < m[4]:
        s = sqrt(m[4] - m[8] - m[0] + 1.0)
        y = s * 0.5
        s = 0.5 / s
        return (m[1] + m[3]) * s, y, (m[7] + m[5]) * s, (m[2] - m[6]) * s
    s = sqrt(m[0] - m[4] - m[8] + 1.0)
    x = s * 0.5
    s = 0.5 / s
    return x, (m[3] + m[1]) * s, (m[6] + m[2]) * s, (m[7] - m[5]) * s


@compiled
def _turn_between(start: QuatXyzw, end: QuatXyzw) -> Place:
    """Axis times angle, rad, of what turns one attitude into another; as PyBullet holds it, the angle has 32 bits."""
    ax, ay, az, aw = end
    bx, by, bz, bw = -start[0], -start[1], -start[2], start[3]
    x = aw * bx + ax * bw + ay * bz - az * by
    y = aw * by + ay * bw + az * bx - ax * bz
    z = aw * bz + az * bw + ax * by - ay * bx
    w = aw * bw - ax * bx - ay * by - az * bz
    angle = float(np.float32(2.0 * acos(min(max(w, -1.0), 1.0))))
    if angle > pi:
        angle = float(np.float32(angle - 2.0 * pi))
    squared = 1.0 - w * w
    if squared < AXIS_LOST:
        return angle, 0.0, 0.0
    s = 1.0 / sqrt(squared)
    x, y, z = x * s, y * s, z * s
    s = 1.0 / sqrt(x * x + y * y + z * z)
    return x * s * angle, y * s * angle, z * s * angle


@compiled
def _turned(turn: np.ndarray, row: np.ndarray, angle: float) -> None:
    """Write into `turn` (3, 3) the rotation of a link's `row` of the chain, and on about its z axis by `angle`."""
    c, s = cos(angle), sin(angle)
    one = 1.0 - c + c  # of which rounding may leave another number, as in PyBullet
    for k in range(3):
        turn[0, k] = row[k] * c + row[3 + k] * s
        turn[1, k] = row[k] * -s + row[3 + k] * c
        turn[2, k] = row[6 + k] * one


@compiled
def _rotated(turn: np.ndarray, x: float, y: float, z: float) -> Place:
    """(x, y, z), turned by a rotation (3, 3)."""
    return (
        turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z,
        turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z,
        turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z,
    )


@compiled
def _advance(columns: np.ndarray, turn: np.ndarray, x: float, y: float, z: float) -> None:
    """Bring Jacobians (6, `WIDTH`), linear in the upper three rows, angular in the lower, from one link's frame to the
    next one's, (x, y, z) away."""
    t0, t1, t2 = turn[0, 0], turn[0, 1], turn[0, 2]
    t3, t4, t5 = turn[1, 0], turn[1, 1], turn[1, 2]
    t6, t7, t8 = turn[2, 0], turn[2, 1], turn[2, 2]
    for j in range(WIDTH):
        a, b, c = columns[3, j], columns[4, j], columns[5, j]
        p = columns[0, j] - (b * -z + c * y)
        q = columns[1, j] - (a * z + c * -x)
        r = columns[2, j] - (a * -y + b * x)
        columns[0, j] = t0 * p + t1 * q + t2 * r
        columns[1, j] = t3 * p + t4 * q + t5 * r
        columns[2, j] = t6 * p + t7 * q + t8 * r
        columns[3, j] = t0 * a + t1 * b + t2 * c
        columns[4, j] = t3 * a + t4 * b + t5 * c
        columns[5, j] = t6 * a + t7 * b + t8 * c


@compiled
def _least_squares(columns: np.ndarray, system: np.ndarray, step: np.ndarray) -> None:
    """Solve (JᵀJ + damping) `step` = Jᵀ error by elimination with the largest pivot.

    Args:
        columns: (6, `WIDTH`): J, and the error as its last column.
        system: (`JOINTS`, `WIDTH`): where to do it.
        step: (`JOINTS`,): the solution.
    """
    for i in range(JOINTS):
        a, b, c = columns[0, i], columns[1, i], columns[2, i]
        d, e, f = columns[3, i], columns[4, i], columns[5, i]
        for j in range(WIDTH):
            total = a * columns[0, j] + b * columns[1, j] + c * columns[2, j]
            system[i, j] = total + d * columns[3, j] + e * columns[4, j] + f * columns[5, j]
        system[i, i] += DAMPING
    for column in range(JOINTS - 1):
        pivot, largest = column, abs(system[column, column])
        for i in range(column + 1, JOINTS):
            if abs(system[i, column]) > largest:
                pivot, largest = i, abs(system[i, column])
        if pivot != column:
            for j in range(WIDTH):
                system[column, j], system[pivot, j] = system[pivot, j], system[column, j]
        for i in range(column + 1, JOINTS):
            alpha = system[i, column] / system[column, column]
            # Whole rows, as short ones fill no register; what stands left of the next column is not looked at again.
            for j in range(WIDTH):
                system[i, j] -= system[column, j] * alpha
    for i in range(JOINTS - 1, -1, -1):
        total = system[i, JOINTS]
        for j in range(JOINTS - 1, i, -1):
            total -= system[i, j] * step[j]
        step[i] = total / system[i, i]


@compiled
def solve_chain(
    chain: np.ndarray,
    turns: np.ndarray,
    target: Place,
    target_turn: QuatXyzw,
    near: Angles,
    most_iterations: int,
    residual: float,
) -> Angles:
    """Angles, rad, that bring the chain's last link to a place; limits of joints are not looked at.

    Args:
        chain: (links, 12): of each link, from the base on, the rotation from its parent's frame to its own at angle
            0, row by row, and where its joint is in the parent's frame, m. A link's frame is in its joint, the base's
            in its centre of mass.
        turns: (links,) bool: links that turn, about their frame's z axis, `JOINTS` of them; the others are fixed.
        target: m, in the frame of the base.
        target_turn: xyzw, the same.
        near: rad, where to start.
        most_iterations, residual: it ends after so many, or with the first that begins nearer than `residual`, m.
    """
    # All that there is room for is made here, in one function: only so does the compiler know that none of it overlaps.
    angles, step = np.empty(JOINTS), np.empty(JOINTS)
    columns, system = np.empty((6, WIDTH)), np.empty((JOINTS, WIDTH))
    turn, to_link, so_far = np.empty((3, 3)), np.empty((3, 3)), np.empty((3, 3))
    for j in range(JOINTS):
        angles[j] = near[j]
    goal = _quaternion(matrix_of(target_turn))
    distance = 1e30
    for _ in range(most_iterations):
        if not distance > residual:
            break
        # Along the chain everything is held in the frame of the link that it has come to, as PyBullet holds it.
        x, y, z = 0.0, 0.0, 0.0
        for i in range(3):
            for k in range(3):
                to_link[i, k] = 1.0 if i == k else 0.0
        for i in range(6):
            for j in range(WIDTH):
                columns[i, j] = 0.0
        joint = 0
        for link in range(chain.shape[0]):
            row = chain[link]
            if turns[link]:
                _turned(turn, row, angles[joint])
            else:
                for i in range(3):
                    for k in range(3):
                        turn[i, k] = row[3 * i + k]
            _advance(columns, turn, row[9], row[10], row[11])
            x, y, z = _rotated(turn, x + row[9], y + row[10], z + row[11])
            for i in range(3):
                for k in range(3):
                    so_far[i, k] = to_link[i, k]
            for i in range(3):
                a, b, c = turn[i, 0], turn[i, 1], turn[i, 2]
                for k in range(3):
                    to_link[i, k] = so_far[0, k] * a + so_far[1, k] * b + so_far[2, k] * c
            if turns[link]:
                columns[5, joint] = 1.0
                joint += 1
        for i in range(3):
            for k in range(3):
                turn[i, k] = to_link[k, i]
        _advance(columns, turn, 0.0, 0.0, 0.0)
        x, y, z = _rotated(turn, x, y, z)
        x, y, z = target[0] - x, target[1] - y, target[2] - z
        distance = sqrt(x * x + y * y + z * z)
        # To and fro between matrix and quaternion, as Bullet's transforms do.
        t = turn
        rows = (t[0, 0], t[0, 1], t[0, 2], t[1, 0], t[1, 1], t[1, 2], t[2, 0], t[2, 1], t[2, 2])
        error = (x, y, z, *_turn_between(_quaternion(matrix_of(_quaternion(rows))), goal))
        for k in range(6):
            columns[k, JOINTS] = error[k]
        _least_squares(columns, system, step)
        most = 0.0
        for j in range(JOINTS):
            if abs(step[j]) > most:
                most = abs(step[j])
        share = MOST_TURN / most if most > MOST_TURN else 1.0
        for j in range(JOINTS):
            angles[j] = step[j] * share + angles[j]
    return angles[0], angles[1], angles[2], angles[3], angles[4], angles[5], angles[6]
