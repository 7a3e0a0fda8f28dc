"""At which size, and divided how, an object is taken."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pytest

from robo_meta.objects.divisions import CUTS, by_cuts
from robo_meta.objects.judging import FIT_SCALES, Judge, judge_by_rules, judge_object
from robo_meta.objects.preparing import Prepared
from sim.objects.meshes import TriangleMesh
from tests.robo_meta.objects.meshes import box

pytest.importorskip("manifold3d", reason='needs pip install "robo-meta[meshes]"')

Rules = Callable[[float, float], Collection[str]]


def bar(length: float = 0.2, width: float = 0.03, height: float = 0.03, cut: tuple[float, ...] = ()) -> Prepared:
    vertices, faces = box((-length / 2, -width / 2, 0), (length / 2, width / 2, height))
    return Prepared(TriangleMesh(vertices, faces), (), (vertices,), cut, 1.0, "m", "", ())


def serving(rules: Rules, asked: list[tuple[float, float]] | None = None) -> Judge:
    """A judge by `rules`: length, m, and share of it before the cut → intentions that the object serves for."""

    def judge(meshes: Sequence[TriangleMesh], intentions: Collection[str]) -> tuple[str, dict[str, str]]:
        first, second = (float(np.ptp(mesh.vertices[:, 0])) for mesh in meshes)
        length, share = round(first + second, 3), round(first / (first + second), 3)
        if asked is not None:
            asked.append((length, share))
        return "flat", {one: f"not {share}" for one in intentions if one not in rules(length, share)}

    return judge


def test_sizes_are_tried_outwards_from_an_object_s_own():
    distance = np.abs(np.log(FIT_SCALES))
    assert FIT_SCALES[0] == 1 and (np.diff(distance) > -1e-3).all()
    assert min(FIT_SCALES) < 0.5 and max(FIT_SCALES) > 2


def test_the_nearest_size_that_serves_for_everything_is_taken():
    judge = serving(lambda length, share: ("balance", "part") if length < 0.16 else ("part",))
    found = judge_object("bar", bar(), judge, fit=True)
    assert found.accepted == ("balance", "part") and found.shape.scale == 0.772
    assert np.ptp(found.shape.pieces[0][:, 0]) == pytest.approx(0.2 * 0.772 - 0.002)
    as_it_is = judge_object("bar", bar(), judge, fit=False)
    assert as_it_is.accepted == ("part",) and as_it_is.shape.scale == 1.0


def test_an_object_keeps_its_size_where_another_serves_for_no_more():
    judge = serving(lambda length, share: ("part",) if length > 0.15 else ())
    assert judge_object("bar", bar(), judge, fit=True).shape.scale == 1.0


def test_other_cuts_are_tried_only_where_the_usual_ones_do_not_serve():
    judge = serving(lambda length, share: ("balance",) if share == 0.65 else ("part",) if share == 0.4 else ())
    shape = judge_object("bar", bar(), judge, fit=False).shape
    assert [division.where for division in shape.divisions[len(CUTS) :]] == ["cut at 65 %"]
    assert [d.where for d in shape.accepts("part")] == ["cut at 40 %"]
    asked: list[tuple[float, float]] = []
    judge_object("bar", bar(), serving(lambda length, share: ("balance", "part"), asked), fit=False)
    assert {share for _, share in asked} == set(CUTS)


def test_a_cut_that_its_owner_wants_is_the_only_one():
    judge = serving(lambda length, share: ("balance",) if share == 0.5 else ())
    shape = judge_object("bar", bar(cut=(0.3,)), judge, fit=False).shape
    assert [division.where for division in shape.divisions] == ["cut at 30 %"] and not shape.accepts("balance")


def test_what_tips_over_is_refused_by_physics_though_fingers_could_hold_it():
    # It stands on the first third of its length; with all the weight beyond, it tips.
    foot, _ = box((-0.1, -0.015, 0), (-0.03, 0.015, 0.03))
    arm, faces = box((-0.1, -0.015, 0.02), (0.1, 0.015, 0.03))
    tipping = Prepared(TriangleMesh(arm, faces), (), (foot, arm), (0.5,), 1.0, "m", "", ())
    found = judge_object("arm", tipping, serving(lambda length, share: ("balance", "part")), fit=False)
    assert found.accepted == () and "does not lie still: turned" in found.reason


def test_the_rules_are_asked_for_one_intention_at_a_time():
    meshes = by_cuts(bar(0.3).whole, (0.5,))[0].meshes
    surface, refusals = judge_by_rules(meshes, ("balance",))
    assert surface == "flat" and refusals == {}
    short = by_cuts(bar(0.1).whole, (0.5,))[0].meshes
    assert set(judge_by_rules(short, ("part",))[1]) <= {"part"}
    assert "cm apart" in judge_by_rules(short, ("balance",))[1]["balance"]
