"""Classes that are being made or called: which of the hooks that C calls on the way are its last act."""

from __future__ import annotations

import builtins
from types import MethodWrapperType

from .boundary import Site
from .callees import Verdict, method_code, rebinds_self
from .snapshot import Kind


def hook_of_class(site: Site, called: object) -> Verdict:
    """A class that is being made or called, in a Python function after which C does nothing but return.

    ``__new__`` is followed by ``__init__``, and ``__set_name__`` by those of other attributes.
    """
    subject = site.callee.first_local()
    if not isinstance(subject, type) or not _makes_classes(called, subject):
        return None
    if _defines(subject, "__new__", site):
        return None if _is_initialised(subject) else Kind.RESULT
    if rebinds_self(site.callee.code):
        return None
    if _defines(type(subject), "__init__", site):
        return Kind.INSTANCE
    if not any(_defines(base, "__init_subclass__", site) for base in subject.__bases__):
        return None
    metaclass = type(subject)
    is_last = not method_code(metaclass, "__new__") and metaclass.__init__ is type.__init__
    return Kind.INSTANCE if is_last or called is type.__new__ else None


def _makes_classes(called: object, subject: type) -> bool:
    """Whether ``called`` makes ``subject``, or calls it."""
    if type(called) is MethodWrapperType and called.__name__ == "__call__":
        called = called.__self__  # super().__call__(...) in a metaclass
    if called is builtins.__build_class__ or called is type.__new__ or called is subject:
        return True
    return isinstance(called, type) and issubclass(called, type)


def _defines(owner: type, name: str, site: Site) -> bool:
    return method_code(owner, name) == site.callee.code


def _is_initialised(owner: type) -> bool:
    """Whether what ``__new__`` of ``owner`` returns may have an ``__init__`` of its own. Any class may return
    an instance of a subclass; a metaclass that is called is the most derived one already."""
    if issubclass(owner, type):
        return owner.__init__ is not type.__init__
    return owner.__init__ is not object.__init__ or any(map(_is_initialised, type.__subclasses__(owner)))
