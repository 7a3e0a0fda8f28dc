"""A screen shows what it says: legend, panels, marks at their places, and at the end the verdict."""

from pathlib import Path

import numpy as np
import pybullet
import pytest
from PIL import Image

from demos.expert.episode import Episode
from demos.film.camera import FilmEnv, Take
from demos.film.files import FilmError, write_film
from demos.film.legend import densities, legend_of, paint
from demos.film.lettering import BAD, CHOSEN, GOOD, fitted
from demos.film.panel import PanelSize, Shot, draw_panel, place_in_panel
from demos.film.screen import GIF_WIDTH, MP4_WIDTH, PAUSE, Screen
from demos.film.scripted import SCREEN_BYTES, write_screen
from sim.episode.rendering import CLOSE_UP, EYE_IN_WORLD, TARGET_IN_WORLD, places_in_close_up
from sim.frames import Pose, quat_from_yaw
from sim.tasks.scenes import Task
from tests.sim.objects.bars import HEIGHT, bar_scene

PARTS = ("lifted", "held", "level", "clamped", "unsupported", "on_part")


def shot(frames: int, success: bool = True, shade: int = 90, x: float = 0.0) -> Shot:
    """A made-up take of grey pictures, each lighter than the one before, of a bar held at `x` m along it."""
    scene = bar_scene()
    episode = Episode(
        scene=scene,
        points=np.zeros((1, 6)),
        state=np.zeros((2, 14)),
        actions=np.zeros((1, 5)),
        labels=np.zeros((1, 5)),
        rewards=np.zeros(1),
        verdict={part: success or part != "level" for part in PARTS},
        success=success,
        tip=np.zeros(2),
    )
    pictures = tuple(np.full((36, 48, 3), shade + number, dtype=np.uint8) for number in range(frames))
    poses = tuple(Pose(np.array([0.5, 0.0, 0.01 * number]), quat_from_yaw(0.7)) for number in range(frames))
    right = scene.mass_properties.centre[None]
    return Shot("someone on bar", Take(episode, pictures, poses, 1, 2), right, np.array([x, 0.0, HEIGHT / 2]), "off")


