"""What a user's code is, as a hash: work that was begun with other code is not gone on with.

The hash is over the source of the module and of the modules beside it that it imports, or, where the module has no
file, over the code itself, and over the state that a value holds. Equal identities mean equal code; the reverse is not
promised: state that can't be read may hash anew each time.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

OURS = ("sim", "demos", "robo_meta")
"""Packages that their version stands for."""
UNTOLD = ("__dict__", "__weakref__", "__doc__", "__module__", "__firstlineno__", "__static_attributes__")
"""Entries of a class that say nothing about what it does."""
PLAIN = (type(None), bool, int, float, complex, str, bytes, Path)
"""Values that their representation says all about."""


def value_identity(value: Any) -> str:
    """Hash, in hexadecimal, of a function or another value of the user's, with the code that it is made of."""
    digest = CodeDigest((getattr(value, "__module__", None) or "").partition(".")[0])
    digest.add_value(value)
    return digest.hexadecimal()


def import_folder(module: Any) -> Path | None:
    """The folder that must be on the import path for `module`; None for `__main__` and modules without a file."""
    file = getattr(module, "__file__", None)
    if file is None or module.__name__ == "__main__":
        return None
    depth = module.__name__.count(".") + (Path(file).name == "__init__.py")
    return Path(file).resolve().parents[depth]


def source_files(file: Path, folder: Path) -> dict[str, bytes]:
    """A module's source and that of all modules that it imports, directly or not, from the same folder.

    Args:
        file: of the module.
        folder: the one on the import path that the module lies below. Of an installed package, only the package itself
            is followed.
    """
    top = file.relative_to(folder).parts[0]
    found: dict[str, bytes] = {}
    waiting = [file]
    while waiting:
        path = waiting.pop()
        key = path.relative_to(folder).as_posix()
        if key in found:
            continue
        found[key] = path.read_bytes()
        for name in _imported(found[key], path.relative_to(folder).with_suffix("").parts):
            if name[0] in OURS or (_installed(folder) and name[0] != Path(top).stem):
                continue
            # Importing a module runs every package above it too.
            for length in range(1, len(name) + 1):
                place = folder.joinpath(*name[:length])
                waiting += [f for f in (place.with_suffix(".py"), place / "__init__.py") if f.is_file()]
    return found


