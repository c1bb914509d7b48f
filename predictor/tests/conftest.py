"""One small simulation and two small models for all tests, and servers as users start them."""

import contextlib
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import numpy as np
import numpy.typing as npt
import pytest
from fraud_detection import fraud_detection_pb2 as pb
from fraud_detection import fraud_detection_pb2_grpc as pb_grpc

from predictor import dataset, evaluate, model, simulate, train
from predictor.dataset import Dataset
from predictor.features import FACTS, SEED_FACTS, Column
from predictor.model import Model

ROOT = Path(__file__).resolve().parents[2]
START = dt.date(2026, 1, 1)


class Files(NamedTuple):
    transactions: Path
    accounts: Path


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("simulated")
    files = Files(folder / "transactions.csv", folder / "accounts.csv")
    simulate.run(
        transactions=files.transactions,
        accounts=files.accounts,
        count=400,
        days=120,
        seed=7,
        start=START,
    )
    return files


@pytest.fixture(scope="session")
def root(simulated: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models root with one active model, of all nine facts. Tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("models")
    train.run(
        data=simulated.transactions,
        accounts=simulated.accounts,
        out=f"{folder}/{{version}}",
        name="test",
        seed=1,
        activate=True,
    )
    return folder


class Trained(NamedTuple):
    root: Path
    told: str  # What training printed.


@pytest.fixture(scope="session")
def trained_on_four(simulated: Files, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A models root made by a user who wants the model to need no more than PredictFraud has."""
    folder = tmp_path_factory.mktemp("four")
    done = run(
        *("train", "--data", simulated.transactions, "--accounts", simulated.accounts),
        *("--out", f"{folder}/{{version}}", "--name", "four", "--activate"),
        *("--facts", ", ".join(SEED_FACTS), "--miss-cost", "90", "--alarm-cost", "10"),
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    return Trained(folder, done.stderr)


@pytest.fixture(scope="session")
def four(trained_on_four: Trained) -> Path:
    """The root of a model that needs the four facts of PredictFraud alone."""
    return trained_on_four.root


@pytest.fixture(scope="session")
def rows(simulated: Files) -> Dataset:
    """All rows of the simulation."""
    return dataset.read(*simulated)


@pytest.fixture(scope="session")
def test_part(rows: Dataset, loaded: Model) -> Dataset:
    """Those that the model was not made from."""
    return evaluate.unseen(rows, [loaded])


@pytest.fixture(scope="session")
def directory(root: Path) -> Path:
    return model.resolve(root)


@pytest.fixture(scope="session")
def loaded(directory: Path) -> Model:
    return model.load(directory)


@pytest.fixture
def broken(directory: Path, tmp_path: Path) -> Path:
    """A copy of the model's directory, to be broken."""
    return Path(shutil.copytree(directory, tmp_path / "broken"))


@pytest.fixture
def short() -> Iterator[Path]:
    """A directory whose path is short enough for a socket's."""
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        yield Path(folder)


class Server:
    """A server in a process of its own, listening."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            assert process.stderr is not None
            raise RuntimeError(process.stderr.read())
        self.listening: dict[str, Any] = json.loads(line)

    @property
    def address(self) -> str:
        return str(self.listening["address"])

    @contextlib.contextmanager
    def channel(self) -> Iterator[grpc.Channel]:
        with grpc.insecure_channel(self.address) as channel:
            yield channel

    @contextlib.contextmanager
    def stub(self) -> Iterator[pb_grpc.FraudDetectionServiceStub]:
        with self.channel() as channel:
            yield pb_grpc.FraudDetectionServiceStub(channel)

    def logged(self, event: str) -> dict[str, Any]:
        """Read its log up to the next line with this event."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            entry = json.loads(line)
            if entry["event"] == event:
                return dict(entry)
        raise AssertionError(f"the server ended without logging {event!r}")

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate()
        return self.process.returncode


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "predictor", *map(str, arguments)]


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, as a user does."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,  # Only so that a server which should not have started does not stay.
    )


