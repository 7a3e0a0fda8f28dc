"""The shapes of a URDF file that describes one rigid body. Its masses are not read."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from demos.storage.files import DamagedFile, read_bounded
from sim.errors import InputError
from sim.records import FrozenMapping, Record

LONGEST_FILE = 5_000_000
"""Bytes."""
MOST_SHAPES = 64
PRIMITIVES = FrozenMapping({"box": ("size",), "cylinder": ("radius", "length"), "sphere": ("radius",)})
"""Kind → attributes that say how large it is."""


class UrdfError(InputError):
    """A URDF that describes no single rigid body."""


@dataclass(frozen=True, eq=False)
class UrdfShape(Record):
    """One shape of the body."""

    kind: str
    """`mesh`, or one of `PRIMITIVES`."""
    file: str
    """Of a mesh: its path from the URDF's folder."""
    size: tuple[float, ...]
    """Of a mesh its scale (3); of a primitive what its attributes say, m."""
    to_link: np.ndarray
    """(4, 4): from the shape's frame to the body's."""


def read_urdf(path: Path) -> tuple[UrdfShape, ...]:
    """What a URDF's only link is made of: its collision shapes, or where there are none what is to be seen of it.

    Raises:
        UrdfError: no URDF, several links, or no shape.
    """
    root = _parse(path)
    if root.tag != "robot":
        raise UrdfError(f"{path.name}: no URDF: its root is <{root.tag}>, expected <robot>")
    links = root.findall("link")
    if len(links) != 1:
        raise UrdfError(f"{path.name}: {len(links)} links; expected one rigid body")
    for role in ("collision", "visual"):
        elements = links[0].findall(role)
        if len(elements) > MOST_SHAPES:
            raise UrdfError(f"{path.name}: {len(elements)} {role} shapes; expected {MOST_SHAPES} at most")
        if elements:
            return tuple(_shape(path, element, role) for element in elements)
    raise UrdfError(f"{path.name}: its link has neither collision nor visual shape")


def mesh_name(path: Path, name: str) -> str:
    """A mesh file's name in a URDF as a path from the URDF's folder.

    `package://` and `model://` name a package first, which the folder stands for.

    Raises:
        UrdfError: a place elsewhere.
    """
    inner = re.sub(r"^(package|model)://[^/]*/+", "", name.replace("\\", "/"))
    inner = re.sub(r"^file://", "", inner)
    parts = PurePosixPath(inner).parts
    if not inner or "\0" in inner or "://" in inner or re.match(r"^([A-Za-z]:|/)", inner) or ".." in parts:
        raise UrdfError(f"{path.name}: mesh {name[:80]!r} lies outside of its folder")
    return inner


def _parse(path: Path) -> ElementTree.Element:
    try:
        text = read_bounded(path, LONGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UrdfError(f"{path.name}: unreadable URDF: no UTF-8 text") from None
    except DamagedFile as error:
        raise UrdfError(str(error)) from error
    # Entities can swell to gigabytes or name other files; no URDF needs them.
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise UrdfError(f"{path.name}: declares XML entities, which are not read")
    try:
        return ElementTree.fromstring(text.encode(), ElementTree.XMLParser(encoding="utf-8"))
    except (ElementTree.ParseError, RecursionError) as error:
        raise UrdfError(f"{path.name}: unreadable URDF: {error}") from error


def _shape(path: Path, element: ElementTree.Element, role: str) -> UrdfShape:
    origin = element.find("origin")
    to_link = np.eye(4)
    if origin is not None:
        to_link[:3, :3] = _rotation(*_numbers(path, origin.get("rpy", "0 0 0"), 3))
        to_link[:3, 3] = _numbers(path, origin.get("xyz", "0 0 0"), 3)
    geometry = element.find("geometry")
    inner = [] if geometry is None else list(geometry)
    kinds = ("mesh", *PRIMITIVES)
    if len(inner) != 1 or inner[0].tag not in kinds:
        found = ", ".join(f"<{child.tag}>" for child in inner) or "nothing"
        raise UrdfError(f"{path.name}: a {role} shape of {found}; expected one of {', '.join(kinds)}")
    (child,) = inner
    if child.tag == "mesh":
        scale = _numbers(path, child.get("scale", "1 1 1"), 3)
        if not all(scale):
            raise UrdfError(f"{path.name}: a mesh scaled by {child.get('scale')!r}")
        return UrdfShape("mesh", mesh_name(path, child.get("filename", "")), scale, to_link)
    names = PRIMITIVES[child.tag]
    count = 3 if child.tag == "box" else 1
    size = tuple(number for name in names for number in _numbers(path, child.get(name, ""), count))
    if not all(number > 0 for number in size):
        raise UrdfError(f"{path.name}: a {child.tag} of size {' '.join(f'{number:g}' for number in size)}")
    return UrdfShape(child.tag, "", size, to_link)


def _numbers(path: Path, text: str, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(word) for word in text.split())
    except ValueError:
        numbers = ()
    if len(numbers) != count or not all(map(math.isfinite, numbers)):
        raise UrdfError(f"{path.name}: {text[:60]!r} where {count} {'numbers' if count > 1 else 'number'} should stand")
    return numbers


def _rotation(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """(3, 3): turns about the fixed axes x, then y, then z, rad."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(a), math.sin(a)) for a in (roll, pitch, yaw))
    about_x = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    about_y = np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    return about_z @ about_y @ about_x
