"""LeRobot's dataset format, v3.0: parquet tables, videos, JSON. Needs pyarrow.

What has no place in it lies in `meta/robo_meta.json` (what all episodes share), in the columns `robo_meta` (an
episode's record) and `robo_meta_last_state` of `meta/episodes` (LeRobot keeps T of an episode's T+1 states), and in
`meta/robo_meta/planned`.
"""
