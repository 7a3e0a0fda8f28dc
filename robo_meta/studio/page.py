"""The page: buttons, keys and a drag handle that give commands, and the session's views shown in words and in 3D."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from robo_meta.studio.camera import APART, Cameras
from robo_meta.studio.choice import OBJECTS, TASKS
from robo_meta.studio.drawing import StageDrawing, WeighingDrawing
from robo_meta.studio.hand import SPACE
from robo_meta.studio.keys import DEEDS, MOVES, nudge
from robo_meta.studio.view import MOVING, View, Weighing
from robo_meta.studio.wording import advice_text, status_text, trials_text, weighing_text
from sim.shapes.families import families_for, families_of, family_named, splits
from sim.tasks.scenes import CARRIERS, INTENTIONS, TRANSFERS

if TYPE_CHECKING:  # an extra
    import viser

Put = Callable[[Any], bool]
DRAWN = "(drawn)"
NONE = "(none)"
AXES = (("x", 50.0, "away from the arm"), ("y", 0.0, "to the arm's left"), ("z", 27.0, "above the table"))
"""Axis, cm to begin with, and its direction; each a field of its own, as viser names but the first of a vector's."""
BRAND = (7, 53, 95)
"""RGB that viser makes the colour of what can be pressed from: its own blue is too pale on white, as are the names of
its fields."""
STYLE = "<style>label {color: #495057 !important}</style>"


