"""Addresses to listen on, and unix sockets that no other server holds."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from predictor.errors import ListenError

UNIX = "unix:"
_LONGEST = 100
"""Bytes of a socket's path; the system's own limit is 104 to 108."""


@contextmanager
def claimed(address: str) -> Iterator[str]:
    """Check an address, unix:PATH or HOST:PORT, and yield it in the form gRPC takes.

    A socket file that no server holds is removed, before and after. Raises
    ListenError if a server does hold it, or something else lies there.
    """
    if not address.startswith(UNIX):
        _check_tcp(address)
        yield address
        return
    path = Path(address.removeprefix(UNIX)).absolute()
    if len(os.fsencode(path)) > _LONGEST:
        raise ListenError(f"{path}: a socket's path must be at most {_LONGEST} bytes long")
    _clear(path)
    # What the file will let through: its owner alone.
    before = os.umask(0o177)
    try:
        yield f"{UNIX}{path}"
    finally:
        os.umask(before)
        with suppress(ListenError):  # A server that has taken the place may keep it.
            _clear(path)


def _check_tcp(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise ListenError(f"cannot listen on {address!r}: must be unix:PATH or HOST:PORT")


def _clear(path: Path) -> None:
    """Remove a socket file that nobody answers on."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"{path}: is there already and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            return
    raise ListenError(f"{path}: another server listens there")
