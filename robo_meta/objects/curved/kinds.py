"""The kinds of curved objects, and how large each is drawn; lengths in m, angles in rad.

A body lies along x. Sizes are those of things that one hand holds across: 13–34 cm long, most 2–6 cm wide.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from robo_meta.objects.curved.body import Body
from robo_meta.objects.curved.cups import cup
from robo_meta.objects.curved.tubes import rounded, stations, straight, tube

Bodies = Mapping[str, Body]
"""Name → body; two are of two materials, one is for the importer to cut."""
LONGEST = 0.34
"""m: of a body and its handle together."""


def capsule(rng: np.random.Generator) -> Bodies:
    """A rod with half balls for ends, some of them flatter than round."""
    length, radius = rng.uniform(0.16, 0.32), rng.uniform(0.009, rng.choice([0.022, 0.03]))
    return {"rod": capsule_of(length, radius, rng.choice([1.0, rng.uniform(0.6, 1.0)]))}


def capsule_of(length: float, radius: float, flatness: float = 1.0) -> Body:
    """A capsule of that length, both half balls included."""
    along = stations(length, radius)
    return straight(np.column_stack([along, rounded(along, np.full(len(along), radius), radius, radius)]), flatness)


def cylinder(rng: np.random.Generator) -> Bodies:
    """A lying cylinder; its edges are a little rounded."""
    length, radius, edge = rng.uniform(0.15, 0.32), rng.uniform(0.009, rng.choice([0.023, 0.03])), rng.uniform(0, 0.003)
    return {"rod": cylinder_of(length, radius, edge)}


def cylinder_of(length: float, radius: float, edge: float = 0.0) -> Body:
    """A lying cylinder whose edges are chamfered by `edge`."""
    along, full = np.array([0.0, edge, length - edge, length]), np.array([radius - edge, radius, radius, radius - edge])
    profile = np.column_stack([along, full])
    return straight(profile if edge > 0 else profile[[0, 3]])


def taper(rng: np.random.Generator) -> Bodies:
    """A rod that widens evenly, or like a bulb, from one rounded end to the other."""
    length, thin, wide = rng.uniform(0.19, 0.33), rng.uniform(0.008, 0.015), rng.uniform(0.017, 0.025)
    along = stations(length, wide)
    radii = thin + (wide - thin) * (along / length) ** rng.uniform(0.8, 1.6)
    profile = rounded(along, radii, rng.uniform(0.3, 1.0) * thin, rng.uniform(0.2, 1.0) * wide)
    return {"rod": straight(np.column_stack([along, profile]), rng.uniform(0.7, 1.0))}


def bent(rng: np.random.Generator) -> Bodies:
    """A tube along an arc, as thick everywhere or thinner towards its ends, as a banana."""
    length, turn, radius = rng.uniform(0.16, 0.33), rng.uniform(0.4, 1.9), rng.uniform(0.009, 0.022)
    along = stations(length, radius)
    slimming = rng.choice([0.0, rng.uniform(0.2, 0.5)])
    radii = radius * (1 - slimming * (2 * along / length - 1) ** 2)
    halves = rounded(along, radii, radius, radius)
    return {"rod": tube(_arc(along, length, turn), np.outer(halves, [1.0, rng.uniform(0.75, 1.0)]))}


def bottle(rng: np.random.Generator) -> Bodies:
    """A lying bottle: a long body, shoulder and neck, at times with a cap of its own."""
    wide, neck = rng.uniform(0.016, rng.choice([0.0235, 0.03])), rng.uniform(0.009, 0.012)
    body, shoulder, rest = rng.uniform(0.12, 0.19), rng.uniform(0.012, 0.03), rng.uniform(0.025, 0.06)
    along = stations(body + shoulder + rest, 0.006)
    share = np.clip((along - body) / shoulder, 0.0, 1.0)
    radii = wide + (neck - wide) * (0.5 - 0.5 * np.cos(np.pi * share))
    glass = straight(np.column_stack([along, rounded(along, radii, 0.004, 0.001)]))
    if rng.random() < 0.2:
        cap = cylinder_of(0.8 * rest + rng.uniform(0.005, 0.03), neck + rng.uniform(0.002, 0.006), 0.001)
        return {"cap": moved(cap, body + shoulder + 0.2 * rest), "glass": glass}
    return {"bottle": glass}


def mug(rng: np.random.Generator) -> Bodies:
    """A cup that stands, with a handle large enough for fingers."""
    top, height, wall = rng.uniform(0.02, 0.024), rng.uniform(0.05, 0.09), rng.uniform(0.003, 0.005)
    bottom = top * rng.uniform(0.75, 1.0)
    bowl = cup(bottom, top, height, wall, rng.uniform(0.003, 0.006))
    radius, reach = rng.uniform(0.007, 0.011), rng.uniform(0.06, 0.11)
    angle = np.linspace(-np.pi / 2, np.pi / 2, 61)
    up = height * (0.52 + 0.33 * np.sin(angle))
    # It ends within the wall, where that stands at its height.
    out = bottom + (top - bottom) * up / height - 0.4 * wall + reach * np.cos(angle)
    halves = np.tile([radius, radius * rng.uniform(0.8, 1.4)], (len(angle), 1))
    ear = tube(np.column_stack([out, up, 0 * angle]), halves)
    return {"cup": bowl, "ear": turned_up(ear)}


def hook(rng: np.random.Generator) -> Bodies:
    """A U of two legs, the second one shorter, at times as short as a hook's."""
    bend, radius = rng.uniform(0.02, 0.05), rng.uniform(0.008, 0.014)
    long, short = rng.uniform(0.10, 0.24), rng.uniform(0.0, 1.0)
    second = short * long
    length = long + np.pi * bend + second
    along = stations(length, radius)
    angle = np.clip((along - long) / bend, 0.0, np.pi)
    beyond = np.maximum(along - long - np.pi * bend, 0.0)
    path = np.column_stack(
        [np.minimum(along, long) + bend * np.sin(angle) - beyond, bend * (1 - np.cos(angle)), 0 * along]
    )
    halves = rounded(along, np.full(len(along), radius), radius, radius)
    return {"hook": tube(path, np.outer(halves, [1.0, 1.0]))}


