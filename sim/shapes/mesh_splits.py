"""Which meshes are for training, for choices and for testing only: written down before the first experiment on them.

The rule by which the 47 meshes of `shared/objects` were divided, on 27 November 2026, before any of them was tried:
those whose licence forbids shipping, and `random-881` and `random-883`, which lie in the range of validation, are for
validation; of the others, in the order of their names, every fourth from the first on. Split by object, never by view.
"""

from __future__ import annotations

from sim.records import FrozenMapping

MESH_SPLITS: FrozenMapping[str, tuple[str, ...]] = FrozenMapping(
    {
        "validation-meshes": (
            *("assistive-spoon", "conditioner", "contactdb-flashlight", "contactdb-knife", "contactdb-toothbrush"),
            *("correction-fluid", "flat-screwdriver", "knife", "mini-claw-hammer-1", "power-drill", "random-654"),
            *("random-881", "random-883", "random-969", "remote-controller-1", "repellent", "shampoo", "stapler-2"),
            *("toothpaste-1", "trimesh-fuze"),
        ),
        "real-objects": (
            *("bleach-cleanser", "contactdb-airplane", "contactdb-eyeglasses", "contactdb-flute"),
            *("contactdb-fryingpan", "contactdb-hammer", "contactdb-phone", "contactdb-scissors", "contactdb-stapler"),
            *("contactdb-waterbottle", "contactdb-wineglass", "extra-large-clamp", "fork", "gazebo-cordless-drill"),
            *("gazebo-hammer", "large-marker", "metaworld-hammer", "plastic-banana", "random-148", "random-357"),
            *("random-606", "random-707", "random-755", "random-798", "scissors", "spoon", "sugar-box"),
        ),
    }
)
"""Split → names of its meshes. `validation-meshes` are for every choice, `real-objects` for none whatever."""
NEVER_TRAINED = (148, 357)
"""Numbers of `random_urdfs` inside the ranges of training that are test objects."""
TRAINING_URDFS = tuple(number for number in (*range(100, 400), *range(500, 600)) if number not in NEVER_TRAINED)
"""Numbers of the meshes of `random_urdfs`, installed with PyBullet, that may be trained on. No scan is trained on."""
VALIDATION_URDFS = tuple(range(800, 900))
"""Numbers of the meshes of `random_urdfs` that choices may be made on."""
CURVED_IDS = range(1000)
"""Numbers of the generated curved objects (`robo_meta.objects.curved`)."""
TRAINING_CURVED = tuple(CURVED_IDS[:800])
"""Those that may be trained on."""
VALIDATION_CURVED = tuple(CURVED_IDS[800:])
"""Those that choices may be made on."""
