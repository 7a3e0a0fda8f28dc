"""Support sets: hindsight, and which demonstrations may stand in whose support."""

import numpy as np
import pytest

from demos.hindsight import support_item
from demos.support import (
    TRANSFERS,
    ShotsError,
    SupportError,
    SupportItem,
    SupportSet,
    closing_step,
    eligible,
    hindsight_grasp,
)
from sim.tasks import scenes


def hand_with(openings, commands, heights=None):
    hand = np.zeros((len(openings), 7), dtype=np.float32)
    hand[:, 0] = np.arange(len(openings)) / 100
    hand[:, 2] = heights if heights is not None else 0.1
    hand[:, 4], hand[:, 6] = openings, commands
    return hand


CLOSINGS = {
    "holds at the third closing step": ([0.08, 0.08, 0.06, 0.04, 0.03, 0.03, 0.03], [1, 1, -1, -1, -1, -1, -1], 4),
    "already tight at the first": ([0.08, 0.08, 0.065, 0.065, 0.065], [1, 1, -1, -1, -1], 2),
    "a pause before the fingers move is no grasp of an open hand": (
        [0.08, 0.07, 0.05, 0.03, 0.03],
        [1, -1, -1, -1, -1],
        3,
    ),
    "missed, opened, and held at the second try": (
        [0.08, 0.04, 0.0, 0.0, 0.04, 0.08, 0.05, 0.02, 0.02, 0.02],
        [1, -1, -1, -1, 1, 1, -1, -1, -1, -1],
        7,
    ),
    "squeezed a little deeper later": ([0.08, 0.05, 0.03, 0.0298, 0.0295, 0.0293], [1, -1, -1, -1, -1, -1], 2),
    "held, then dropped and closed on nothing": (
        [0.08, 0.04, 0.03, 0.03, 0.08, 0.04, 0.0, 0.0],
        [1, -1, -1, -1, 1, -1, -1, -1],
        2,
    ),
    "only nothing": ([0.08, 0.04, 0.0, 0.0, 0.0], [1, -1, -1, -1, -1], 2),
    "cut off while closing": ([0.08, 0.08, 0.06], [1, 1, -1], 2),
}


@pytest.mark.parametrize("case", CLOSINGS)
def test_closing_step(case):
    openings, commands, step = CLOSINGS[case]
    hand = hand_with(openings, commands)
    assert closing_step(hand) == step
    assert hindsight_grasp(hand)[0] == pytest.approx(step / 100)


def test_a_hand_that_never_closed_is_read_where_it_came_nearest_to_the_table():
    assert closing_step(hand_with([0.08] * 4, [1] * 4, heights=[0.3, 0.1, 0.05, 0.2])) == 2


def test_transfer_names_are_the_simulators():
    assert TRANSFERS == scenes.TRANSFERS


def test_who_may_support_whom():
    families, objects = np.array(["h", "h", "h", "b"]), np.array(["a0", "a0", "a1", "b0"])
    pairs = {t: {(int(q), int(s)) for q, s in np.argwhere(eligible(families, objects, t))} for t in TRANSFERS}
    assert pairs["same-object"] == {(0, 1), (1, 0)}
    assert pairs["new-instance"] == {(0, 2), (1, 2), (2, 0), (2, 1)}
    assert pairs["new-shape"] == {(0, 3), (1, 3), (2, 3), (3, 0), (3, 1), (3, 2)}


def test_an_object_number_of_another_family_is_another_object():
    assert not eligible(np.array(["h", "b"]), np.array([0, 0]), "same-object").any()
    assert eligible(np.array([[0, 1], [2, 2]]), np.zeros((2, 2)), "new-shape").tolist() == [
        [[False, True], [True, False]],
        [[False, False], [False, False]],
    ]


def test_an_unknown_transfer_is_refused_with_one_clear_line():
    with pytest.raises(ShotsError) as error:
        eligible(np.array(["h"]), np.array(["a0"]), "new-world")
    assert str(error.value) == "unknown transfer 'new-world'; expected one of same-object, new-instance, new-shape"


def test_items_hold_nothing_privileged_and_cannot_be_edited(make_demo):
    item = support_item(make_demo())
    assert set(vars(item)) == {"points", "hand", "actions", "grasp", "success", "family", "object_id", "tip"}
    for name in ("points", "hand", "actions", "grasp"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(item, name)[0] = 0
    assert SupportSet((item, item)).shots == 2
    with pytest.raises(SupportError, match="empty support set"):
        SupportSet(())


def test_an_item_of_the_wrong_shape_is_refused(make_demo):
    item = support_item(make_demo())
    with pytest.raises(SupportError, match=r"hand of shape \(14, 7\); it needs \(15, 7\)"):
        SupportItem(item.points, item.hand[:-1], item.actions, item.grasp, True, "hammer", "a0")


def test_the_object_frame_is_the_perceived_one(make_demo):
    """An object at (0.5, 0.1) turned by +90°: a hand 2 cm along world +y is 2 cm along the object's x."""
    state = np.zeros((2, 14))
    state[:, :7] = [0.5, 0.12, 0.03, 0.5, 0.02, 0.0, -1.0]
    state[:, 7:14] = [0.5, 0.1, 0.0, 0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)]
    action = np.array([[0.0, 0.4, 0.1, 0.2, -1.0]])
    item = support_item(make_demo(state=state, actions=action, labels=action, rewards=np.zeros(1)))
    assert item.hand[0] == pytest.approx([0.02, 0.0, 0.03, 0.5 - np.pi / 2, 0.02, 0.0, -1.0], abs=1e-6)
    assert item.actions[0] == pytest.approx([0.4, 0.0, 0.1, 0.2, -1.0], abs=1e-6)
    assert item.grasp == pytest.approx(item.hand[1, :4])