def ring(rng: np.random.Generator) -> Bodies:
    """A ring; three of four with a stick, as a magnifying glass has."""
    around, radius, flatness = rng.uniform(0.025, 0.055), rng.uniform(0.008, 0.013), rng.uniform(0.7, 1.0)
    rim = ring_of(around, radius, flatness)
    if rng.random() < 0.25:
        return {"ring": rim}
    # Both touch the table, else it would rock.
    thick = rng.uniform(0.008, 0.014)
    stick = capsule_of(rng.uniform(0.12, LONGEST - 2 * around - 0.04), thick)
    return {"ring": rim, "stick": moved(stick, around - 0.004, thick - flatness * radius)}


def ring_of(around: float, radius: float, flatness: float = 1.0) -> Body:
    """A torus about z, of that radius around and of its tube."""
    angle = np.arange(120) * 2 * np.pi / 120
    path = around * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    return tube(path, np.tile([radius, flatness * radius], (len(angle), 1)), closed=True)


def club(rng: np.random.Generator) -> Bodies:
    """A handle that widens gently, as far as fingers find no slope too steep, to a head that is even for a while."""
    length, slim, wide = rng.uniform(0.2, 0.33), rng.uniform(0.009, 0.014), rng.uniform(0.017, 0.026)
    along = stations(length, 0.02)
    widens = np.clip(7 * (wide - slim) / length, 0.2, 0.45)
    share = np.clip((along / length - rng.uniform(0.15, 0.7 - widens)) / widens, 0.0, 1.0)
    radii = slim + (wide - slim) * share
    profile = rounded(along, radii, slim, rng.uniform(0.1, 0.6) * wide)
    return {"club": straight(np.column_stack([along, profile]), rng.choice([1.0, rng.uniform(0.6, 1.0)]))}


