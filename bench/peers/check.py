# ruff: noqa: T201, S603, S607 - a tool: it prints, and runs what peer.json says
"""Proves that a peer serves the project's model: sets it up, starts it, compares, stops it.

Usage, from the root of the repository, with the predictor's own Python:

    predictor/.venv/bin/python bench/peers/check.py [--load SECONDS] [PEER ...]

Without names, all peers. Exits with 1 if an answer differs from the one computed here,
or if a process or an open port is left behind.
"""

import argparse
import contextlib
import functools
import http.client
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import grpc_tools
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc

PEERS = Path(__file__).resolve().parent
REPO = PEERS.parents[1]
MODELS = REPO / "bench/.cache/models"
sys.path.insert(0, str(REPO))

import common  # noqa: E402 - needs the repository to be importable

Facts = dict[str, Any]
ROWS = 20


def sample(rows: int) -> list[Facts]:
    """Return transactions of all sizes, the same ones each time."""
    draw = random.Random(7)  # noqa: S311 - no secret
    return [
        {
            "TransactionID": number + 1,
            "Amount": round(10 ** draw.uniform(-1, 4), 2),
            "Time": 1_780_000_000 + draw.randrange(10_000_000),
            "AgeOfAccount": draw.randrange(200_000_000),
            "NumberOfTransactions": 1 + draw.randrange(500),
        }
        for number in range(rows)
    ]


def expected(rows: list[Facts]) -> list[float]:
    """Return what the model says in this process."""
    names = ("Amount", "Time", "AgeOfAccount", "NumberOfTransactions")
    scorer = common.Scorer()
    return [scorer.one([row[name] for name in names]) for row in rows]


def render(template: str, row: Facts) -> str:
    """Fill in a Go template that has nothing but fields."""
    return re.sub(r"{{ *\.(\w+) *}}", lambda field: json.dumps(row[field[1]]), template)


def dig(answer: Any, path: str) -> float:  # noqa: ANN401 - any JSON
    """Return the number at a dotted path."""
    for step in path.split("."):
        answer = answer[int(step)] if isinstance(answer, list) else answer[step]
    return float(answer)


def ask_http(about: Facts, port: int, row: Facts) -> float:
    """Ask over HTTP."""
    call = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body, headers = render(about["body"], row), {"Content-Type": "application/json"}
    call.request("POST", about["path"], body, headers)
    reply = call.getresponse()
    text = reply.read()
    call.close()
    if reply.status != http.client.OK:
        raise ConnectionError(f"{reply.status}: {text[:300]!r}")
    return dig(json.loads(text), about["answer"])


