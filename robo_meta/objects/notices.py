"""Who made the shipped objects and under which licence they come: `NOTICE.md`, and the licences' texts.

The table of objects is JSON as in the folder that they were imported from: a list of `{name, what, source, licence,
faces, faces_original, scaled_by}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.errors import InputError
from sim.objects.meshes import MeshShape


class NoticeError(InputError):
    """An object that may not be shipped, or of which nobody says whether it may."""


@dataclass(frozen=True)
class Origin:
    """Objects of one author under one licence."""

    start: str
    """How the table's field `licence` starts."""
    title: str
    """Short name of the licence and of the set."""
    credit: str
    """Authors, where the licence is found, and what it asks for."""
    texts: tuple[str, ...] = ()
    """Files with licences' texts."""


ORIGINS = (
    Origin(
        "CC BY 4.0 (YCB",
        "YCB Object and Model Set, CC BY 4.0",
        'B. Calli, A. Walsman, A. Singh, S. Srinivasa, P. Abbeel and A. M. Dollar, "Benchmarking in Manipulation '
        'Research: Using the Yale-CMU-Berkeley Object and Model Set", IEEE Robotics & Automation Magazine 22(3), 2015. '
        "Licence: <https://creativecommons.org/licenses/by/4.0/>; provided as is, without warranty. Taken from the "
        "repository ChenEating716/pybullet-URDF-models (MIT, Chen Yiting).",
        ("ChenEating716+pybullet-URDF-models.txt",),
    ),
    Origin(
        "Apache-2.0 (repository vikashplus/object_sim",
        "ContactDB geometry, Apache License 2.0",
        'S. Brahmbhatt, C. Ham, C. C. Kemp and J. Hays, "ContactDB: Analyzing and Predicting Grasp Contact via '
        'Thermal Imaging", CVPR 2019; taken from the repository vikashplus/object_sim (S. Dasari, A. Gupta and '
        "V. Kumar, ICRA 2023). The files were modified as said below.",
        ("vikashplus+object_sim.txt",),
    ),
    Origin(
        "zlib (Bullet Physics SDK)",
        "random_urdfs of the Bullet Physics SDK, zlib licence",
        "Random shapes of grasping research (D. Quillen et al., ICRA 2018), from the package pybullet. These are "
        "altered versions and not the original ones.",
        ("bullet.txt",),
    ),
    Origin(
        "CC BY 3.0 (Copyright 2012 Nathan Koenig",
        "gazebo_models, CC BY 3.0",
        "Copyright 2012 Nathan Koenig; repository osrf/gazebo_models. Licence: "
        "<https://creativecommons.org/licenses/by/3.0/>; provided as is, without warranty.",
        ("osrf+gazebo_models.txt",),
    ),
    Origin("MIT (Farama Foundation)", "Meta-World, MIT licence", "Package metaworld.", ("metaworld.txt",)),
    Origin(
        "MIT (Michael Dawson-Haggerty)", "trimesh, MIT licence", "Repository mikedh/trimesh.", ("mikedh+trimesh.txt",)
    ),
    Origin(
        "CC-BY 3.0 / CC0 (Blend Swap",
        "assistive-gym and Blend Swap, CC BY 3.0",
        'From "Clean Dishes - Cycles" by Zer0Naught (Blend Swap); repository Healthcare-Robotics/assistive-gym (MIT). '
        "Licence: <https://creativecommons.org/licenses/by/3.0/>.",
        ("Healthcare-Robotics+assistive-gym.txt", "assistive-gym-BLENDSWAP.txt"),
    ),
)
"""Whose objects may be shipped. What matches none may not: scans whose owner names no licence, above all."""
CHANGES = (
    "Changes to every mesh: welded, without textures and colours, closed, laid as it rests on a table, divided into "
    "two bodies of at most 1500 triangles each in one or several ways, with convex pieces for contacts, in 32-bit "
    "numbers. What was changed besides stands in the table."
)
_HEAD = "# Notices: the objects of the split `real-objects`"
_INTRODUCTION = (
    "The objects in `objects.npz`, which the benchmark `real-1` is played with, are works of others. Their licences "
    "apply to them, and not that of robo_meta. The licences' texts are in `licences/`."
)


def origin_of(row: Mapping[str, Any]) -> Origin:
    """Whose an object is, by its row of the table.

    Raises:
        NoticeError: it may not be shipped.
    """
    for origin in ORIGINS:
        if row["licence"].startswith(origin.start):
            return origin
    raise NoticeError(f"object {row['name']!r} may not be shipped: its licence is {row['licence']!r}")


def notice(shapes: Sequence[MeshShape], table: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of `NOTICE.md` for `shapes`, each with a row of `table`.

    Raises:
        NoticeError: one of them may not be shipped.
    """
    sections = [_HEAD, _INTRODUCTION, CHANGES]
    found = {shape.name: origin_of(table[shape.name]) for shape in shapes}
    for origin in ORIGINS:
        chosen = [shape for shape in shapes if found[shape.name] is origin]
        if chosen:
            texts = ", ".join(f"[{name}](licences/{name})" for name in origin.texts)
            head = "| object | what | source | changed besides |\n|---|---|---|---|"
            rows = [_row(table[shape.name], shape) for shape in chosen]
            sections += [f"## {origin.title}", f"{origin.credit} Text: {texts}.", "\n".join([head, *rows])]
    return "\n\n".join(sections) + "\n"


def _row(row: Mapping[str, Any], shape: MeshShape) -> str:
    changes = []
    if row["faces"] != row["faces_original"]:
        changes.append(f"decimated from {row['faces_original']} to {row['faces']} triangles")
    for name, factor in (("scaled by", row["scaled_by"]), ("scaled again by", shape.scale)):
        if factor != 1:
            changes.append(f"{name} {factor:g}")
    return f"| {row['name']} | {row['what']} | {row['source']} | {'; '.join(changes) or '–'} |"
