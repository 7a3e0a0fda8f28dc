"""Arguments that a public function can't take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sim.errors import InputError, did_you_mean


class ApiError(InputError):
    """An argument of the public API that makes no sense."""


def check_options(call: str, options: Mapping[str, Any], config: type) -> None:
    """Refuse keyword options of `call` that are no fields of `config`.

    Raises:
        ApiError: an unknown option.
    """
    known = tuple(field.name for field in fields(config))
    for name in options:
        if name not in known:
            raise ApiError(f"{call}: unknown option {name!r}{did_you_mean(name, known)}")