@functools.cache
def messages(proto: Path, call: str) -> tuple[Any, Any]:
    """Return the classes of a call's request and reply, from its .proto."""
    root = REPO / "proto" if proto.is_relative_to(REPO / "proto") else proto.parent
    with tempfile.NamedTemporaryFile() as out:
        google = str(Path(grpc_tools.__file__).parent / "_proto")
        words = [
            f"-I{root}",
            f"-I{google}",
            "--include_imports",
            f"--descriptor_set_out={out.name}",
        ]
        if protoc.main(["protoc", *words, str(proto)]):
            raise ValueError(f"{proto}: protoc refused it")
        found = descriptor_pb2.FileDescriptorSet.FromString(Path(out.name).read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in found.file:
        pool.Add(file)
    service, _, name = call.partition("/")
    method = pool.FindServiceByName(service).methods_by_name[name]
    make = message_factory.GetMessageClass
    return make(method.input_type), make(method.output_type)


def grpc_request(peer: Path, about: Facts, row: Facts) -> tuple[bytes, Any]:
    """Return a call's request as bytes, and the class of its reply."""
    near = peer / about["proto"]
    proto = near if near.exists() else REPO / about["proto"]
    request, reply = messages(proto.resolve(), about["call"])
    message = json_format.Parse(render(about["request"], row), request())
    return message.SerializeToString(), reply


def ask_grpc(peer: Path, about: Facts, port: int, row: Facts) -> float:
    """Ask over gRPC."""
    request, reply = grpc_request(peer, about, row)
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary(f"/{about['call']}", response_deserializer=reply.FromString)
        answer = call(request, timeout=5)
    as_json = json_format.MessageToDict(
        answer, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return dig(as_json, about["answer"])


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def marked(marker: str) -> list[int]:
    """Return the processes with a marker in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            ours = marker.encode() in (process / "environ").read_bytes()
            if ours and (process / "stat").read_text().rpartition(")")[2].split()[0] != "Z":
                found.append(int(process.name))
        except OSError:  # It has gone.
            continue
    return found


def wait_for(ask: Callable[[Facts], float], row: Facts, server: subprocess.Popen[bytes]) -> None:
    """Wait until a peer answers. Raises TimeoutError if it does not within two minutes."""
    start = time.monotonic()
    while time.monotonic() - start < 120:
        try:
            ask(row)
        except (OSError, grpc.RpcError, http.client.HTTPException) as err:
            if server.poll() is not None:
                raise TimeoutError(f"it ended with {server.returncode}") from err
            time.sleep(0.1)
        else:
            print(f"  answers after {time.monotonic() - start:.1f} s")
            return
    raise TimeoutError("no answer")


def cpu_of(processes: list[int]) -> float:
    """Return the seconds of CPU that processes have used."""
    ticks = 0
    for process in processes:
        with contextlib.suppress(OSError):
            ticks += sum(
                map(
                    int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
                )
            )
    return ticks / os.sysconf("SC_CLK_TCK")


def cpu_of_machine() -> float:
    """Return the seconds of CPU that all have used."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def load(peer: Path, about: Facts, port: int, row: Facts, seconds: int, marker: str) -> None:
    """Print what wrk or h2load measures with 64 callers, and how much CPU others took."""
    with tempfile.TemporaryDirectory() as folder:
        for duration in (1, seconds):
            words = load_words(peer, about, port, row, duration, Path(folder))
            own = marked(marker)
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            before = (
                cpu_of_machine(),
                cpu_of(own),
                used.ru_utime + used.ru_stime,
                time.monotonic(),
            )
            run = subprocess.run(words, capture_output=True, text=True, check=True)
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            after = (cpu_of_machine(), cpu_of(own), used.ru_utime + used.ru_stime, time.monotonic())
    machine, server, client, took = (b - a for a, b in zip(before, after, strict=True))
    keep = (
        "Requests/sec",
        "50%",
        "99%",
        "Non-2xx",
        "Socket errors",
        "finished in",
        "requests:",
        "time for request",
        "status codes",
    )
    for line in run.stdout.splitlines():
        if line.strip().startswith(keep):
            print(f"  {line.strip()}")
    print(
        f"  cores: server {server / took:.2f}, client {client / took:.2f}, "
        f"others {(machine - server - client) / took:.2f}"
    )


def load_words(
    peer: Path, about: Facts, port: int, row: Facts, seconds: int, folder: Path
) -> list[str]:
    """Return the command line of a load run."""
    if about["protocol"] == "http":
        body, script = json.dumps(render(about["http"]["body"], row)), folder / "post.lua"
        script.write_text(
            'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
            f"wrk.body = {body}\n"
        )
        url = f"http://127.0.0.1:{port}{about['http']['path']}"
        return ["wrk", "-t1", "-c64", f"-d{seconds}s", "--latency", "-s", str(script), url]
    request, _ = grpc_request(peer, about["grpc"], row)
    (folder / "frame").write_bytes(struct.pack(">BI", 0, len(request)) + request)
    url = f"http://127.0.0.1:{port}/{about['grpc']['call']}"
    return [
        "h2load",
        "-c64",
        "-m1",
        f"-D{seconds}",
        "-d",
        str(folder / "frame"),
        "-H",
        "content-type: application/grpc",
        "-H",
        "te: trailers",
        url,
    ]


def stop(server: subprocess.Popen[bytes], marker: str, ports: list[int]) -> tuple[str, list[str]]:
    """End a peer by SIGTERM. Returns how it went, and what it left behind: that is ended too.

    It prints nothing, since whoever reads the output may have gone.
    """
    start, left = time.monotonic(), []
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        left.append("the server runs on, 15 s after SIGTERM")
    how = f"SIGTERM: {time.monotonic() - start:.1f} s, exit {server.returncode}"
    time.sleep(0.3)
    for process in marked(marker):
        with contextlib.suppress(OSError):  # It went by itself.
            words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            os.kill(process, signal.SIGKILL)
            left.append(f"process {process}: {words[:120]}")
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                left.append(f"port {port} is open")
    return how, left


def check(name: str, envs: Path, seconds: int) -> bool:
    """Prove one peer. Returns whether all is well."""
    peer = PEERS / name
    about = json.loads((peer / "peer.json").read_text())
    print(f"{name}: {about['title']}")
    if "unavailable" in about:
        print(f"  unavailable: {about['unavailable']}")
        return True
    scratch, marker = Path(tempfile.mkdtemp(prefix="peer-")), f"PEER_CHECK={uuid.uuid4()}"
    ports = [free_port() for _ in range(3)]
    env = dict(
        os.environ,
        ENV=str(envs / name),
        REPO=str(REPO),
        TMPDIR=str(scratch),
        MODEL=str(MODELS),
        PEER_CHECK=marker.partition("=")[2],
        PORT=str(ports[0]),
        PORT2=str(ports[1]),
        PORT3=str(ports[2]),
    )
    envs.joinpath(name).mkdir(parents=True, exist_ok=True)
    subprocess.run(["sh", "-c", about["setup"]], cwd=peer, env=env, check=True)
    ask = (
        functools.partial(ask_http, about["http"], ports[0])
        if about["protocol"] == "http"
        else functools.partial(ask_grpc, peer, about["grpc"], ports[0])
    )
    with (scratch / "log").open("wb") as log:
        server = subprocess.Popen(
            ["sh", "-c", about["serve"]],
            cwd=peer,
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    rows, wrong = sample(ROWS), []
    try:
        wait_for(ask, rows[0], server)
        for row, want in zip(rows, expected(rows), strict=True):
            if (got := ask(row)) != want:
                wrong.append(f"{row}: {got!r} is not {want!r}")
        print(f"  {ROWS - len(wrong)} of {ROWS} answers are exactly equal")
        if seconds:
            load(peer, about, ports[0], rows[0], seconds, marker)
    except (TimeoutError, subprocess.CalledProcessError) as err:
        wrong.append(str(err))
    finally:
        how, left = stop(server, marker, ports)
        said = (scratch / "log").read_text(errors="replace")[-3000:]
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"  {how}")
    wrong += left
    if wrong:
        print(f"  log: {said}")
    for line in wrong:
        print(f"  WRONG {line}")
    return not wrong


def main() -> None:
    """Check the peers that the command line names."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # To stop the peer first.
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("peers", nargs="*")
    parser.add_argument("--env", type=Path, default=REPO / "bench/.env")
    parser.add_argument("--load", type=int, default=0, metavar="SECONDS")
    said = parser.parse_args()
    subprocess.run(["sh", REPO / "bench/model.sh"], check=True)
    os.environ["MODEL"] = str(MODELS)
    names = said.peers or sorted(path.parent.name for path in PEERS.glob("*/peer.json"))
    good = [check(name, said.env.resolve(), said.load) for name in names]
    if not all(good):
        sys.exit(1)


if __name__ == "__main__":
    main()
