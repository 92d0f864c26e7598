"""A script that goes on elsewhere: ``python hi_bye.py ssh HOST`` says hi here and bye there.

What is on the command line is any command that ends in a shell there; without one, a fresh process here.
"""

import sys
from os import getpid
from socket import gethostname

from pyteleport_jupyter import bash_teleport


def log(*args):
    print(f"[{gethostname()}/{getpid()}]", *args)


where = sys.argv[1:] or ["bash", "-c"]

log("hi")
bash_teleport(*where)
log("bye")
