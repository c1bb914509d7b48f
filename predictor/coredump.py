"""Keeping memory to oneself: rows, and keys of certificates, pass through it."""

import resource
from contextlib import suppress
from pathlib import Path


def without_core_dumps() -> None:
    """Leave nothing behind in a file, nor with a program that the system pipes dumps to.

    On Linux such a program gets them whatever the limit is; the filter leaves registers in them,
    and no memory.
    """
    with suppress(OSError, ValueError):  # A sandbox may have it set, and say no.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        Path("/proc/self/coredump_filter").write_text("0")
