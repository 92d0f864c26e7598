"""What is said when the way on from an interrupted instruction is not known to be exact."""

from __future__ import annotations

from typing import Final

from .actions import FILLING
from .boundary import Site
from .callees import called_object, runs_special_method
from .dialect import SPOKEN
from .flow import Instruction
from .words import PlaceName, describe_code, name_of

CALLS: Final = frozenset({"CALL", "CALL_KW", "CALL_FUNCTION_EX"})


MAKING: Final = frozenset({"__new__", "__set_name__", "__init_subclass__", "__prepare__"})
"""What C calls on the way to something else."""


def refusal(site: Site, place_name: PlaceName) -> str:
    """One clause: why the frame that ``site`` waits for cannot be moved."""
    caller = describe_code(site.code, site.frame.f_lineno, place_name)
    generator = "" if site.callee.generator is None else " (as a generator)"
    if site.callee.code.co_name == "__del__":
        return (
            f"it is the end of an object that {caller} let go of, and the object cannot be brought back to it"
        )
    if site.callee.code.co_name in MAKING:
        return (
            f"{caller} makes an object or a class by it, and what C still has to do for that (__init__, say) "
            "cannot be read"
        )
    through = _c_caller(site)
    if through is not None:
        return (
            f"it was called{generator} by {caller} through {through}, which is written "
            "in C, so how far it has come cannot be read"
        )
    return (
        f"it runs{generator} inside {_words_of(site.instruction)} of {caller}, which Python carries out in "
        "C, so what would have to follow it cannot be read"
    )


ITERATING: Final = frozenset({"FOR_ITER", "SEND", "UNPACK_SEQUENCE", "UNPACK_EX", *FILLING})
"""What asks the iterator in the topmost slot (SEND: in the one below)."""


def _c_caller(site: Site) -> str | None:
    """The C function that called the callee, if one is named in the code or works in an iterator."""
    name = site.instruction.name
    if name in CALLS:
        return name_of(called_object(site))
    if name not in ITERATING:
        return None
    iterator = site.operand(2 if name == "SEND" else 1)
    is_own = iterator is site.callee.generator or runs_special_method(
        site, iterator, ("__iter__", "__next__")
    )
    return None if is_own else name_of(type(iterator))


WORDS: Final[dict[str, str]] = {
    "BINARY_OP": "an operator",
    "COMPARE_OP": "a comparison",
    "CONTAINS_OP": "an in",
    "FOR_ITER": "an iterator under for",
    "SEND": "an await or yield from",
    "YIELD_VALUE": "a throw() that was passed on by yield from",
    "RESUME": "a throw() that was passed on by yield from",
    "IMPORT_NAME": "an import",
    "IMPORT_FROM": "an import",
    "LIST_EXTEND": "a list display",
    "SET_UPDATE": "a set display",
    "DICT_UPDATE": "a dict display",
    "MAP_ADD": "a dict display",
    "BUILD_MAP": "a dict display",
    "BUILD_SET": "a set display",
    "SET_ADD": "a set display",
    "UNPACK_SEQUENCE": "an unpacking",
    "UNPACK_EX": "an unpacking",
    "LOAD_ATTR": "an attribute access",
    "LOAD_METHOD": "an attribute access",
    "LOAD_SUPER_ATTR": "an attribute access",
    "STORE_ATTR": "an attribute assignment",
    "DELETE_ATTR": "a del of an attribute",
    "BINARY_SUBSCR": "a subscript",
    "STORE_SUBSCR": "an assignment to a subscript",
    "DELETE_SUBSCR": "a del of a subscript",
    "LOAD_NAME": "a name looked up in a namespace of its own kind",
    "CALL_INTRINSIC_1": "an operation of the interpreter",
    "CHECK_EXC_MATCH": "an except clause",
    "MATCH_CLASS": "a case",
    "MATCH_KEYS": "a case",
}


def _words_of(instruction: Instruction) -> str:
    if instruction.name == "BINARY_OP" and instruction.argument == SPOKEN.subscript:
        return WORDS["BINARY_SUBSCR"]
    return WORDS.get(instruction.name, f"the operation {instruction.name}")
