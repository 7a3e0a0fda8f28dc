"""The session without a browser: commands in, views and a dataset out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from demos.expert.episode import shared_env
from demos.replaying import replay_of
from demos.storage.dataset import open_dataset
from robo_meta.studio.session import SETTLE, Session
from sim.errors import InputError
from tests.robo_meta.studio.hands import demonstrate, place_of, run

HAMMER = {"do": "choose", "family": "hammer"}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    opened = Session(tmp_path / "mine", seed=3)
    yield opened
    opened.close()


def test_a_demonstration_by_commands_is_stored_judged_and_replays_bit_for_bit(session: Session, tmp_path: Path) -> None:
    run(session, HAMMER)
    demonstrate(session)
    seen = session.view
    assert seen.phase == "judged" and seen.verdict is not None and all(seen.verdict.values())
    assert (seen.demos, seen.successes) == (1, 1)
    run(session, {"do": "choose", "family": "wrench", "intention": "part", "task": 7})
    demonstrate(session)
    session.close()
    dataset = open_dataset(tmp_path / "mine")
    assert dataset.index["complete"] and len(dataset) == 2
    assert dict(dataset.demo(seen.kept).verdict) == dict(seen.verdict)
    for key in dataset.keys:
        replay_of(dataset, key).run(shared_env())


def test_a_miss_is_kept_as_the_failure_that_was_seen(session: Session, tmp_path: Path) -> None:
    run(session, HAMMER)
    demonstrate(session, beside=0.09)
    assert session.view.verdict is not None and not all(session.view.verdict.values())
    demo = open_dataset(tmp_path / "mine").demo(session.view.kept)
    assert dict(demo.verdict) == dict(session.view.verdict) and not demo.success


def test_the_hold_and_shake_is_shown_in_real_time_and_another_attempt_lies_elsewhere(session: Session) -> None:
    run(session, HAMMER)
    first = session.view.stages[0].frame.object_to_world
    demonstrate(session)
    assert session.view.stages[0].frame.object_to_world.position[2] > 0.08
    run(session, {"do": "again"})
    assert session.view.verdict is None and session.view.left == 45
    assert abs(session.view.stages[0].frame.object_to_world.position - first.position).max() > 0.005
    place = place_of(session.view.stages[0])
    run(session, {"do": "reach", **place, "z": place["z"] + 0.1}, {"do": "reach", **place}, {"do": "close"})
    spent, delays = 45 - session.view.left, run(session, {"do": "lift"})
    lifting = 45 - session.view.left - spent
    # A tenth of a second for each action, and 1.5 s in which the environment holds and shakes within the last one.
    assert sum(delays) == pytest.approx(0.1 * lifting + 1.5)


def test_idle_it_wants_no_further_piece_and_small_steps_are_gathered(session: Session) -> None:
    run(session, HAMMER)
    assert session.tick() is None
    waits = [session.handle({"do": "nudge", "z": -0.01}) for _ in range(3)]
    assert waits == [SETTLE] * 3
    while session.tick() is not None:
        pass
    assert session.view.left == 44
    assert session.handle({"do": "nudge", "z": -0.1}) == 0.0


MALFORMED = [
    (None, "a message without a command"),
    ({"do": 3}, "a message without a command"),
    ({"do": "chose"}, "unknown command 'chose'; did you mean 'choose'?"),
    ({"do": "reach", "x": 0.5}, "reach: y is missing"),
    ({"do": "reach", "x": math.nan, "y": 0, "z": 0.2, "heading": 0}, "reach: x is 'nan'; expected a finite number"),
    ({"do": "reach", "x": "0.5", "y": 0, "z": 0.2, "heading": 0}, "reach: x is '0.5'; expected a finite number"),
    ({"do": "reach", "x": 50, "y": 0, "z": 0.2, "heading": 0}, "reach: x 50.000 m; expected 0.22 to 0.78"),
    ({"do": "nudge", "z": 9}, "nudge: more than 0.2 m or half a turn at once"),
    ({"do": "lift", "fast": True}, "lift: unknown field 'fast'"),
    ({"do": "choose", "family": "hamer"}, "unknown family 'hamer'; did you mean 'hammer'?"),
    ({"do": "choose", "task": True}, "choose: task is 'True'; expected a whole number"),
    ({"do": "choose", "task": -1}, "task -1; expected 0 to 999"),
    ({"do": "choose", "object": 9}, "object 9; expected 1 to 2"),
    ({"do": "choose", "intention": "throw"}, "intention 'throw'"),
    ({"do": "watch", "strategies": []}, "watch: 0 strategies; expected 1 to 4"),
    ({"do": "watch", "strategies": ["maml", "maml"]}, "watch: 2 strategies; expected 1 to 4, each once"),
    ({"do": "watch", "strategies": "maml"}, "watch: strategies is 'maml'; expected a list of words"),
    ({"do": "adapt", "transfer": "new"}, "transfer 'new'"),
    ({"do": "adapt"}, "no demonstration of this task succeeded yet"),
    ({"do": "adapt", "family": "x" * 10_000}, "adapt: family is 'xxx"),
]


def test_malformed_commands_change_nothing_but_the_message(session: Session) -> None:
    run(session, HAMMER, {"do": "nudge", "z": -0.05})
    before, left = session.view.stages, session.view.left
    for message, said in MALFORMED:
        assert session.handle(message) is None
        assert said in session.view.message and len(session.view.message) < 400
        assert session.tick() is None
    assert session.view.stages is before and session.view.left == left
    demonstrate(session)
    assert session.view.successes == 1


def test_nothing_on_the_table_and_a_finished_attempt_are_said(session: Session) -> None:
    for deed in ("again", "lift", "close", "adapt", "nudge"):
        run(session, {"do": deed})
        assert "nothing is on the table" in session.view.message
    run(session, HAMMER)
    demonstrate(session)
    run(session, {"do": "lift"})
    assert "this attempt is over" in session.view.message


def test_adapting_watching_and_the_selectors_advice(session: Session) -> None:
    run(session, HAMMER)
    demonstrate(session)
    run(session, {"do": "adapt", "strategy": "maml"})
    found = session.view.weighing
    assert found is not None and found.shots == 1 and found.before is not None and found.after is not None
    assert found.before.sum() == pytest.approx(1) and abs(found.before - found.after).max() > 1e-4
    run(session, {"do": "watch", "transfer": "new-shape", "family": "wrench", "strategies": ["maml", "replay"]})
    seen = session.view
    assert [trial.strategy for trial in seen.trials] == ["maml", "replay"] and seen.phase == "watching"
    assert [stage.title for stage in seen.stages] == ["maml", "replay"]
    assert {stage.scene.object.family for stage in seen.stages} == {"wrench"}
    run(session, {"do": "advise", "transfer": "new-shape", "family": "wrench"})
    advice = session.view.advice
    assert advice is not None and advice.chosen in advice.predicted and advice.chosen in advice.because
    # The table is as it was left.
    run(session, {"do": "again"})
    assert session.view.phase == "moving" and len(session.view.stages) == 1


def test_watching_does_not_disturb_an_attempt_in_progress(session: Session, tmp_path: Path) -> None:
    run(session, HAMMER)
    demonstrate(session)
    run(session, {"do": "again"})
    place = place_of(session.view.stages[0])
    run(session, {"do": "reach", **place, "z": place["z"] + 0.1}, {"do": "watch", "strategies": ["centre"]})
    run(session, {"do": "reach", **place}, {"do": "close"}, {"do": "lift"})
    assert session.view.successes == 2
    dataset = open_dataset(tmp_path / "mine")
    replay_of(dataset, session.view.kept).run(shared_env())


def test_the_same_folder_is_continued_and_another_is_refused(tmp_path: Path) -> None:
    for number in range(2):
        session = Session(tmp_path / "mine", seed=3)
        run(session, HAMMER)
        assert session.view.demos == number
        demonstrate(session)
        session.close()
    assert len(open_dataset(tmp_path / "mine")) == 2
    with pytest.raises(InputError, match="actor 'hand' with seed 3, here it is 'hand' with 4; use another folder"):
        Session(tmp_path / "mine", seed=4)
    session = Session(tmp_path / "mine", seed=3)
    with pytest.raises(InputError, match="another process is recording into it"):
        Session(tmp_path / "mine", seed=3)
    session.close()
