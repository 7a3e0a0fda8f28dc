"""The contact sheet."""

from io import BytesIO

import pytest
from matplotlib.image import imread

from sim.gallery import GalleryError, contact_sheet, gallery_scene
from sim.palette import PALETTE
from sim.shapes.families import UnknownFamily, register_meshes, unregister_family
from tests.robo_meta.objects.libraries import bar_shape


def test_the_same_seed_draws_the_same_sheet_in_the_objects_colours():
    first = contact_sheet(("hammer", "mallet"), objects=2, seed=1)
    assert first == contact_sheet(("hammer", "mallet"), objects=2, seed=1)
    assert first != contact_sheet(("hammer", "mallet"), objects=2, seed=2)
    picture = imread(BytesIO(first))[..., :3]
    for family in ("hammer", "mallet"):
        for number in range(2):
            for colour in gallery_scene(family, number, 1).object.colours:
                assert (abs(picture - PALETTE[colour]).max(axis=-1) < 0.01).sum() > 50


def test_bad_input_draws_nothing():
    with pytest.raises(UnknownFamily, match="did you mean 'hammer'"):
        contact_sheet(("hamer",))
    with pytest.raises(GalleryError, match="0 objects; expected at least 1"):
        contact_sheet(objects=0)


def test_meshes_are_drawn_by_their_faces_seen_from_above():
    shape = bar_shape("bar", 0.24, refusals={"balance": "too short"})
    (family,) = register_meshes((shape,), group="drawn")
    try:
        picture = imread(BytesIO(contact_sheet((family.name,), objects=2, seed=1)))[..., :3]
        scenes = [gallery_scene(family.name, number, 1) for number in range(2)]
    finally:
        unregister_family(family.name)
    # It serves for *part* alone.
    assert [scene.task.intention for scene in scenes] == ["part", "part"]
    for colour in {colour for scene in scenes for colour in scene.object.colours}:
        assert (abs(picture - PALETTE[colour]).max(axis=-1) < 0.01).sum() > 50
