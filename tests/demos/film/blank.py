"""An environment whose pictures take no time, for films of which only the drawing over them is looked at."""

import numpy as np

from sim.env import GraspEnv


class BlankPictures(GraspEnv):
    """Plays as the environment does; a picture is one grey, lighter from one to the next."""

    def __init__(self) -> None:
        super().__init__(render_mode="rgb_array")
        self.shot = 0

    def render(self) -> np.ndarray:
        self.shot += 1
        return np.full((12, 16, 3), 60 + self.shot % 60, dtype=np.uint8)
