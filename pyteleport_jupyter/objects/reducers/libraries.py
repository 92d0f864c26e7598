"""Classes of packages whose own pickling refuses what can be rebuilt."""

from __future__ import annotations

import importlib
from typing import Any

from pyteleport_jupyter.objects import names
from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces


@reduces("lxml.etree._Element", "lxml.html.HtmlElement", subclasses=True)
def reduce_element(element: Any, reduction: Reduction) -> Any:
    """The tree as text; an element inside by its place in the tree, which is one tree there too."""
    etree = importlib.import_module("lxml.etree")
    root = element.getroottree().getroot()
    if element is not root:
        return find_element, (root, _place(element))
    reduction.modules.add("lxml")
    return make_element, (type(element).__module__, etree.tostring(element, encoding="utf-8"))


def _place(element: Any) -> tuple[int, ...]:
    indices = []
    while (parent := element.getparent()) is not None:
        indices.append(parent.index(element))
        element = parent
    return tuple(reversed(indices))


def make_element(module: str, text: bytes) -> Any:
    """Parse it again; the package that the element is of decides what it becomes."""
    etree = importlib.import_module("lxml.etree")
    if module == "lxml.html":
        return etree.fromstring(text, importlib.import_module("lxml.html").xhtml_parser)
    return etree.fromstring(text, etree.XMLParser(huge_tree=True, resolve_entities=False))


def find_element(root: Any, place: tuple[int, ...]) -> Any:
    """The element at these indices, one for each level."""
    for index in place:
        root = root[index]
    return root


@reduces("lxml.objectify.ObjectifiedElement", subclasses=True)
def reduce_objectified(element: Any, reduction: Reduction) -> Any:
    """These pickle themselves."""
    return element.__reduce_ex__(5)


@reduces("lxml.etree._ElementTree", subclasses=True)
def reduce_tree(tree: Any, reduction: Reduction) -> Any:
    """By its root."""
    return make_tree, (tree.getroot(),)


def make_tree(root: Any) -> Any:
    """The tree of ``root``."""
    return importlib.import_module("lxml.etree").ElementTree(root)


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
