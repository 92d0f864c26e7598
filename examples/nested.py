"""Three functions deep, in the middle of an expression: ``python nested.py ssh HOST``. The result is 87.5."""

import sys
from os import getpid
from socket import gethostname

from pyteleport_jupyter import bash_teleport


def log(*args):
    print(f"[{gethostname()}/{getpid()}]", *args)


where = sys.argv[1:] or ["bash", "-c"]


def a():
    log("a begins")
    result = b() + 0.5
    log("a ends")
    return result


def b():
    log("b begins")
    result = 5 * (3 + len(c()) + 2.4)
    log("b ends")
    return result


def c():
    log("c begins")
    bash_teleport(*where)
    log("c ends")
    return "hello, world"


log("result:", a())