def begin(listen: str, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command("serve", "--listen", listen, *arguments),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a server that does not start says, after the line that says what it is."""
    first, _, rest = done.stderr.partition("\n")
    assert json.loads(first)["event"] == "starting"
    return rest


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


Start = Callable[..., Server]


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """Start servers; what a test leaves running is ended after it."""
    started: list[subprocess.Popen[str]] = []

    def one(listen: str, *arguments: str | Path, model: Path = root) -> Server:
        started.append(begin(listen, "--model", model, *arguments))
        return Server(started[-1])

    yield one
    for process in started:
        end(process)


def serving(root: Path) -> Iterator[Server]:
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        process = begin(f"unix:{folder}/s", "--model", root)
        yield Server(process)
        end(process)


@pytest.fixture(scope="session")
def server(root: Path) -> Iterator[Server]:
    """A server for all tests that do not stop or change theirs."""
    yield from serving(root)


@pytest.fixture(scope="session")
def four_server(four: Path) -> Iterator[Server]:
    """Another, whose model PredictFraud can ask."""
    yield from serving(four)


COLUMNS = {
    "amount": [12.5, 2349.99, 0.8, 60.0],
    "time": [1_780_300_800.0, 1_780_281_900.0, 1_780_339_000.0, 1_780_330_000.0],
    "age_of_account": [90_000_000.0, 180_000_000.0, 7_200.0, 0.0],
    "number_of_transactions": [120.0, 90.0, 25.0, 1.0],
    "seconds_since_previous": [86_400.0, 720.0, 25.0, 0.0],
    "amount_last_hour": [12.5, 5_904.49, 48.3, 60.0],
    "amount_last_day": [12.5, 5_904.49, 48.3, 60.0],
    "amount_last_week": [151.25, 6_010.0, 48.3, 60.0],
    "transactions_last_week": [6.0, 9.0, 25.0, 1.0],
}
"""Four rows that hold to every rule: the second is a takeover."""

FOUR = {name: COLUMNS[name] for name in SEED_FACTS}


def arrays(columns: dict[str, list[float]]) -> dict[str, Column]:
    return {name: np.array(values, dtype=np.float64) for name, values in columns.items()}


def random_facts(rng: np.random.Generator, rows: int) -> dict[str, Column]:
    """Facts of every size that hold to the rules; they need not fit together."""
    found = {
        "amount": np.exp(rng.uniform(-5, 12, rows)),
        "time": np.floor(rng.uniform(0, 4e9, rows)),
        "age_of_account": np.floor(np.exp(rng.uniform(0, 21, rows))),
        "number_of_transactions": np.ceil(np.exp(rng.uniform(0, 9, rows))),
        "seconds_since_previous": np.floor(np.exp(rng.uniform(0, 18, rows))),
        "amount_last_hour": np.exp(rng.uniform(-5, 12, rows)),
        "amount_last_day": np.exp(rng.uniform(-5, 13, rows)),
        "amount_last_week": np.exp(rng.uniform(-5, 14, rows)),
        "transactions_last_week": np.ceil(np.exp(rng.uniform(0, 6, rows))),
    }
    assert tuple(found) == FACTS
    return found


def made(
    times: list[float], labels: list[bool], accounts: npt.NDArray[np.int64] | None = None
) -> Dataset:
    """Return rows that differ in nothing but their time, label and account."""
    count = len(times)
    facts = {name: np.full(count, float(column[3])) for name, column in COLUMNS.items()}
    facts["time"] = np.array(times, dtype=np.float64)
    numbers = np.arange(count) if accounts is None else accounts
    return Dataset(facts, np.array(labels, dtype=np.bool_), numbers, "0" * 64, "")


def batch(columns: dict[str, list[float]], rows: int | None = None) -> pb.PredictFraudBatchRequest:
    return pb.PredictFraudBatchRequest(
        rows=len(next(iter(columns.values()), [])) if rows is None else rows,
        columns=[pb.Column(name=name, values=values) for name, values in columns.items()],
    )


def explained(request: pb.PredictFraudBatchRequest) -> pb.ExplainFraudBatchRequest:
    return pb.ExplainFraudBatchRequest.FromString(request.SerializeToString())


def single(row: int) -> pb.PredictionRequest:
    return pb.PredictionRequest(
        transaction_id=row + 1,
        amount=FOUR["amount"][row],
        time=int(FOUR["time"][row]),
        age_of_account=int(FOUR["age_of_account"][row]),
        number_of_transactions=int(FOUR["number_of_transactions"][row]),
    )
