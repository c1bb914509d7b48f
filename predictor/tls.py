"""Certificates that lie in files: what they change to is shown to whoever connects next."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from predictor.errors import TLSError
from predictor.log import log

Contents = tuple[bytes, bytes, bytes | None]


@dataclass(frozen=True)
class Files:
    """What a server over TLS stands on, as PEM."""

    cert: Path
    key: Path
    client_ca: Path | None = None  # With it, every caller must bring a certificate of it.


def files(cert: Path | None, key: Path | None, client_ca: Path | None) -> Files | None:
    """Return what the flags name, None for plain. Raises TLSError for a half of it."""
    if cert and key:
        return Files(cert, key, client_ca)
    if cert or key:
        raise TLSError("--tls-cert and --tls-key go together")
    if client_ca:
        raise TLSError("--tls-client-ca needs --tls-cert and --tls-key")
    return None


class Certificates:
    """What the files held when they last made sense: a half-written one changes nothing."""

    def __init__(self, files: Files) -> None:
        """Read the files. Raises TLSError, by the name of the flag."""
        self._files = files
        self._refused = ""
        self._looked, self._taken = self._read()

    def credentials(self) -> grpc.ServerCredentials:
        """Return what a port is secured with; the files are looked at before each handshake."""
        return grpc.dynamic_ssl_server_credentials(
            _configuration(self._taken),
            self._look,  # type: ignore[arg-type]  # The stub forgets that None is no change.
            self._files.client_ca is not None,
        )

    def _look(self) -> grpc.ServerCertificateConfiguration | None:
        """Return what the files hold if it is new and makes sense, else None: all stays."""
        try:
            if self._marks() == self._looked:
                return None
            self._looked, found = self._read()
        except (TLSError, OSError) as err:
            if str(err) != self._refused:
                log("certificates refused", error=str(err))
            self._refused = str(err)
            return None
        self._refused = ""
        if found == self._taken:
            return None
        self._taken = found
        log("certificates changed")
        return _configuration(found)

    def _marks(self) -> tuple[tuple[int, ...], ...]:
        """Return what differs once a file has changed, or is another."""
        found = (path.stat() for path in self._paths().values())
        return tuple((s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in found)

    def _paths(self) -> dict[str, Path]:
        files = self._files
        paths = {"--tls-cert": files.cert, "--tls-key": files.key}
        return paths | ({"--tls-client-ca": files.client_ca} if files.client_ca else {})

    def _read(self) -> tuple[tuple[tuple[int, ...], ...], Contents]:
        """Return the files' marks and contents. Raises TLSError if these are of no use."""
        contents = []
        for flag, path in self._paths().items():
            with _told(flag):
                contents.append(path.read_bytes())
        marks = self._marks()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with _told("--tls-cert, --tls-key"):
            # A password, so that nobody is asked for one.
            context.load_cert_chain(self._files.cert, self._files.key, password="")
        if self._files.client_ca:
            with _told("--tls-client-ca"):
                context.load_verify_locations(self._files.client_ca)
        if marks != self._marks() or contents != [p.read_bytes() for p in self._paths().values()]:
            raise TLSError("--tls-cert, --tls-key: changed while they were read")
        return marks, (contents[0], contents[1], contents[2] if len(contents) > 2 else None)


def _configuration(contents: Contents) -> grpc.ServerCertificateConfiguration:
    cert, key, client_ca = contents
    return grpc.ssl_server_certificate_configuration([(key, cert)], client_ca)


@contextmanager
def _told(flag: str) -> Iterator[None]:
    """Raise TLSError, by the name of the flag, for what a file lacks."""
    try:
        yield
    except OSError as err:  # An SSLError is one.
        raise TLSError(f"{flag}: {err.strerror or err}") from err
