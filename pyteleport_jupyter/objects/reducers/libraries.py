"""Classes of packages whose own pickling refuses what can be rebuilt."""

from __future__ import annotations

import importlib
import io
import os
from pathlib import Path
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


@reduces("multiprocessing.context.BaseContext", subclasses=True)
def reduce_context(context: Any, reduction: Reduction) -> Any:
    """Ways to start processes have no state: by name, or a new one."""
    kind = type(context)
    if kind.__name__ == "DefaultContext":
        return names.find_variable, ("multiprocessing.context", "_default_context")
    return kind, ()


@reduces("msgspec._core.StructMeta")
def reduce_struct_class(made: Any, reduction: Reduction) -> Any:
    """A struct of the notebook, defined again with its fields, defaults, methods and settings."""
    if reduction.by_name(made):
        return NotImplemented
    fields = set(made.__struct_fields__)
    body = {
        name: value
        for name, value in vars(made).items()
        if name not in fields and not name.startswith("__struct_") and name not in MADE_BY_STRUCT
    }
    settings = {name: getattr(made.__struct_config__, name) for name in STRUCT_SETTINGS}
    return make_struct, (made.__name__, made.__bases__, body, _defaults(made), settings)


MADE_BY_STRUCT = frozenset({"__slots__", "__match_args__", "__weakref__", "__dict__"})
STRUCT_SETTINGS = (
    "tag", "tag_field", "omit_defaults", "forbid_unknown_fields", "frozen", "eq", "order",
    "array_like", "gc", "weakref", "dict", "cache_hash",
)  # fmt: skip


def _defaults(made: Any) -> dict[str, tuple[str, Any]]:
    """The default of each own field that has one, as an argument of ``msgspec.field``."""
    factory = importlib.import_module("msgspec._core").Factory
    last = made.__struct_fields__[len(made.__struct_fields__) - len(made.__struct_defaults__) :]
    own = vars(made).get("__annotations__", {})
    return {
        name: ("default_factory", value.factory) if isinstance(value, factory) else ("default", value)
        for name, value in zip(last, made.__struct_defaults__, strict=True)
        if name in own
    }


def make_struct(
    name: str,
    bases: tuple[type, ...],
    body: dict[str, Any],
    defaults: dict[str, tuple[str, Any]],
    settings: dict[str, Any],
) -> Any:
    """``class name(*bases, **settings)``."""
    field = importlib.import_module("msgspec").field
    fields = {name: field(**{kind: value}) for name, (kind, value) in defaults.items()}
    meta: Any = importlib.import_module("msgspec._core").StructMeta
    given = {key: value for key, value in settings.items() if value is not None}
    return meta(name, bases, {**body, **fields}, **given)


@reduces("sqlalchemy.orm.decl_api.DeclarativeAttributeIntercept", "sqlalchemy.orm.decl_api.DeclarativeMeta")
def reduce_mapped_class(made: Any, reduction: Reduction) -> Any:
    """By name if importable. Defined in a notebook it stays: its attributes are mapped to tables for good
    when it is defined.
    """
    if not reduction.by_name(made):
        raise CannotMove("SQLAlchemy maps it when it is defined; define it in a module beside the notebook")
    return NotImplemented


@reduces("PIL.ImageDraw.ImageDraw")
def reduce_drawing(drawing: Any, reduction: Reduction) -> Any:
    """A pen for the image that travels."""
    image = getattr(drawing, "_image", None)
    if image is None:
        raise CannotMove("it does not tell which image it draws on")
    reduction.modules.add("PIL")
    settings = {name: value for name, value in vars(drawing).items() if name not in ("im", "draw", "_image")}
    return make_drawing, (image, drawing.mode), settings


def make_drawing(image: Any, mode: str) -> Any:
    """``ImageDraw.Draw(image)``."""
    return importlib.import_module("PIL.ImageDraw").Draw(image, mode)


@reduces("PIL.ImageFont.FreeTypeFont")
def reduce_font(font: Any, reduction: Reduction) -> Any:
    """With the contents of its file: the other host may lack it."""
    reduction.modules.add("PIL")
    settings = {name: getattr(font, name) for name in ("size", "index", "encoding", "layout_engine")}
    content = getattr(font, "font_bytes", None)
    if content is None and isinstance(font.path, str | bytes):
        content = Path(os.fsdecode(font.path)).read_bytes()
    return NotImplemented if content is None else (make_font, (content, settings))


def make_font(content: bytes, settings: dict[str, Any]) -> Any:
    """The font from memory."""
    return importlib.import_module("PIL.ImageFont").FreeTypeFont(io.BytesIO(content), **settings)
