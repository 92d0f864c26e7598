"""What the program has asked to be done when it ends: ``atexit``.

The module does not tell what is registered, but the garbage collector is shown it (``atexit_traverse`` in
Modules/atexitmodule.c): for each handler the function, its positional and maybe its keyword arguments, then
the module's own dict; from 3.14 on one list of such triples.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

from pyteleport_jupyter.objects.names import is_importable_module

Handler = tuple[Any, tuple[Any, ...], dict[str, Any]]


def registered() -> list[Handler]:
    """All handlers, in the order of their registration."""
    shown = gc.get_referents(atexit)[:-1]
    if len(shown) == 1 and type(shown[0]) is list:
        return [(function, arguments, keywords or {}) for function, arguments, keywords in shown[0]]
    return list(_triples(iter(shown)))


def _triples(shown: Iterator[Any]) -> Iterator[Handler]:
    function = next(shown, None)
    while function is not None:
        arguments: tuple[Any, ...] = next(shown, ())
        following = next(shown, None)
        keywords: dict[str, Any] = {}
        if type(following) is dict:
            keywords, following = following, next(shown, None)
        yield function, arguments, keywords
        function = following


def capture() -> list[Handler]:
    """The handlers that the program has registered, not those of the libraries it uses."""
    return [handler for handler in registered() if _is_own(*handler)]


def _is_own(function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Libraries register functions of their own, without arguments, or methods of their own objects."""
    owner = type(function.__self__) if type(function) is MethodType else function
    module = getattr(owner, "__module__", None)
    if not isinstance(module, str) or not is_importable_module(module):
        return True
    if module.partition(".")[0] == __name__.partition(".")[0]:
        return False
    is_plain = type(function) is FunctionType or module == "builtins"
    return is_plain and bool(arguments or keywords)


def restore(handlers: list[Handler]) -> None:
    """Register them here."""
    for function, arguments, keywords in handlers:
        atexit.register(function, *arguments, **keywords)
