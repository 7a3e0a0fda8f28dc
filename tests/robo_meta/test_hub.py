"""Policies as folders for a model hub."""

import importlib.util
import sys

import numpy as np
import pytest

import robo_meta
from robo_meta.api.arguments import ApiError
from robo_meta.cli.exit_status import exit_status


def test_a_policy_comes_back_from_its_folder(tmp_path) -> None:
    shipped = robo_meta.load_checkpoint()
    folder = robo_meta.save_pretrained(tmp_path / "policy", shipped, licence="apache-2.0")
    back = robo_meta.from_pretrained(folder)
    assert back.card == shipped.card
    for part, values in shipped.parts.items():
        assert all(bool((values[name] == back.part(part)[name]).all()) for name in values)
    card = (folder / "README.md").read_text()
    assert card.startswith("---\n") and "license: apache-2.0" in card.split("---")[1]
    assert all(f"| `{part}` |" in card for part in shipped.parts)


def test_bad_places_are_bad_input(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ApiError, match="is a file; expected a folder"):
        robo_meta.save_pretrained(tmp_path / "file")
    with pytest.raises(ApiError, match="no such folder; expected one that save_pretrained wrote"):
        robo_meta.from_pretrained(tmp_path / "none" / "at" / "all")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ApiError, match="from the hub it takes: pip install huggingface_hub") as told:
        robo_meta.from_pretrained("somebody/policy")
    assert exit_status(told.value) == 2


def test_the_environment_file_makes_what_lerobot_asks_for(tmp_path) -> None:
    folder = robo_meta.save_pretrained(tmp_path / "policy")
    spec = importlib.util.spec_from_file_location("hub_env", folder / "env.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    env = module.make_env(n_envs=1, use_async_envs=False, cameras=("wrist",))["robo_meta"][0]
    observation, _ = env.reset(seed=[3])
    alone = robo_meta.make_env(split="validation")
    expected, _ = alone.reset(seed=3)
    assert np.array_equal(observation["agent_pos"][0], expected["state"])
    assert observation["pixels"]["wrist"].shape == (1, 240, 320, 3) and observation["pixels"]["wrist"].std() > 5
    assert env.call("task_description")[0].startswith(("balance the ", "hold the "))
    env.step(env.action_space.sample())
    env.close()
    alone.close()
