"""What may stand behind ``%%teleport``; apart from what does it, which is heavy."""

from __future__ import annotations

from typing import Any

from IPython.core.magic_arguments import argument, magic_arguments


@magic_arguments("%teleport")
@argument("targets", nargs="+", help="where to run this cell; several hosts run it at the same time")
@argument("-i", "--in", dest="included", metavar="a,b", help="variables to send besides those that are found")
@argument("--exclude", metavar="a,b", help="variables (also module.x) not to send")
@argument("-o", "--out", dest="outputs", metavar="x,y", help="bring back only these (_: the cell's value)")
@argument("--on-error", choices=["keep", "discard"], default="keep", help="what changed before an error")
@argument("--bg", action="store_true", help="go on at once; the value is a handle with .result() .cancel()")
@argument("--as", dest="name", metavar="NAME", help="variable for the handle, or for the results of several")
@argument(
    "--keep", action="store_true", default=True, help="keep the kernel there for the next cell (default)"
)
@argument("--no-keep", dest="keep", action="store_false", help="end the kernel there after this cell")
@argument("--python", metavar="PATH", help="interpreter to use there (default: python3 of the login shell)")
@argument("--setup", metavar="LINE", help="shell line run there first: 'module load python; …'")
@argument("--via", choices=["paramiko", "ssh"], help="which ssh to use (default: paramiko where it can)")
@argument("--lease", help="how long the kernel there lives without a link (default 15m)")
@argument("--quiet", "-q", action="store_true", help="no report line")
@argument("--debug", action="store_true", help="show our own tracebacks when something fails")
def described(**arguments: Any) -> None:
    """Run only this cell on another machine; the session stays here."""