def dumbbell(rng: np.random.Generator) -> Bodies:
    """A rod with a bulb at either end, unlike in size."""
    length, rod = rng.uniform(0.18, 0.33), rng.uniform(0.009, 0.013)
    along = stations(length, 0.02)
    radii = np.full(len(along), rod)
    for at_end in (along, length - along):
        size, half = rng.uniform(0.014, 0.023), rng.uniform(0.013, 0.024)
        bulb = size * np.sqrt(np.maximum(1 - ((at_end - half) / half) ** 2, 0.0))
        radii = np.maximum(radii, np.where(at_end < 2 * half, bulb, 0.0))
        # Its outer tip is the body's.
        radii = np.where(at_end < half, np.maximum(bulb, 0.0015), radii)
    return {"dumbbell": straight(np.column_stack([along, radii]))}


def pan(rng: np.random.Generator) -> Bodies:
    """A small bowl with a long handle that lies on the table beside it."""
    top, height, wall = rng.uniform(0.02, 0.04), rng.uniform(0.02, 0.04), rng.uniform(0.003, 0.006)
    bottom = top * rng.uniform(0.75, 1.0)
    bowl = cup(bottom, top, height, wall, rng.uniform(0.003, 0.008))
    thick, flatness = rng.uniform(0.009, 0.016), rng.uniform(0.6, 1.0)
    handle = capsule_of(rng.uniform(0.14, LONGEST - 2 * top), thick, flatness)
    return {"bowl": bowl, "handle": moved(handle, bottom - 0.6 * wall, thick * flatness)}


def spoon(rng: np.random.Generator) -> Bodies:
    """A handle that widens gently to a flat, full bowl with a round end."""
    length, slim, wide = rng.uniform(0.2, 0.33), rng.uniform(0.008, 0.012), rng.uniform(0.015, 0.024)
    along = stations(length, 0.02)
    start, stop = rng.uniform(0.2, 0.4), rng.uniform(0.65, 0.85)
    radii = slim + (wide - slim) * np.clip((along / length - start) / (stop - start), 0.0, 1.0)
    halves = rounded(along, radii, slim, wide)
    low = np.minimum(halves, rng.uniform(0.006, 0.01) * (1 + 0.3 * along / length))
    return {"spoon": tube(np.column_stack([along, 0 * along, 0 * along]), np.column_stack([halves, low]))}


KINDS: Mapping[str, Callable[[np.random.Generator], Bodies]] = {
    "capsule": capsule,
    "cylinder": cylinder,
    "taper": taper,
    "bent": bent,
    "bottle": bottle,
    "mug": mug,
    "hook": hook,
    "ring": ring,
    "club": club,
    "dumbbell": dumbbell,
    "pan": pan,
    "spoon": spoon,
}
"""Kind → what draws one; the kinds take turns with the numbers, so that every range of numbers has all of them."""


def moved(body: Body, x: float, z: float = 0.0) -> Body:
    """The body farther along."""
    by = np.array([x, 0.0, z])
    return Body(body.vertices + by, body.faces, tuple(piece + by for piece in body.pieces))


def turned_up(body: Body) -> Body:
    """The body with its y axis turned to z."""
    turn = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
    return Body(body.vertices @ turn, body.faces, tuple(piece @ turn for piece in body.pieces))


def _arc(along: np.ndarray, length: float, turn: float) -> np.ndarray:
    """(R, 3): the path whose direction turns evenly by `turn`."""
    around, angle = length / turn, along / length * turn
    return around * np.column_stack([np.sin(angle), 1 - np.cos(angle), np.zeros(len(along))])