def _imported(source: bytes, module: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Dotted names, in pieces, that a module's source imports; from `a import b` both `a` and `a.b`."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = module[: len(module) - node.level] if node.level else ()
            origin = (*start, *(node.module.split(".") if node.module else ()))
            yield from ((*origin, alias.name) for alias in node.names)


class CodeDigest:
    """A growing hash of code and values; each object is followed once, so that circles end.

    Args:
        package: top name of the strategy's own module: it is followed even where it is installed.
    """

    def __init__(self, package: str) -> None:
        self._hash = hashlib.sha256()
        self._package = package
        self._seen: dict[int, Any] = {}

    def hexadecimal(self) -> str:
        return self._hash.hexdigest()

    def add(self, *words: object) -> None:
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            self._hash.update(f"{len(data)}:".encode() + data)

    def add_class(self, kind: type) -> None:
        """The class and those that it derives from: by their files where they have any, else by what they hold."""
        for cls in kind.__mro__[:-1]:
            self.add("class", cls.__qualname__)
            if not self._add_module(cls.__module__):
                for name, value in sorted(vars(cls).items()):
                    if name not in UNTOLD:
                        self.add(name)
                        self.add_value(value)

    def _add_module(self, name: str | None) -> bool:
        """Whether the module has a file that says all about it. Of what is installed, the version does.

        `__main__` is no such module: a script also holds the call, which may change between an interruption and the
        next run, and a notebook has no file.
        """
        module, top = sys.modules.get(name or ""), (name or "").partition(".")[0]
        if module is None or top == "__main__":
            return False
        if top in OURS or top in sys.stdlib_module_names:
            self.add("module", name)
            return True
        place, folder = getattr(module, "__file__", None), import_folder(module)
        if place is None or folder is None or Path(place).suffix != ".py":
            self.add("module", name, getattr(sys.modules.get(top), "__version__", ""))
            return place is not None
        if _installed(folder) and top != self._package:
            self.add("module", name, getattr(sys.modules.get(top), "__version__", ""))
        elif self._fresh(module):
            for key, content in sorted(source_files(Path(place).resolve(), folder).items()):
                self.add(key, content)
        return True

    def _fresh(self, value: Any) -> bool:
        if id(value) in self._seen:
            return False
        self._seen[id(value)] = value
        return True

    def add_value(self, value: Any) -> None:
        """Anything that an object, a function or a class may hold."""
        torch = sys.modules.get("torch")
        if isinstance(value, PLAIN):
            self.add(type(value).__name__, repr(value))
        elif torch is not None and isinstance(value, torch.Tensor):
            self.add_value(value.detach().cpu().numpy())
        elif isinstance(value, np.ndarray | np.generic) and value.dtype != object:
            self.add("array", value.dtype.str, value.shape, np.ascontiguousarray(value).tobytes())
        elif isinstance(value, CodeType):
            self.add("code", value.co_code, value.co_names, value.co_varnames)
            for constant in value.co_consts:
                self.add_value(constant)
        elif isinstance(value, set | frozenset):
            self.add("set", *sorted(self._alone(item) for item in value))
        elif not self._fresh(value):
            self.add("seen before")
        elif isinstance(value, list | tuple):
            self.add(type(value).__name__, len(value))
            for item in value:
                self.add_value(item)
        elif isinstance(value, Mapping):
            self.add(type(value).__name__, len(value))
            for key, item in value.items():
                self.add_value(key)
                self.add_value(item)
        elif isinstance(value, FunctionType):
            self._add_function(value)
        elif isinstance(value, staticmethod | classmethod | MethodType):
            self.add_value(value.__func__)
            self.add_value(getattr(value, "__self__", None))
        elif isinstance(value, property):
            self.add_value((value.fget, value.fset))
        elif isinstance(value, partial):
            self.add_value((value.func, value.args, value.keywords))
        elif isinstance(value, np.random.Generator):
            self.add_value(value.bit_generator.state)
        elif isinstance(value, ModuleType):
            self._add_module(value.__name__)
        elif inspect.isclass(value):
            self.add_class(value)
        else:
            self._add_object(value)

    def _add_function(self, function: FunctionType) -> None:
        """Its code, its defaults, what it encloses; where its module has no file, the globals that it uses as well."""
        self.add("function", function.__qualname__)
        self.add_value((function.__defaults__, function.__kwdefaults__))
        if not self._add_module(function.__module__):
            self.add_value(function.__code__)
            for name in _names(function.__code__):
                if name in function.__globals__:
                    self.add(name)
                    self.add_value(function.__globals__[name])
        for cell in function.__closure__ or ():
            with suppress(ValueError):  # a cell that is still empty
                self.add_value(cell.cell_contents)

    def _add_object(self, value: Any) -> None:
        kind = type(value)
        self.add("object", kind.__module__)
        self.add_class(kind)
        try:
            # How an object says what it holds: a state, by slots or not, or what it is rebuilt from.
            held = value.__reduce_ex__(4)[1:3]
        except Exception:
            # It can't be packed, so that nothing but its attributes is known.
            held = (getattr(value, "__dict__", None),)
        self.add_value(held)

    def _alone(self, value: Any) -> str:
        digest = CodeDigest(self._package)
        digest.add_value(value)
        return digest.hexadecimal()


def _installed(folder: Path) -> bool:
    return "site-packages" in folder.parts or "dist-packages" in folder.parts


def _names(code: CodeType) -> list[str]:
    """Global names that code and the functions nested in it may use."""
    nested = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return sorted({*code.co_names, *(name for names in nested for name in names)})
