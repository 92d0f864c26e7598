"""Trees of `lxml`, with what stands before and behind their root: document type, comments, instructions."""

from __future__ import annotations

import gc
import importlib
from typing import Any

from pyteleport_jupyter.objects.reduction import Reduction
from pyteleport_jupyter.objects.table import CannotMove, reduces

OF_THE_PACKAGE = ("lxml.etree", "lxml.html")


@reduces("lxml.etree._Element", "lxml.html.HtmlElement", subclasses=True)
def reduce_element(element: Any, reduction: Reduction) -> Any:
    """The tree as text; an element inside by its place in the tree, which is one tree there too."""
    etree = importlib.import_module("lxml.etree")
    reduction.modules.add("lxml")
    if type(element).__module__ not in OF_THE_PACKAGE:
        raise CannotMove("elements of your own class are made by your parser; parse its text again there")
    tree = element.getroottree()
    root = tree.getroot()
    if not isinstance(element.tag, str) and (root is None or root is element):
        return make_lone, (element.tag.__name__, *_lone(element))
    if element is not root:
        return find_element, (root, _place(element))
    text = etree.tostring(tree, encoding="utf-8")
    return make_element, (type(element).__module__, text, element.base)


def _lone(element: Any) -> tuple[Any, ...]:
    """What makes a comment, an instruction or an entity that is in no tree."""
    kind = element.tag.__name__
    if kind == "Comment":
        return (element.text,)
    return (element.target, element.text) if kind == "ProcessingInstruction" else (element.name,)


def make_lone(kind: str, *given: Any) -> Any:
    """A comment, an instruction or an entity."""
    return getattr(importlib.import_module("lxml.etree"), kind)(*given)


def _place(element: Any) -> tuple[int, ...]:
    """Its place beside the root (0 in it), then its index on each level."""
    indices = []
    while (parent := element.getparent()) is not None:
        indices.append(parent.index(element))
        element = parent
    root = element.getroottree().getroot()
    return (0 if element is root else _beside(root, element), *reversed(indices))


def _beside(root: Any, element: Any) -> int:
    """How far behind the root it stands; before it, how far as a negative number."""
    behind = list(root.itersiblings())
    if element in behind:
        return 1 + behind.index(element)
    return -1 - list(root.itersiblings(preceding=True)).index(element)


def make_element(module: str, text: bytes, base: str | None) -> Any:
    """Parse it again; the package that the element is of decides what it becomes."""
    etree = importlib.import_module("lxml.etree")
    if module == "lxml.html":
        return etree.fromstring(text, importlib.import_module("lxml.html").xhtml_parser, base_url=base)
    parser = etree.XMLParser(huge_tree=True, resolve_entities=False, strip_cdata=False, no_network=True)
    return etree.fromstring(text, parser, base_url=base)


def find_element(root: Any, place: tuple[int, ...]) -> Any:
    """The element at these indices, one for each level; the first one counts from the root, beside it."""
    around, *inside = place
    if around:
        beside = root.itersiblings(preceding=around < 0)
        root = list(beside)[abs(around) - 1]
    for index in inside:
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
    return root.getroottree() if root is not None else importlib.import_module("lxml.etree").ElementTree()


@reduces("lxml.etree._Attrib")
def reduce_attributes(attributes: Any, reduction: Reduction) -> Any:
    """Those of the element that travels."""
    etree = importlib.import_module("lxml.etree")
    element = next(part for part in gc.get_referents(attributes) if isinstance(part, etree._Element))
    return getattr, (element, "attrib")


@reduces("lxml.etree.QName")
def reduce_name(name: Any, reduction: Reduction) -> Any:
    """Its text."""
    return type(name), (name.text,)
