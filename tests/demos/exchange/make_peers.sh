#!/usr/bin/env bash
# An environment with LeRobot, robomimic and Minari, for the tests marked `peers`. Usage: make_peers.sh DIR
#
# LeRobot and robomimic ask for an older torch, and their torchvision for one built for a GPU, gigabytes of it: of them
# only what reads datasets is used, which runs with the torch without.
set -euo pipefail
folder="$1"
python3 -m venv "$folder"
pip="$folder/bin/pip"
"$pip" install --quiet "torch==2.13.0"
"$pip" install --quiet --no-deps "lerobot==0.4.4" "torchvision==0.24.1" "robomimic==0.3.0" "accelerate>=1.10,<2"
"$pip" install --quiet "minari[hdf5]==0.5.4" pillow \
    "datasets>=4,<5" "huggingface-hub>=0.34,<0.36" "av>=15,<16" "jsonlines>=4" "draccus==0.10.0" "deepdiff<9" \
    "gymnasium>=1.1.1" "packaging<26" "safetensors" "termcolor<4" "pandas" "psutil" "tqdm" "tensorboardX" "pyserial" "einops>=0.8"
# Our own environment, which LeRobot makes through the file that its EnvHub asks for.
"$pip" install --quiet "pybullet>=3.2.6" "shapely>=2.0.4" "numba>=0.61" "filelock>=3.12"
echo "$folder/bin/python"