class Page:
    """What every browser shows that visits the server; all of them show the same.

    Args:
        server: of viser.
        strategies: that can be adapted and watched.
        group: split of a library to begin with; None begins with the training families.
    """

    def __init__(self, server: viser.ViserServer, strategies: Sequence[str], group: str | None = None) -> None:
        self._server, self._strategies = server, tuple(strategies)
        self._put: Put = lambda message: False
        self._stages: list[StageDrawing] = []
        self._weighing = WeighingDrawing(server)
        self._weighed: Weighing | None = None
        self._seen = View()
        self._dragging: set[int] = set()
        server.gui.configure_theme(show_logo=False, show_share_button=False, control_width="medium", brand_color=BRAND)
        server.gui.add_html(STYLE)
        server.scene.set_up_direction("+z")
        # Shadows take most of the time of browsers that draw without a graphics card.
        server.scene.configure_default_lights(enabled=True, cast_shadow=False)
        self._cameras = Cameras(server)
        self._status = server.gui.add_markdown("")
        tabs = server.gui.add_tab_group()
        with tabs.add_tab("Scene"):
            self._scene_tab(group or "training")
        with tabs.add_tab("Hand"):
            self._hand_tab()
        with tabs.add_tab("Strategies"):
            self._strategies_tab()
        self._handle = server.scene.add_transform_controls(
            "/target", scale=0.18, disable_rotations=True, depth_test=False, visible=False
        )
        self._handle.on_update(self._drag)
        self._keys()

    def connect(self, put: Put) -> None:
        """Where commands go from now on."""
        self._put = put

    def show(self, view: View) -> None:
        """Show a view; only what changed is sent."""
        before, self._seen = self._seen, view
        with self._server.atomic():
            self._set(self._status, status_text(view))
            if view.stages is not before.stages:
                self._draw(view)
            # Copies of the scene stand where the weighed points would.
            weighed = view.weighing if len(view.stages) < 2 else None
            if weighed is not self._weighed:
                self._weighed = weighed
                self._weighing.draw(weighed)
            self._set(self._weighed_text, weighing_text(view.weighing))
            self._set(self._trials_text, trials_text(view.trials))
            self._set(self._advice_text, advice_text(view.advice))
            self._place(view)

    @staticmethod
    def _set(markdown: Any, text: str) -> None:
        if markdown.content != text:
            markdown.content = text

    def _draw(self, view: View) -> None:
        while len(self._stages) < len(view.stages):
            self._stages.append(StageDrawing(self._server, len(self._stages)))
        middle = (len(view.stages) - 1) / 2
        for number, drawing in enumerate(self._stages):
            drawing.show(number < len(view.stages))
            if number < len(view.stages):
                drawing.draw(view.stages[number], (number - middle) * APART)
        self._cameras.show(max(1, len(view.stages)))

    def _place(self, view: View) -> None:
        """Put the drag handle and the numbers where the hand is brought to; a handle in somebody's hand stays there."""
        visible = view.phase == MOVING and view.target is not None
        if self._handle.visible != visible:
            self._handle.visible = visible
        if view.target is None:
            return
        if not self._dragging and np.abs(np.asarray(self._handle.position) - view.target[:3]).max() > 1e-3:
            self._handle.position = tuple(view.target[:3])
        centimetres = [round(100 * float(value), 1) for value in view.target[:3]]
        for field, value in zip(self._where, centimetres, strict=True):
            if field.value != value:
                field.value = value
        degrees = round(math.degrees(float(view.target[3])))
        if self._heading.value != degrees:
            self._heading.value = degrees

    def _scene_tab(self, split: str) -> None:
        gui = self._server.gui
        self._split = gui.add_dropdown("Split", splits(), initial_value=split)
        self._family = gui.add_dropdown("Family", families_of(split))
        self._intention = gui.add_dropdown("Intention", INTENTIONS)
        self._task = gui.add_number("Task", 0, min=0, max=TASKS - 1, step=1, hint="Which materials")
        self._object = gui.add_number("Object", 1, min=1, max=len(OBJECTS), step=1, hint="Which one of the family")
        self._carries = gui.add_dropdown("Told by", CARRIERS, hint="What tells the weight: paint, or the part's role")
        start = gui.add_button("Start")

        def offer(_: Any) -> None:
            names = families_for(self._split.value, self._intention.value)
            if names and tuple(self._family.options) != names:
                kept = self._family.value
                self._family.options = names
                self._family.value = kept if kept in names else names[0]

        self._split.on_update(offer)
        self._intention.on_update(offer)
        start.on_click(
            lambda _: self._do(
                "choose",
                family=self._family.value,
                intention=self._intention.value,
                task=int(self._task.value),
                object=int(self._object.value),
                carries=self._carries.value,
            )
        )

    def _hand_tab(self) -> None:
        gui = self._server.gui
        self._where = tuple(
            gui.add_number(
                f"{axis}, cm", start, min=100 * SPACE.low[n], max=100 * SPACE.high[n], step=0.1, hint=f"Hand: {where}"
            )
            for n, (axis, start, where) in enumerate(AXES)
        )
        limit = math.degrees(SPACE.yaw_limit)
        self._heading = gui.add_number(
            "Heading, °", 0.0, min=-limit, max=limit, step=1.0, hint="Where the fingers close"
        )
        gui.add_button("Go there").on_click(lambda _: self._go())
        deeds = gui.add_button_group("Fingers", ("Close", "Open"))
        deeds.on_click(lambda event: self._do(event.target.value.lower()))
        gui.add_button("Lift").on_click(lambda _: self._do("lift"))
        gui.add_button("Again").on_click(lambda _: self._do("again"))
        gui.add_markdown(
            "Drag the handle, or press **I K J L** for the plane, **R F** for the height, **U O** to turn (with shift: "
            "farther), **C** close, **V** open, **T** lift, **N** again. **W A S D** and the arrows move the camera."
        )

    def _strategies_tab(self) -> None:
        gui, names = self._server.gui, self._strategies
        first = "maml" if "maml" in names else names[0]
        second = "replay" if "replay" in names else NONE
        self._transfer = gui.add_dropdown("Act on", TRANSFERS, initial_value=TRANSFERS[0])
        self._other = gui.add_dropdown("New shape", (DRAWN,))
        with gui.add_folder("Adapt"):
            self._adapted = gui.add_dropdown("Strategy", names, initial_value=first)
            gui.add_button("Adapt").on_click(lambda _: self._do("adapt", strategy=self._adapted.value, **self._query()))
            self._weighed_text = gui.add_markdown("")
        with gui.add_folder("Watch"):
            chosen = [
                gui.add_dropdown(label, (NONE, *names), initial_value=value)
                for label, value in (("One", first), ("Two", second), ("Three", NONE))
            ]

            def watch(_: Any) -> None:
                wanted = [one.value for one in chosen if one.value != NONE]
                self._do("watch", strategies=wanted, **self._query())

            gui.add_button("Watch").on_click(watch)
            self._trials_text = gui.add_markdown("")
        with gui.add_folder("Selector"):
            gui.add_button("What would it take?").on_click(lambda _: self._do("advise", **self._query()))
            self._advice_text = gui.add_markdown("")

    def _query(self) -> dict[str, str]:
        family = self._other.value
        return {"transfer": self._transfer.value, "family": "" if family == DRAWN else family}

    def _do(self, name: str, **fields: Any) -> None:
        if name == "choose":
            others = families_of(family_named(fields["family"]).group)
            if tuple(self._other.options) != (DRAWN, *others):
                self._other.options = (DRAWN, *others)
                self._other.value = DRAWN
        self._put({"do": name, **fields})

    def _go(self) -> None:
        x, y, z = (float(field.value) / 100 for field in self._where)
        self._do("reach", x=x, y=y, z=z, heading=math.radians(float(self._heading.value)))

    async def _drag(self, event: Any) -> None:
        """Bring the hand where the handle is; a coroutine, as viser gives those the moves in their order."""
        if event.phase == "end":
            self._dragging.discard(event.client_id)
            # Outside the workspace it goes back to the nearest place inside.
            self._place(self._seen)
            return
        self._dragging.add(event.client_id)
        if event.phase == "update":
            x, y, z = (float(value) for value in event.target.position)
            target = self._seen.target
            self._do("reach", x=x, y=y, z=z, heading=0.0 if target is None else float(target[3]))

    def _keys(self) -> None:
        for key in MOVES:
            for modifier in (None, "shift"):
                label = key.what if modifier is None else f"{key.what}, farther"
                self._key(label, key.page, nudge(key, farther=modifier is not None), modifier)
        for letter, name in DEEDS:
            self._key(name, letter, {"do": name})

    def _key(self, label: str, letter: str, message: dict[str, Any], modifier: str | None = None) -> None:
        async def give(_: Any) -> None:  # a coroutine, as those keep the order of the keys
            self._put(message)

        self._server.gui.add_command(label, hotkey=letter, modifier=modifier).on_trigger(give)
