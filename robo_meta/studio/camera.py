"""Where a page's camera stands: near one scene, and far enough from several that all of them are in view."""

from __future__ import annotations

import math
import threading
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:  # an extra
    import viser

CAMERA, LOOK_AT = (1.25, -0.6, 0.75), (0.38, 0.02, 0.12)
"""m, world frame, of the camera in front of one scene, and of the point that it looks at."""
APART = 0.95
"""m between two copies of the scene, along y."""
COPY = np.array([*product((0.0, 0.9), (-0.43, 0.43), (0.0,)), *product((-0.1, 0.4), (-0.2, 0.2), (0.0, 1.0))])
"""(12, 3) m: around the table of one copy, and around its arm and title."""
FROM = np.array([1.0, 0.0, 0.5]) / math.hypot(1.0, 0.5)
"""Direction from several copies to the camera: from the front, so that they stand side by side."""
MARGIN, PANEL = 0.05, 0.6
"""Of half the picture: what stays free at its borders, and what the panel takes, on the right of a wide page and at the
bottom of a narrow one."""
Place = tuple[np.ndarray, np.ndarray]
"""(3,) position and (3,) point looked at, m, world frame."""


def corners(count: int) -> np.ndarray:
    """(12 · count, 3) what must be seen of as many copies."""
    return np.concatenate([COPY + [0.0, (number - (count - 1) / 2) * APART, 0.0] for number in range(count)])


def seen_at(points: np.ndarray, place: Place, aspect: float, fov: float) -> np.ndarray:
    """(P, 2) where points (P, 3) are in the picture, −1 to 1, to the right and upwards.

    Args:
        points: m, world frame.
        place: of the camera; z points upwards in its picture.
        aspect: width of the picture over its height.
        fov: rad, vertical.
    """
    position, look_at = place
    forward = (look_at - position) / np.linalg.norm(look_at - position)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    offset = points - position
    plane = np.stack([offset @ right / aspect, offset @ np.cross(right, forward)], axis=1)
    found: np.ndarray = plane / ((offset @ forward) * math.tan(fov / 2))[:, None]
    return found


def in_view(count: int, aspect: float, fov: float) -> Place:
    """The nearest place from which as many copies are seen whole beside the panel.

    Args:
        count: copies.
        aspect: width of the picture over its height.
        fov: rad, vertical.
    """
    points, free = corners(count), 2 - 2 * MARGIN
    room = np.array([free - PANEL, free] if aspect > 1 else [free, free - PANEL])
    middle = np.array([-PANEL / 2, 0.0] if aspect > 1 else [0.0, PANEL / 2])
    right, upwards = np.array([0.0, 1.0, 0.0]), np.array([-FROM[2], 0.0, FROM[0]])

    def stands(away: float) -> tuple[Place, bool]:
        look_at = points.mean(axis=0)
        place = look_at + away * FROM, look_at
        for _ in range(4):  # moved within its plane until what is seen is in the middle of what is free
            seen = seen_at(points, place, aspect, fov)
            off = ((seen.max(axis=0) + seen.min(axis=0)) / 2 - middle) * away * math.tan(fov / 2)
            shift = off[0] * aspect * right + off[1] * upwards
            place = place[0] + shift, place[1] + shift
        seen = seen_at(points, place, aspect, fov)
        return place, bool((np.ptp(seen, axis=0) <= room).all())

    near, far = 1.0, 50.0
    for _ in range(30):
        between = (near + far) / 2
        near, far = (near, between) if stands(between)[1] else (between, far)
    return stands(far)[0]


class Cameras:
    """The cameras of all pages: moved back while several copies are shown, and to where they were afterwards.

    Args:
        server: of viser.
    """

    def __init__(self, server: viser.ViserServer) -> None:
        self._server, self._count = server, 1
        self._before: dict[int, Place] = {}
        self._lock = threading.Lock()  # pages come at any time, on threads of their own
        server.initial_camera.position, server.initial_camera.look_at = CAMERA, LOOK_AT
        server.on_client_connect(self._greet)

    def show(self, count: int) -> None:
        """As many copies are shown from now on."""
        with self._lock:
            if count == self._count:
                return
            self._count = count
            for number, client in self._server.get_clients().items():
                self._aim(number, client)
            if count == 1:
                self._before.clear()

    def _greet(self, client: Any) -> None:
        """A page that comes while several copies are shown sees them all."""
        with self._lock:
            if self._count > 1:
                # It may not have gone to its first place yet.
                self._before[client.client_id] = np.array(CAMERA), np.array(LOOK_AT)
                self._aim(client.client_id, client)

    def _aim(self, number: int, client: Any) -> None:
        camera = client.camera
        if self._count == 1:
            place = self._before.get(number)
        else:
            self._before.setdefault(number, (camera.position.copy(), camera.look_at.copy()))
            place = in_view(self._count, camera.aspect, camera.fov)
        if place is None:
            return
        with client.atomic():
            camera.position, camera.look_at = place