def count(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """Pixels of exactly that colour."""
    return int((picture == colour).all(axis=-1).sum())


def many_greys(picture: np.ndarray) -> list[int]:
    """Shades of grey between those of letters and paper that many pixels have."""
    counts = np.bincount(picture[..., 0][np.ptp(picture, axis=-1) == 0], minlength=256)
    return [shade for shade in range(40, 130) if counts[shade] > 1000]


@pytest.mark.parametrize("panels, columns, rows", [(1, 1, 1), (2, 2, 1), (3, 3, 1), (4, 2, 2), (5, 3, 2), (7, 3, 3)])
def test_each_strategy_has_a_panel(panels: int, columns: int, rows: int) -> None:
    attempts = tuple(shot(3, shade=40 + 20 * number) for number in range(panels))
    screen = Screen.of(bar_scene(), (), attempts)
    (first, *_, last), size = screen.frames(GIF_WIDTH), None
    # The picture's grey is nowhere else: its box is the panel's picture.
    boxes = []
    for number in range(panels):
        down, right = np.nonzero((first == 40 + 20 * number).all(axis=-1))
        boxes.append((right.min(), down.min(), right.max() + 1 - right.min(), down.max() + 1 - down.min()))
    (size,) = {box[2:] for box in boxes}
    assert size[1] == round(size[0] * 3 / 4) and size[0] <= 320
    assert len({box[0] for box in boxes}) == columns and len({box[1] for box in boxes}) == rows
    assert (
        first.shape[1] <= GIF_WIDTH and first.shape == last.shape and not (first.shape[0] % 16 or first.shape[1] % 16)
    )
    assert all(frame.shape[1] <= MP4_WIDTH for frame in screen.frames())


def test_demonstrations_come_first_and_the_verdict_when_all_is_over() -> None:
    shown, fails, holds = shot(4, shade=40), shot(6, success=False, shade=80), shot(5, shade=120)
    screen = Screen.of(bar_scene(), (shown, shown), (fails, holds))
    frames = screen.frames(GIF_WIDTH)
    begin = 2 * (4 + PAUSE)
    assert len(frames) == screen.length == begin + 6
    greys = [many_greys(frame) for frame in frames]
    # The first panel runs twice, and stays at its end; the others wait, run together and stay at theirs.
    once = [40, 41, 42, 43] + [43] * PAUSE
    assert [panel[0] for panel in greys] == once + once + [43] * 6
    assert [panel[1:] for panel in greys[:begin]] == [[80, 120]] * begin
    assert [panel[1:] for panel in greys[begin:]] == [[80 + k, 120 + min(k, 4)] for k in range(6)]
    # One picture is framed from the end of the first demonstration on, of the others each at its own end.
    assert count(frames[2], GOOD) == 0 < count(frames[4], GOOD) and count(frames[begin - 1], BAD) == 0
    assert count(frames[begin + 4], GOOD) > 1.5 * count(frames[begin], GOOD) and count(frames[begin + 4], BAD) == 0
    assert count(frames[-1], BAD) > 500


def test_the_legend_has_the_colours_and_the_ratio() -> None:
    legend = legend_of(bar_scene(ratio=4.0))
    said = " ".join(entry.words for entry in legend)
    assert said == "Wanted: held level. red is 4 times as dense as blue true balance point chosen place"
    part = legend_of(bar_scene(intention="part", part_colour="blue"))
    assert part[0].words == "Wanted: held by the outer end of blue." and part[-2].words == "outer end of blue"
    three = densities(Task("training", 0, {"red": 1.0, "white": 7.96, "cyan": 2.5}, "balance", None))
    assert " ".join(entry.words for entry in three) == "white 8 times, cyan 2.5 times as dense as red"
    assert densities(Task("training", 0, {"red": 1.0}, "balance", None)) == ()
    for frame in Screen.of(bar_scene(), (), (shot(2),)).frames(GIF_WIDTH):
        assert min(count(frame, paint("red")), count(frame, paint("blue"))) > 50


@pytest.mark.parametrize("x", [-0.08, 0.0, 0.1])
def test_marks_are_where_the_camera_sees_the_place(x: float) -> None:
    size, one = PanelSize(320), shot(3, x=x)
    for number in range(3):
        panel = np.asarray(draw_panel(one, number, size, judged=False)).astype(int)
        near = np.abs(panel - CHOSEN).max(axis=-1) < 40
        down, right = np.nonzero(near)
        expected = place_in_panel(one.chosen, one.take.poses[number], size)
        assert (right.mean(), down.mean()) == pytest.approx(expected, abs=1.5)


def test_a_place_outside_the_picture_has_no_mark() -> None:
    panel = np.asarray(draw_panel(shot(1, x=3.0), 0, PanelSize(320), judged=False)).astype(int)
    assert not (np.abs(panel - CHOSEN).max(axis=-1) < 40).any()


def test_the_projection_is_the_cameras() -> None:
    env = FilmEnv(320)
    try:
        env.reset(seed=2, options={"scene": bar_scene(ratio=1.0)})
        picture, pose = env.render().astype(int), env.object_to_world
    finally:
        env.close()
    view = pybullet.computeViewMatrix(EYE_IN_WORLD, TARGET_IN_WORLD, [0, 0, 1])
    lens = pybullet.computeProjectionMatrixFOV(CLOSE_UP, 4 / 3, 0.05, 4.0)
    to_clip = np.reshape(lens, (4, 4)).T @ np.reshape(view, (4, 4)).T
    for x, channel in ((-0.06, 0), (0.06, 2)):
        point = pose.apply(np.array([x, 0.0, HEIGHT]))
        right, down = places_in_close_up(point, 320)
        clip = to_clip @ [*point, 1.0]
        assert (right, down) == pytest.approx(((clip[0] / clip[3] + 1) * 160, (1 - clip[1] / clip[3]) * 120), abs=0.01)
        # A place on the red or blue part is seen on red or blue.
        assert picture[round(down), round(right)].argmax() == channel


@pytest.mark.parametrize("ending", ["gif", "mp4"])
def test_a_film_is_read_back_with_its_signs(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film.{ending}"
    screen = Screen.of(bar_scene(), (shot(4),), (shot(5, success=False), shot(5)))
    write_screen(path, screen)
    if ending == "mp4":
        import imageio_ffmpeg

        reader = imageio_ffmpeg.read_frames(str(path))
        width, height = next(reader)["size"]
        pictures = [np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader]
        assert len(pictures) > screen.length and width == screen.frames()[0].shape[1]
        last, slack = pictures[-1].astype(int), 40
    else:
        with Image.open(path) as film:
            assert film.n_frames > 5 and film.width == screen.frames(GIF_WIDTH)[0].shape[1]
            film.seek(film.n_frames - 1)
            last, slack = np.asarray(film.convert("RGB")).astype(int), 0
        assert path.stat().st_size < SCREEN_BYTES
    for colour in (GOOD, BAD, paint("red"), paint("blue")):
        assert (np.abs(last - colour).max(axis=-1) <= slack).sum() > 40, colour


def test_a_film_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="no frames to write"):
        write_film(tmp_path / "none.mp4", [])


def test_long_words_are_made_to_fit() -> None:
    text, letters = fitted("a-strategy-with-a-very-long-name+scripted-controller on a racket", 120, 13)
    assert text.endswith("…") and letters.getlength(text) <= 120
    text, letters = fitted("maml", 120, 13)
    assert (text, letters.size) == ("maml", 13)
