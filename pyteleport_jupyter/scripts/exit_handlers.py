"""What the program has asked to be done when it ends: ``atexit``."""

from __future__ import annotations

import atexit
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

from pyteleport_jupyter import exits
from pyteleport_jupyter.errors import NotInProgram
from pyteleport_jupyter.exits import Handler
from pyteleport_jupyter.objects.names import is_importable_module


def capture() -> list[Handler]:
    """The handlers that the program has registered, not those of the libraries it uses.

    Raises NotInProgram for one whose arguments nobody has noted.
    """
    noted = [handler for handler in exits.noted if _is_own(*handler)]
    known = {id(function) for function, _, _ in exits.noted}
    unnoted = [function for function in exits.functions() if id(function) not in known]
    own = [function for function in unnoted if _is_own(function) or _module(function) == "builtins"]
    return [*((_without_arguments(function), (), {}) for function in own), *noted]


def _module(function: Any) -> Any:
    """Where a function, or the class of a method's object, was defined."""
    owner = type(function.__self__) if type(function) is MethodType else function
    return getattr(owner, "__module__", None)


def _is_own(function: Any, arguments: tuple[Any, ...] = (), keywords: dict[str, Any] | None = None) -> bool:
    """Libraries register functions of their own, without arguments, or methods of their own objects."""
    module = _module(function)
    if not isinstance(module, str) or not is_importable_module(module):
        return True
    if module.partition(".")[0] == __name__.partition(".")[0]:
        return False
    is_plain = type(function) is FunctionType or module == "builtins"
    return is_plain and bool(arguments or keywords)


def _without_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that was registered before we were there; it must be one that takes no arguments."""
    try:
        takes_some = bool(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        takes_some = True
    if takes_some:
        name = getattr(function, "__qualname__", repr(function))
        raise NotInProgram(
            reason=f"the arguments of {name} are unknown, which is to be called at exit; "
            "import pyteleport_jupyter before it is registered"
        )
    return function


def restore(handlers: list[Handler]) -> None:
    """Register them here."""
    for function, arguments, keywords in handlers:
        atexit.register(function, *arguments, **keywords)
