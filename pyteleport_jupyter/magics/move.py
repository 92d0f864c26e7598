"""``%teleport HOST``: move the session; ``%teleport``: where am I?"""

from __future__ import annotations

from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import argument, magic_arguments

from pyteleport_jupyter import errors
from pyteleport_jupyter.departure import depart
from pyteleport_jupyter.magics.whereabouts import whereabouts
from pyteleport_jupyter.magics.words import given


@magic_arguments("teleport")
@argument(
    "target", nargs="*", help="ssh alias, user@host[:port], local, home, or cmd:COMMAND; none: where am I?"
)
@argument("--python", metavar="PATH", help="interpreter to use there (default: python3 of the login shell)")
@argument("--setup", metavar="LINE", help="shell line run there first: 'module load python; …'")
@argument("--via", choices=["paramiko", "ssh"], help="which ssh to use (default: paramiko where it can)")
@argument("--lease", help="how long the far side lives without a link (default 15m)")
@argument(
    "--home", action="store_true", default=None, help="it may come home: what it then sends is run here"
)
@argument("--no-home", dest="home", action="store_false", default=None, help="it may not come home")
@argument("--fork", action="store_true", help="a copy goes on there (on each of several), this session here")
@argument("--with-files", action="store_true", help="files open for writing go along with their contents")
@argument("--leave", action="store_true", help="what cannot move stays here and does not stop the rest")
@argument("--exclude", action="append", metavar="NAMES", help="leave these here: 'df_*,tmp'")
@argument("--only", action="append", metavar="NAMES", help="take along no other variables: a,b")
@argument("--limit", metavar="SIZE", help="ask before more is sent slowly (2GB; none)")
@argument("--install", action="store_true", help="install there, at the same version, what is missing")
@argument("--fresh-env", action="store_true", help="install it into an environment of its own")
@argument("--anyway", action="store_true", help="go although packages have other major versions there")
@argument("--abandon-threads", action="store_true", help="leave running threads behind: they end here")
@argument(
    "--no-keep", dest="keep", action="store_false", default=None, help="no data stays when it leaves there"
)
@argument("--quiet", "-q", action="store_true", help="no line of progress")
@argument("--debug", action="store_true", help="show our own tracebacks when something fails")
def move(*, target: list[str], debug: bool, fork: bool, **options: Any) -> Any:
    """Move this session, in the middle of this cell, to another machine."""
    errors.show_tracebacks = debug
    said = given(options)
    if not target:
        print(whereabouts())
    elif fork:
        from pyteleport_jupyter.copies import fork as make_copies

        return make_copies(target if len(target) > 1 else target[0], None, said)
    elif len(target) > 1:
        raise UsageError(
            f"%teleport: a session is at one place; copies go to several: --fork {' '.join(target)}"
        )
    else:
        depart(target[0], **said)
    return None


OTHER_USES = """other uses:
  %teleport                 where am I?
  %teleport plan [HOST]     what would move, what would stay and why
  %teleport doctor HOST     can a session go there?
  %teleport list [HOST...]  which sessions of mine are where
  %teleport attach ID       take one up here; detach [ID], kill ID
  %%teleport HOST...        run only this cell there

What is said here counts before ~/.config/pyteleport/hosts.toml, and that before c.Teleport of IPython's
configuration. `%teleport plan --help` and its like tell more.
"""

move.__doc__ = f"{move.__doc__}\n{OTHER_USES}"
