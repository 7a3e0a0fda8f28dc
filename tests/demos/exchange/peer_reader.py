"""Run by an interpreter that has LeRobot, robomimic and Minari: loads a dataset by the library it was exported for.

Usage: python peer_reader.py FORMAT PLACE OUT. Writes what the library gives of the first episode into OUT (.npz), and
prints counts, task text and success as JSON.
"""

import json
import os
import sys

import numpy as np


def lerobot(place):
    import torch

    # The registry's torchvision is built for a GPU, and beside a torch without one it finds none of its own operators;
    # at import it asks for this one's name.
    torch.library.define("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    data = LeRobotDataset("robo_meta/test", root=place, video_backend="pyav")
    row = data.meta.episodes[0]
    frames = [data[number] for number in range(row["dataset_from_index"], row["dataset_to_index"])]
    arrays = {
        "state": torch.stack([one["observation.state"] for one in frames]),
        "points": torch.stack([one["observation.points"] for one in frames]),
        "actions": torch.stack([one["action"] for one in frames]),
        "labels": torch.stack([one["label"] for one in frames]),
        "rewards": torch.stack([one["next.reward"] for one in frames]),
    }
    for key in data.meta.features:
        if key.startswith("observation.images."):
            arrays[key.rpartition(".")[2]] = torch.stack([one[key] for one in frames])
        if key.startswith("observation.depth."):
            arrays[f"{key.rpartition('.')[2]}_depth"] = torch.stack([one[key] for one in frames])
    told = {
        "episodes": data.num_episodes,
        "frames": len(data),
        "task": frames[0]["task"],
        "success": bool(frames[-1]["next.success"]),
        "successes": sum(bool(value) for value in data.hf_dataset["next.success"]),
        "fps": data.fps,
        "action_std": data.meta.stats["action"]["std"].tolist(),
        "record": row["robo_meta"],
    }
    # Its loader serves batches, across episodes, with a window of actions.
    window = LeRobotDataset(
        "robo_meta/test", root=place, delta_timestamps={"action": [0.0, 0.1, 0.2]}, video_backend="pyav"
    )
    batch = next(iter(torch.utils.data.DataLoader(window, batch_size=4)))
    told["batch"] = [list(batch["observation.state"].shape), list(batch["action"].shape)]
    return told, {name: value.numpy() for name, value in arrays.items()}


def robomimic(place):
    import h5py
    import robomimic.utils.obs_utils as obs_utils
    from robomimic.utils.dataset import SequenceDataset

    with h5py.File(place) as file:
        keys = sorted(file["data/demo_0/obs"])
        attributes, environment = dict(file["data/demo_0"].attrs), json.loads(file["data"].attrs["env_args"])
    pictures = [key for key in keys if key.endswith("_image")]
    depths = [key for key in keys if key.endswith("_depth")]
    numbers = [key for key in keys if key not in (*pictures, *depths)]
    obs_utils.initialize_obs_utils_with_obs_specs(
        {"obs": {"low_dim": numbers, "rgb": pictures, "depth": depths, "scan": []}}
    )
    data = SequenceDataset(place, keys, ("actions", "rewards", "dones", "labels"), hdf5_cache_mode="low_dim")
    steps = data._demo_id_to_demo_length["demo_0"]
    rows = [data[number] for number in range(steps)]
    successes = SequenceDataset(place, keys, ("actions",), filter_by_attribute="success").n_demos
    told = {
        "episodes": data.n_demos,
        "frames": len(data),
        "task": attributes["task"],
        "success": bool(attributes["success"]),
        "successes": successes,
        "environment": environment["env_name"],
        "record": attributes["robo_meta"],
    }
    arrays = {name: np.concatenate([row[name] for row in rows]) for name in ("actions", "labels", "rewards")}
    arrays |= {key.removesuffix("_image"): np.concatenate([row["obs"][key] for row in rows]) for key in keys}
    arrays["last"] = rows[-1]["next_obs"]["state"]
    return told, arrays


def minari(place):
    root, _, name = place.partition("/robo_meta/")
    os.environ["MINARI_DATASETS_PATH"] = root
    import minari as library

    data = library.load_dataset(f"robo_meta/{name}")
    first = data[0]
    metadata = list(data.storage.get_episode_metadata(range(data.total_episodes)))
    told = {
        "episodes": data.total_episodes,
        "frames": int(data.total_steps),
        "task": metadata[0]["task"],
        "success": bool(metadata[0]["success"]),
        "successes": sum(bool(one["success"]) for one in metadata),
        "environment": data.env_spec.id,
        "ended": [bool(first.terminations[-1]), bool(first.truncations[-1])],
        "contained": bool(data.action_space.contains(first.actions[0])),
        "sampled": len(data.sample_episodes(2)),
        "local": sorted(library.list_local_datasets()),
        "record": metadata[0]["robo_meta"],
    }
    arrays = {"actions": first.actions, "rewards": first.rewards, "labels": first.infos["label"]}
    return told, arrays | dict(first.observations)


if __name__ == "__main__":
    told, arrays = {"lerobot": lerobot, "robomimic": robomimic, "minari": minari}[sys.argv[1]](sys.argv[2])
    np.savez(sys.argv[3], **arrays)
    print(json.dumps(told))
