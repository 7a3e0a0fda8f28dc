"""Named shape families, shipped and one's own, and the splits that draw from them.

Shipped families are rows of one table, and the objects of the split `real-objects`. A family of one's own gets in by
`register_family`, by an entry point of the group `robo_meta.families`, or by a reference `module:attribute` to a
`Family` in an importable module.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint
from types import ModuleType

from sim.errors import InputError, did_you_mean
from sim.objects.meshes import MeshShape
from sim.shapes import held_out_families, training_families
from sim.shapes.family import Draw, Family, FamilyError, UnknownFamily, UnknownSplit
from sim.shapes.mesh_family import MeshFamily
from sim.shapes.module_families import families_in, family_at
from sim.shapes.plugins import PluginError, entry_point_text, installed_entry_points, load_entry_point, module_at
from sim.shapes.real_objects import loading as real_objects
from sim.shapes.splits import SHIPPED_SPLITS

_ROWS = (
    # Training: shafts with a head at one end, at both ends, in the middle or to one side.
    Family("bar", "training", training_families.bar, "straight bar of two or three blocks"),
    Family("hammer", "training", training_families.hammer, "cross-wise head on a two-piece handle"),
    Family("spoon", "training", training_families.spoon, "round bowl on a long handle"),
    Family("dumbbell", "training", training_families.dumbbell, "weights at both ends of a rod"),
    Family("tee", "training", training_families.tee, "long cross-bar on a stem"),
    Family("ell", "training", training_families.ell, "long leg with a foot to one side"),
    Family("cross", "training", training_families.cross, "shaft with arms on both sides of it"),
    Family("key", "training", training_families.key, "round bow, shaft, and a bit to one side"),
    Family("zigzag", "training", training_families.zigzag, "slanted bars joined end to end"),
    Family("stepped-bar", "training", training_families.stepped_bar, "bar in steps of width and height"),
    Family("comb", "training", training_families.comb, "spine with two teeth to one side"),
    Family("paddle", "training", training_families.paddle, "rectangular blade on a shaft"),
    Family("pan", "training", training_families.pan, "wide disc with a handle and a lug opposite"),
    Family("club", "training", training_families.club, "shaft that widens to a round end"),
    Family("trowel", "training", training_families.trowel, "pointed blade on a handle"),
    Family("chisel", "training", training_families.chisel, "handle with a butt and a blade that widens"),
    Family("cleaver", "training", training_families.cleaver, "leaning blade to one side of a handle"),
    Family("pick", "training", training_families.pick, "cross-wise head with pointed arms on a handle"),
    Family("nail", "training", training_families.nail, "block head, shaft and point"),
    # Training: random quadrilaterals on a shaft.
    Family("shard", "training", training_families.shard, "irregular plate at one end of a shaft"),
    Family("splint", "training", training_families.splint, "irregular plates at both ends of a shaft"),
    Family("thorn", "training", training_families.thorn, "irregular limb to one side of a shaft"),
    Family("twig", "training", training_families.twig, "irregular limbs to both sides of a shaft"),
    # Validation: choices made during development are judged on these.
    Family("mallet", "validation", held_out_families.mallet, "block head and a pommel on a handle"),
    Family("wedge", "validation", held_out_families.wedge, "bar that tapers from end to end"),
    Family("arrow", "validation", held_out_families.arrow, "shaft with a pointed head and a fletch"),
    Family("flag", "validation", held_out_families.flag, "pole with a flag to one side of its top"),
    Family("anchor", "validation", held_out_families.anchor, "shaft with two arms slanting back from its foot"),
    # Unseen families: for testing only.
    Family("axe", "unseen-families", held_out_families.axe, "flared blade to one side of a handle"),
    Family("wrench", "unseen-families", held_out_families.wrench, "shank with a hexagonal and an open end"),
    Family("racket", "unseen-families", held_out_families.racket, "wide round head, throat and grip"),
    Family("hook", "unseen-families", held_out_families.hook, "shaft with a foot that bends back"),
    Family("shovel", "unseen-families", held_out_families.shovel, "flared blade, shaft and a cross-wise grip"),
    Family("sword", "unseen-families", held_out_families.sword, "grip, cross-guard, blade and point"),
    Family("bottle", "unseen-families", held_out_families.bottle, "body, shoulder and neck"),
    Family("crank", "unseen-families", held_out_families.crank, "two parallel bars, overlapping side by side"),
    Family("wishbone", "unseen-families", held_out_families.wishbone, "stem that forks into two slanted arms"),
    Family("girder", "unseen-families", held_out_families.girder, "cross-bars at both ends of a web"),
)

FAMILIES: dict[str, Family] = {family.name: family for family in _ROWS}
"""Every shipped family of prisms by name."""
SPLITS = tuple(SHIPPED_SPLITS)
"""The shipped splits of prisms."""
ALL_SPLITS = (*SPLITS, real_objects.SPLIT)
"""Every shipped split."""
ENTRY_POINTS = "robo_meta.families"
"""Entry-point group: each entry names a `Family`, or a module that calls `register_family` when it is imported."""
AnyFamily = Family | MeshFamily
"""A distribution over layouts of prisms, or an imported object."""
_OWN: dict[str, AnyFamily] = {}
"""Registered families of this process by name."""
_LOADED: set[EntryPoint] = set()
"""Entry points that are registered already."""


def register_family(name: str, draw: Draw, description: str, *, group: str) -> Family:
    """Register a family of one's own under `name`, for this process and the worker processes that it starts.

    For the command line, name the family `module:attribute`, or offer it as an entry point of an installed package.

    Args:
        name: lower-case words with hyphens, not taken yet.
        draw: (random generator, number of slots) → pieces of a layout; see `sim.shapes.family.Draw`.
        description: one line for `robo-meta objects`.
        group: split of one's own, as `evaluate --split` takes it. Shipped splits are frozen.

    Returns:
        The family. Assign it to a name of the module, and `module:NAME` refers to it.

    Raises:
        FamilyError: a name that is taken or malformed, a shipped group, an empty description, no function.

    Example:
        >>> from sim.shapes.pieces import box, in_slots
        >>> def plank(rng, slots):
        ...     length, joint = rng.uniform(0.2, 0.34), rng.uniform(0.4, 0.6)
        ...     pieces = [box(0, joint * length, 0.03, 0.02), box(joint * length, length, 0.03, 0.035)]
        ...     return in_slots(pieces, (0, 1))
        >>> register_family("plank", plank, "two blocks end to end", group="planks").name
        'plank'
        >>> families_of("planks")
        ('plank',)
        >>> unregister_family("plank")
    """
    family = Family(name, group, draw, description)
    _add(family)
    return family


def register_meshes(shapes: Iterable[MeshShape], *, group: str, library: str = "") -> tuple[MeshFamily, ...]:
    """Register imported objects as the families `group-NAME` of a split of their own, in place of an earlier `group`.

    Args:
        shapes: as `robo_meta.objects.library.read_library` gives them.
        group: name of the split: lower-case words with hyphens.
        library: checksum of the library that they come from.

    Raises:
        FamilyError: a shipped group, a group of other families, or a name that is taken.
    """
    found = tuple(MeshFamily(f"{group}-{shape.name}", group, shape, library) for shape in shapes)
    same = {name for name, family in _OWN.items() if family.group == group}
    if any(not isinstance(_OWN[name], MeshFamily) for name in same):
        raise FamilyError(f"group {group!r} has families of another kind; name another")
    before = dict(_OWN)
    try:
        for name in same:
            del _OWN[name]
        for family in found:
            _add(family)
    except InputError:
        _OWN.clear()
        _OWN.update(before)
        raise
    return found


def unregister_family(name: str) -> None:
    """Forget a registered family, e.g. to register an edited one in a notebook.

    Raises:
        UnknownFamily: no registered family of that name.

    Example:
        >>> from sim.shapes.pieces import box
        >>> _ = register_family("brick", lambda rng, slots: (box(0, 0.2, 0.03, 0.02),), "one block", group="bricks")
        >>> unregister_family("brick")
        >>> "brick" in all_families()
        False
    """
    if name not in _OWN:
        raise UnknownFamily(f"family {name!r} is not registered{did_you_mean(name, _OWN) if _OWN else ''}")
    del _OWN[name]


def all_families() -> dict[str, AnyFamily]:
    """Every family by name: the shipped ones, then the registered ones in order of registration.

    Raises:
        sim.shapes.mesh_file.MeshFileError: the shipped objects can't be read.
        sim.shapes.plugins.PluginError: an installed package's entry point can't be loaded.
    """
    return {**FAMILIES, **real_objects.real_families(), **_own_families()}


def family_named(name: str) -> AnyFamily:
    """The family called `name`: shipped, registered, or at `module:attribute`.

    Raises:
        UnknownFamily: no such family.
        sim.shapes.mesh_file.MeshFileError: it is a shipped object, and they can't be read.
        sim.shapes.plugins.PluginError: a reference or an entry point that can't be loaded.
    """
    if name in FAMILIES:
        return FAMILIES[name]
    if name in real_objects.FAMILIES:
        return real_objects.real_families()[name]
    if ":" in name:
        return family_at(name)
    own = _own_families()
    if name not in own:
        hint = did_you_mean(name, (*FAMILIES, *real_objects.FAMILIES, *own))
        raise UnknownFamily(f"unknown family {name!r}{hint} (see `robo-meta objects`)")
    return own[name]


def splits() -> tuple[str, ...]:
    """The shipped splits, then the groups of registered families."""
    return tuple(dict.fromkeys((*ALL_SPLITS, *(family.group for family in _own_families().values()))))


def families_of(split: str) -> tuple[str, ...]:
    """Names of the families that objects of `split` are drawn from.

    A shipped split's are frozen (`sim.shapes.splits`). A group of one's own has its families in order of registration;
    `module:group` has the families of that group in a module, in order of definition.

    Raises:
        UnknownSplit: no such split.
        sim.shapes.mesh_file.MeshFileError: the shipped objects can't be read.
        sim.shapes.plugins.PluginError: a reference or an entry point that can't be loaded.
    """
    if split in SHIPPED_SPLITS:
        return SHIPPED_SPLITS[split]
    if split == real_objects.SPLIT:
        return real_objects.real_names()
    module, colon, group = split.partition(":")
    if colon:
        found = families_in(module_at(module, split), group)
        if not found:
            raise UnknownSplit(f"split {split!r}: module {module!r} has no family of group {group!r}")
        return found
    own = tuple(name for name, family in _own_families().items() if family.group == split)
    if not own:
        raise UnknownSplit(f"unknown split {split!r}{did_you_mean(split, splits())}")
    return own


def families_for(split: str, intention: str) -> tuple[str, ...]:
    """Names of the families of `split` whose objects serve for `intention`: all but imported objects refused for it.

    Raises:
        UnknownSplit: no such split.
    """
    return serving(families_of(split), intention)


def serving(names: Iterable[str], intention: str) -> tuple[str, ...]:
    """Those of the families called `names` whose objects serve for `intention`."""
    named = {name: family_named(name) for name in names}
    return tuple(name for name, f in named.items() if not isinstance(f, MeshFamily) or f.serves(intention))


def numbered_families(own: Iterable[str]) -> tuple[str, ...]:
    """The order by which files number families: the shipped ones, then those of `own` that are not shipped."""
    return tuple(dict.fromkeys((*FAMILIES, *own)))


def packed_families() -> bytes:
    """The families that were registered in this process, for its worker processes and nothing else."""
    if not _OWN:
        return b""
    import cloudpickle

    return cloudpickle.dumps(tuple(_OWN.values()))


def unpack_families(packed: bytes) -> None:
    """Register what `packed_families` of the parent process gave, where it is not known already."""
    if packed:
        import cloudpickle

        _OWN.update({family.name: family for family in cloudpickle.loads(packed) if family.name not in _OWN})


def _add(family: AnyFamily) -> None:
    if family.group in (*ALL_SPLITS, *(shipped.group for shipped in FAMILIES.values())):
        raise FamilyError(f"family {family.name!r}: group {family.group!r} is shipped and frozen; name one of your own")
    if ":" in family.name or ":" in family.group:
        raise FamilyError(f"family {family.name!r} of group {family.group!r}; expected names without ':' to register")
    if family.name in FAMILIES or family.name in _OWN or family.name in real_objects.FAMILIES:
        raise FamilyError(f"family {family.name!r} exists already; choose another name")
    _OWN[family.name] = family


def _own_families() -> dict[str, AnyFamily]:
    """The registered families; those of entry points are registered at the first call."""
    for point in installed_entry_points(ENTRY_POINTS):
        if point in _LOADED:
            continue
        before = dict(_OWN)
        try:
            _register_entry_point(point)
        except InputError:
            # What a broken module registered before it failed goes, so that the next call meets the same error.
            _OWN.clear()
            _OWN.update(before)
            raise
        _LOADED.add(point)
    return _OWN


def _register_entry_point(point: EntryPoint) -> None:
    found = load_entry_point(point)
    if isinstance(found, Family):
        # The module may have registered it itself.
        if _OWN.get(found.name) != found:
            try:
                _add(found)
            except FamilyError as error:
                raise PluginError(f"{entry_point_text(point)}: {error}") from error
    elif not isinstance(found, ModuleType):
        kind = type(found).__name__
        raise PluginError(f"{entry_point_text(point)} is a {kind}; expected a Family or a module that registers some")
