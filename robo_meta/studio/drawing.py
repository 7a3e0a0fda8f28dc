"""The scene as viser shows it: arm, table, object, and points coloured by their weight."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from robo_meta.studio.view import Stage, Weighing
from sim.frames import Pose
from sim.objects.meshes import MeshPart
from sim.objects.prisms import Prism
from sim.objects.spec import ObjectSpec
from sim.palette import PALETTE
from sim.physics.arm_model import URDF
from sim.physics.bodies import prism_mesh

if TYPE_CHECKING:  # an extra
    import viser

ARM_COLOUR, TABLE_COLOUR = (226, 229, 233), (158, 142, 124)
GRASP_COLOUR, FINGER_COLOUR = (213, 94, 0), (70, 74, 80)
CLOUD_PLACES = {"before": (0.42, -0.62, 0.22), "after": (0.42, 0.62, 0.22)}
"""Where the weighed points stand: beside the table's middle, above it."""
CLOUD_SCALE = 1.6
STILL = 1e-4
"""m, and of a quaternion: below this nobody sees a difference."""
COLOURS = np.array([(0, 32, 77), (65, 77, 107), (124, 123, 120), (188, 175, 111), (255, 234, 70)], dtype=float)
"""From no weight to the largest: cividis at equal distances, which everyone tells apart, colour-blind or not."""
Mesh = tuple[np.ndarray, np.ndarray]


class StageDrawing:
    """One copy of the scene in a server's page; only what moved is sent again.

    Args:
        server: shows it.
        number: counted from 0; each stands beside the one before.
    """

    def __init__(self, server: viser.ViserServer, number: int) -> None:
        self._server, self._root = server, f"/stage{number}"
        self._base = server.scene.add_frame(self._root, show_axes=False)
        server.scene.add_box(
            f"{self._root}/table", dimensions=(0.9, 0.86, 0.03), color=TABLE_COLOUR, position=(0.45, 0.0, -0.0151)
        )
        self._links = {
            name: server.scene.add_mesh_simple(
                f"{self._root}/{name}",
                *mesh,
                color=FINGER_COLOUR if "finger" in name else ARM_COLOUR,
                flat_shading=False,
                cast_shadow=False,
                receive_shadow=False,
            )
            for name, mesh in arm_meshes().items()
        }
        self._label = server.scene.add_label(f"{self._root}/label", "", position=(0.15, 0.0, 0.95))
        self._object: Any = None
        self._spec: ObjectSpec | None = None
        self._last: dict[str, Pose] = {}

    def draw(self, stage: Stage, offset: float) -> None:
        """Show a stage `offset` m along y."""
        if stage.scene.object is not self._spec:
            self._spec = stage.scene.object
            self._put_object(self._spec)
        if self._label.text != stage.title:
            self._label.text = stage.title
        if float(self._base.position[1]) != offset:
            self._base.position = (0.0, offset, 0.0)
        for name, handle in self._links.items():
            self._move(name, handle, stage.frame.links[name])
        self._move("object", self._object, stage.frame.object_to_world)

    def show(self, visible: bool) -> None:
        """Show or hide all of it."""
        if self._base.visible != visible:
            self._base.visible = visible

    def _put_object(self, spec: ObjectSpec) -> None:
        if self._object is not None:
            self._object.remove()
        self._last.pop("object", None)
        self._object = self._server.scene.add_frame(f"{self._root}/object", show_axes=False)
        for number, (mesh, colour) in enumerate(object_meshes(spec)):
            name = f"{self._root}/object/part{number}"
            self._server.scene.add_mesh_simple(
                name, *mesh, color=colour, flat_shading=True, cast_shadow=False, receive_shadow=False
            )

    def _move(self, name: str, handle: Any, to_world: Pose) -> None:
        last = self._last.get(name)
        if last is not None:
            gaps = last.position - to_world.position, last.quat_xyzw - to_world.quat_xyzw
            if max(np.abs(gap).max() for gap in gaps) < STILL:
                return
        self._last[name] = to_world
        handle.position = to_world.position
        handle.wxyz = to_world.quat_xyzw[[3, 0, 1, 2]]


