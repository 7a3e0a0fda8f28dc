"""Where things lie in a LeRobot dataset, and what its features are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from demos.demo import POINT_SIZE
from demos.exchange.meaning import ACTION_NAMES
from sim.episode.action import CONTROL_HZ
from sim.episode.observation import STATE_FIELDS
from sim.sensing import POINT_COUNT

FORMAT_VERSION = "v3.0"
INFO, STATS, TASKS = "meta/info.json", "meta/stats.json", "meta/tasks.parquet"
HEADER, PLANNED = "meta/robo_meta.json", "meta/robo_meta/planned"
FILE = "chunk-{chunk_index:03d}/file-{file_index:03d}"
DATA, VIDEO = f"data/{FILE}.parquet", f"videos/{{video_key}}/{FILE}.mp4"
EPISODES = "meta/episodes/chunk-000/file-000.parquet"
STATE, POINTS, ACTION, LABEL = "observation.state", "observation.points", "action", "label"
REWARD, DONE, SUCCESS = "next.reward", "next.done", "next.success"
RECORD, LAST_STATE = "robo_meta", "robo_meta_last_state"
"""Columns of `meta/episodes`: an episode's record (JSON), and its state after the last action."""


def image_key(camera: str) -> str:
    """Feature of a camera's video."""
    return f"observation.images.{camera}"


def depth_key(camera: str) -> str:
    """Feature of a camera's depth, mm."""
    return f"observation.depth.{camera}"


def features(cameras: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """LeRobot's table of features.

    Args:
        cameras: name → `height`, `width`, `depth`.
    """
    table = {
        STATE: _feature("float32", [len(STATE_FIELDS)], list(STATE_FIELDS)),
        POINTS: _feature("float32", [POINT_COUNT, POINT_SIZE], ["point", "x_y_z_r_g_b"]),
        ACTION: _feature("float32", [len(ACTION_NAMES)], list(ACTION_NAMES)),
        LABEL: _feature("float32", [len(ACTION_NAMES)], list(ACTION_NAMES)),
        REWARD: _feature("float32", [1]),
        DONE: _feature("bool", [1]),
        SUCCESS: _feature("bool", [1]),
    }
    for camera, size in cameras.items():
        table[image_key(camera)] = _video(size["height"], size["width"])
        if size["depth"]:
            table[depth_key(camera)] = _feature("uint16", [size["height"], size["width"]], ["height", "width"])
    for name in ("timestamp", "frame_index", "episode_index", "index", "task_index"):
        table[name] = _feature("float32" if name == "timestamp" else "int64", [1])
    return table


def info(cameras: Mapping[str, Mapping[str, Any]], episodes: int, frames: int, tasks: int) -> dict[str, Any]:
    """Content of `meta/info.json`."""
    return {
        "codebase_version": FORMAT_VERSION,
        "robot_type": "franka_panda",
        "total_episodes": episodes,
        "total_frames": frames,
        "total_tasks": tasks,
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 200,
        "fps": CONTROL_HZ,
        "splits": {"train": f"0:{episodes}"},
        "data_path": DATA,
        "video_path": VIDEO if cameras else None,
        "features": features(cameras),
    }


def _feature(dtype: str, shape: list[int], names: list[str] | None = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "names": names, "fps": CONTROL_HZ}


def _video(height: int, width: int) -> dict[str, Any]:
    told = {
        "video.height": height,
        "video.width": width,
        "video.codec": "h264",
        "video.pix_fmt": "yuv420p",
        "video.is_depth_map": False,
        "video.fps": CONTROL_HZ,
        "video.channels": 3,
        "has_audio": False,
    }
    return {"dtype": "video", "shape": [height, width, 3], "names": ["height", "width", "channels"], "info": told}
