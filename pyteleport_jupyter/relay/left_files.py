"""What a session that has ended elsewhere has left here: temporary files, which nobody else would remove."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress


def remove_files(paths: Iterable[str]) -> None:
    """Files, and directories with what is in them; what cannot be removed stays."""
    for path in paths:
        with suppress(OSError):
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