class WeighingDrawing:
    """An object's points before and after adapting, coloured by the strategy's weights, with the grasp it aims at."""

    def __init__(self, server: viser.ViserServer) -> None:
        self._server = server
        self._nodes: list[Any] = []

    def draw(self, found: Weighing | None) -> None:
        """Show it in place of the one before."""
        for node in self._nodes:
            node.remove()
        self._nodes = []
        if found is None:
            return
        for name, weights, target in (
            ("before", found.before, found.target_before),
            ("after", found.after, found.target_after),
        ):
            if target is not None:
                self._nodes.append(self._cloud(name, found, weights, target))

    def _cloud(self, name: str, found: Weighing, weights: np.ndarray | None, target: np.ndarray) -> Any:
        scene, root, scale = self._server.scene, f"/weighing/{name}", CLOUD_SCALE
        base = scene.add_frame(root, show_axes=False, position=CLOUD_PLACES[name])
        points, rgb = found.points[:, :3], found.points[:, 3:] * 255
        if weights is not None:
            points, rgb = points[: len(weights)], weight_colours(weights)
        # Points that are weighed are few and drawn large.
        size = 0.009 if weights is not None else 0.004
        scene.add_point_cloud(
            f"{root}/points", points * scale, rgb.astype(np.uint8), point_size=size * scale / 1.6, point_shape="circle"
        )
        across = 0.03 * np.array([np.cos(target[3]), np.sin(target[3]), 0.0])
        ends = np.stack([target[:3] - across, target[:3] + across]) * scale
        scene.add_line_segments(f"{root}/closing", ends[None], GRASP_COLOUR, line_width=4.0)
        scene.add_icosphere(f"{root}/grasp", 0.008, color=GRASP_COLOUR, position=target[:3] * scale)
        scene.add_label(f"{root}/label", f"{found.strategy} {name} adapting", position=(0.0, 0.0, 0.14))
        return base


def weight_colours(weights: np.ndarray) -> np.ndarray:
    """(Q, 3) RGB in 0–255 of weights (Q,), relative to the largest; the root of it, so that small ones show."""
    share = np.sqrt(weights / max(float(weights.max()), 1e-12)) * (len(COLOURS) - 1)
    found: np.ndarray = np.stack([np.interp(share, range(len(COLOURS)), channel) for channel in COLOURS.T], axis=1)
    return found


def object_meshes(spec: ObjectSpec) -> list[tuple[Mesh, tuple[int, int, int]]]:
    """Vertices (V, 3), m, object frame, faces (F, 3) and RGB of each part."""
    found = []
    for part in spec.parts:
        red, green, blue = (round(255 * value) for value in PALETTE[part.colour])
        if isinstance(part, Prism):
            found.append((prism_mesh(part.outline, 0.0, part.height), (red, green, blue)))
        elif isinstance(part, MeshPart):
            found.append(((part.mesh.vertices, part.mesh.faces), (red, green, blue)))
    return found


@cache
def arm_meshes() -> Mapping[str, Mesh]:
    """Link → vertices (V, 3), m, link frame, and faces (F, 3): the URDF's collision shapes, which are light enough for
    a telephone; of the fingers, which one must see in detail, the visual ones."""
    found = {}
    for link in ElementTree.parse(URDF).getroot().iter("link"):
        finger = "finger" in link.get("name", "")
        element = link.find("visual" if finger else "collision")
        if element is None:
            continue
        mesh = element.find("geometry/mesh")
        assert mesh is not None
        vertices, faces = _wavefront(URDF.parent / mesh.get("filename", "").removeprefix("package://"))
        origin = element.find("origin")
        if origin is not None:
            # The one origin that turns anything is the right finger's, about z.
            yaw = float(origin.get("rpy", "0 0 0").split()[2])
            vertices = vertices * np.array([np.cos(yaw), np.cos(yaw), 1.0])
        found[link.get("name", "")] = vertices, faces
    return found


def _wavefront(path: Path) -> Mesh:
    """Vertices (V, 3) and triangles (F, 3) of a Wavefront file; polygons are cut into fans."""
    vertices, faces = [], []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(word) for word in rest.split()[:3]])
        elif kind == "f":
            corners = [int(word.split("/")[0]) for word in rest.split()]
            corners = [c - 1 if c > 0 else len(vertices) + c for c in corners]
            faces += [(corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1)]
    return np.array(vertices, dtype=np.float32), np.array(faces, dtype=np.uint32)
