"""Serving over TLS, as a user starts it, with certificates that openssl makes."""

import os
import shutil
import subprocess
from pathlib import Path

import grpc
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from fraud_detection import fraud_detection_pb2_grpc as pb_grpc

from predictor.tests.conftest import COLUMNS, Server, Start, batch, run

if not shutil.which("openssl") and "openssl" not in os.environ.get("BRRR_REQUIRE", "").split(","):
    pytest.skip("openssl is missing: apt-get install openssl", allow_module_level=True)


def openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Signs certificates, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self.cert = folder, folder / "ca.pem"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=authority"),
            *("-keyout", folder / "ca.key", "-out", self.cert),
        )

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Return a certificate for this machine, and its key."""
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", f"/CN={name}"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-CA", self.cert, "-CAkey", self.folder / "ca.key", "-keyout", key, "-out", cert),
        )  # fmt: skip
        return cert.read_bytes(), key.read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "other")


class Flags:
    """The files of a server."""

    def __init__(self, folder: Path) -> None:
        self.cert, self.key, self.ca = folder / "cert.pem", folder / "key.pem", folder / "ca.pem"

    def put(self, cert: bytes, key: bytes) -> None:
        self.cert.write_bytes(cert)
        self.key.write_bytes(key)

    @property
    def given(self) -> tuple[str | Path, ...]:
        mutual = ("--tls-client-ca", self.ca) if self.ca.exists() else ()
        return ("--tls-cert", self.cert, "--tls-key", self.key, *mutual)


@pytest.fixture
def flags(tmp_path: Path) -> Flags:
    return Flags(tmp_path)


def asked(server: Server, trusted: Authority, shown: tuple[bytes, bytes] | None = None) -> str:
    """Return the version that answers a new connection, or the error."""
    cert, key = shown or (None, None)
    credentials = grpc.ssl_channel_credentials(trusted.cert.read_bytes(), key, cert)
    with grpc.secure_channel(server.address, credentials) as channel:
        try:
            reply = pb_grpc.FraudDetectionServiceStub(channel).PredictFraudBatch(batch(COLUMNS))
        except grpc.RpcError as err:
            return str(err)
        return str(reply.model_version)


def test_calls_are_answered_over_tls_alone(
    start: Start, flags: Flags, authority: Authority, other: Authority
) -> None:
    flags.put(*authority.issue("server"))
    server = start("127.0.0.1:0", *flags.given)
    assert asked(server, authority) == server.listening["model"]
    assert "CERTIFICATE_VERIFY_FAILED" in asked(server, other)
    with server.stub() as stub, pytest.raises(grpc.RpcError):  # In plain.
        stub.GetModel(pb.GetModelRequest())


def test_callers_must_bring_a_certificate_of_the_authority(
    start: Start, flags: Flags, authority: Authority, other: Authority
) -> None:
    flags.put(*authority.issue("server"))
    shutil.copy(other.cert, flags.ca)
    server = start("127.0.0.1:0", *flags.given)
    version = server.listening["model"]
    assert asked(server, authority, other.issue("client")) == version
    assert asked(server, authority) != version
    assert asked(server, authority, authority.issue("client")) != version


def test_what_the_files_change_to_is_shown_to_whoever_connects_next(
    start: Start, flags: Flags, authority: Authority, other: Authority
) -> None:
    first, second = authority.issue("first"), other.issue("second")
    flags.put(*first)
    shutil.copy(authority.cert, flags.ca)
    server = start("127.0.0.1:0", *flags.given)
    version = server.listening["model"]
    client, clients = authority.issue("client"), other.issue("client")
    credentials = grpc.ssl_channel_credentials(authority.cert.read_bytes(), *reversed(client))
    with grpc.secure_channel(server.address, credentials) as open_all_along:
        stub = pb_grpc.FraudDetectionServiceStub(open_all_along)
        assert stub.PredictFraudBatch(batch(COLUMNS)).model_version == version

        for broken in (second[0], first[1]), (second[0], second[1][:90]), (b"", b""):
            flags.put(*broken)
            assert asked(server, authority, client) == version
            assert server.logged("certificates refused")["error"].startswith(
                "--tls-cert, --tls-key"
            )
        flags.key.unlink()
        assert asked(server, authority, client) == version
        assert "No such file" in server.logged("certificates refused")["error"]

        flags.put(*second)
        flags.ca.write_bytes(authority.cert.read_bytes()[:200])
        assert asked(server, authority, client) == version
        assert server.logged("certificates refused")["error"].startswith("--tls-client-ca")
        shutil.copy(other.cert, flags.ca)
        assert asked(server, other, clients) == version
        server.logged("certificates changed")
        assert asked(server, other, client) != version
        assert "CERTIFICATE_VERIFY_FAILED" in asked(server, authority, clients)
        assert stub.PredictFraudBatch(batch(COLUMNS)).model_version == version


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--tls-cert", "cert.pem"), "--tls-cert and --tls-key go together"),
        (("--tls-client-ca", "cert.pem"), "--tls-client-ca needs --tls-cert and --tls-key"),
        (("--tls-cert", "no.pem", "--tls-key", "key.pem"), "--tls-cert: No such file or directory"),
        (("--tls-cert", "cert.pem", "--tls-key", "other.pem"), "--tls-cert, --tls-key: "),
        (("--tls-cert", "key.pem", "--tls-key", "key.pem"), "--tls-cert, --tls-key: "),
        (
            ("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-client-ca", "key.pem"),
            "--tls-client-ca: ",
        ),
    ],
)
def test_files_of_no_use_keep_the_server_from_listening(
    flags: Flags, authority: Authority, root: Path, given: tuple[str, ...], message: str
) -> None:
    flags.put(*authority.issue("server"))
    flags.key.with_name("other.pem").write_bytes(authority.issue("another")[1])
    paths = [str(flags.key.with_name(a)) if a.endswith(".pem") else a for a in given]
    done = run("serve", "--listen", "127.0.0.1:0", "--model", root, *paths)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(f"error: {message}")


def test_a_unix_socket_stays_plain(flags: Flags, short: Path, root: Path) -> None:
    done = run("serve", "--listen", f"unix:{short}/s", "--model", root, *flags.given)
    assert done.returncode == 1
    assert "a unix socket needs no TLS" in done.stderr
