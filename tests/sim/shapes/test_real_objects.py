"""The split `real-objects`: as it is shipped, and how it is read."""

import re
from pathlib import Path

import pytest

from sim.shapes.families import all_families, families_for, families_of, family_named
from sim.shapes.mesh_file import MOST_BYTES, MeshFileError, checksum, mesh_file_bytes
from sim.shapes.mesh_splits import MESH_SPLITS
from sim.shapes.real_objects import frozen
from sim.shapes.real_objects.loading import FILE, PREFIX, SPLIT, read_families
from tests.sim.objects.mesh_tools import rod
from tests.sim.shapes.test_mesh_file import in_32_bits


def test_the_shipped_objects_are_those_of_the_split_that_were_accepted():
    names = families_of(SPLIT)
    assert names == frozen.FAMILIES and len(names) >= 10
    assert {name.removeprefix(PREFIX) for name in names} <= set(MESH_SPLITS[SPLIT])
    for intention in ("balance", "part"):
        assert len(families_for(SPLIT, intention)) >= 2
    assert all(family_named(name) is all_families()[name] for name in names)


def test_each_shipped_object_has_its_notice_and_licence():
    notice = (FILE.parent / "NOTICE.md").read_text(encoding="utf-8")
    for name in frozen.FAMILIES:
        family = family_named(name)
        assert f"| {name.removeprefix(PREFIX)} |" in notice
        assert family.shape.licence and "original set" not in family.shape.licence
    links = set(re.findall(r"\]\((licences/[^)]+)\)", notice))
    assert links == {f"licences/{path.name}" for path in (FILE.parent / "licences").iterdir()}
    assert FILE.stat().st_size <= MOST_BYTES


def test_a_file_of_other_objects_is_one_line(tmp_path: Path):
    raw = mesh_file_bytes([in_32_bits(rod())])
    path = tmp_path / "objects.npz"
    path.write_bytes(raw)
    (found,) = read_families(path, checksum(raw), ("real-objects-rod",)).values()
    assert (found.name, found.group) == ("real-objects-rod", SPLIT)
    with pytest.raises(MeshFileError, match=r"objects\.npz: other objects than those of its release"):
        read_families(path, checksum(raw), ("real-objects-rod", "real-objects-ball"))
