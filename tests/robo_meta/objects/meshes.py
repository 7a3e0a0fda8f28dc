"""Mesh files made for a test."""

from pathlib import Path

import numpy as np

URDF = '<robot name="r"><link name="base">{shapes}</link></robot>'
COLLISION = "<collision><geometry>{inner}</geometry></collision>"


def box(low: tuple[float, float, float], high: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (8, 3) and outward faces (12, 3) of a box."""
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return corners, np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))])


def bar(length: float = 0.2, width: float = 0.03, height: float = 0.025) -> tuple[np.ndarray, np.ndarray]:
    """A box that a hand holds, x along its length."""
    return box((0, 0, 0), (length, width, height))


def ball(rings: int, radius: float = 0.03, length: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """A lying ellipsoid of about 4 · rings² triangles."""
    sides = 2 * rings
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    around = np.arange(sides) * 2 * np.pi / sides
    grid = np.stack(
        [
            np.cos(polar)[:, None] * np.ones(sides) * length / 2,
            np.sin(polar)[:, None] * np.cos(around) * radius,
            np.sin(polar)[:, None] * np.sin(around) * radius,
        ],
        axis=2,
    ).reshape(-1, 3)
    vertices = np.concatenate([grid, [[length / 2, 0, 0], [-length / 2, 0, 0]]])
    first, last, j = len(grid), len(grid) + 1, np.arange(sides)
    k = (j + 1) % sides
    faces = [np.stack([np.full(sides, first), j, k], axis=1)]
    for ring in range(rings - 2):
        a, b = ring * sides, (ring + 1) * sides
        faces += [np.stack([a + j, b + j, b + k], axis=1), np.stack([a + j, b + k, a + k], axis=1)]
    end = (rings - 2) * sides
    faces.append(np.stack([np.full(sides, last), end + k, end + j], axis=1))
    return vertices, np.concatenate(faces)


def write_obj(path: Path, vertices: np.ndarray, faces: np.ndarray) -> Path:
    """Write a Wavefront mesh."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"v {x} {y} {z}" for x, y, z in vertices.tolist()]
    lines += [f"f {a} {b} {c}" for a, b, c in (faces + 1).tolist()]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_stl(path: Path, vertices: np.ndarray, faces: np.ndarray) -> Path:
    """Write a binary STL mesh."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = np.zeros(len(faces), dtype=[("numbers", "<f4", (4, 3)), ("extra", "<u2")])
    rows["numbers"][:, 1:] = vertices[faces]
    path.write_bytes(b"\0" * 80 + np.uint32(len(faces)).tobytes() + rows.tobytes())
    return path


def write_urdf(path: Path, inner: str, links: int = 1) -> Path:
    """Write a URDF whose links have each a collision shape of `inner`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    link = "<link name='l{}'>" + COLLISION.format(inner=inner) + "</link>"
    path.write_text("<robot name='r'>" + "".join(link.format(i) for i in range(links)) + "</robot>")
    return path
