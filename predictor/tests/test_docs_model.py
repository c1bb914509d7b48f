"""docs/model.md, followed to the letter: every block, in order, in a folder like the root."""

import contextlib
import csv
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pytest
from fraud_detection import fraud_detection_pb2 as pb

from predictor import dataset, manifest, model
from predictor.features import (
    DEFAULT_FEATURES,
    FACTS,
    KNOWN_FEATURES,
    REASONS,
    Column,
    Extractor,
    Facts,
)
from predictor.manifest import Manifest

from .conftest import ROOT, Server, batch, begin, end

TEXT = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
BRRR = ROOT / "bin" / "brrr"
SHOWCASE = "Y12a34x56"
PATIENCE = 60.0
"""Seconds that a line of the log is waited for, so that a failure does not hang."""


class Block(NamedTuple):
    language: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(sh|python)\n(.*?)^```$", TEXT, re.M | re.S)]


class Gateway:
    """What a block that ends in `brrr serve` starts: a gateway, its predictors, and their log."""

    def __init__(self, block: str, folder: Path, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            ["sh", "-c", block],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # So that all of it can be stopped, as Ctrl-C does.
        )
        hosts = re.search(r"--predictor (\S+)", block)
        self._hosts = len(hosts[1].split(",")) if hosts else 1
        self._serving: dict[str, str] = {}
        self._lines: queue.Queue[str] = queue.Queue()
        self._log = ""
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def logged(self, *messages: str) -> dict[str, Any]:
        """Read the log up to the next line with one of these messages."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                raise AssertionError(f"does not say {messages}: {self._log}") from None
            self._log += line
            entry = json.loads(line) if line.startswith("{") else {}
            if entry.get("msg") == "predictor ready":
                self._serving[entry["predictor"]] = entry["model_version"]
            if {entry.get("msg"), entry.get("event")} & set(messages):
                return dict(entry)

    def await_address(self) -> str:
        return str(self.logged("listening")["url"]).removeprefix("http://")

    def await_version(self, version: str) -> None:
        """Read the log until every predictor serves this version."""
        while [*self._serving.values()] != [version] * self._hosts:
            self.logged("predictor ready")

    def stop(self) -> None:
        """Stop all of it. The log ends when the last process has."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            if self._reading.is_alive():
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, how)
                self._reading.join(PATIENCE)
        self.process.wait()


class Walk:
    """A reader, who does what the document says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.models = folder / "predictor" / "models"
        self.printed: dict[str, str] = {}  # By block.
        self.gateway: Gateway | None = None
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("BRRR_")} | {
            "BRRR_LISTEN": "127.0.0.1:0",
            "BRRR_ADMIN_LISTEN": "127.0.0.1:0",
            "BRRR_WAIT": f"{PATIENCE:.0f}s",
            "PIP_NO_INDEX": "1",  # What the document installs is what the tests run with.
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        (folder / "predictor").mkdir()
        for path in (ROOT / "predictor").iterdir():
            if path.suffix in (".py", ".txt"):
                (folder / "predictor" / path.name).symlink_to(path)
        (folder / "predictor" / ".venv").symlink_to(sys.prefix)
        (folder / "gen").symlink_to(ROOT / "gen")
        if BRRR.exists():  # A copy: it looks for predictor/ beside the folder that it lies in.
            (folder / "bin").mkdir()
            shutil.copy2(BRRR, folder / "bin" / "brrr")

    def follow(self, block: Block) -> None:
        if block.language == "python":
            name = re.match(r"# (\w+\.py)\b", block.text)
            assert name is not None, block.text
            (self.folder / name[1]).write_text(block.text, encoding="utf-8")
        elif "bin/brrr" in block.text and not BRRR.exists():
            return
        elif re.search(r"^bin/brrr serve\b", block.text, re.M):
            self.stop()
            self.gateway = Gateway(block.text, self.folder, self.environment)
            # The next one takes the same port, as the reader's does.
            self.environment["BRRR_LISTEN"] = self.gateway.await_address()
        else:
            done = self.sh(block.text)
            assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
            self.printed[block.text] = done.stdout
        if self.gateway is not None:
            self.gateway.await_version(self.active().version)

    def sh(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run lines in the reader's one terminal: what is set in it stays set."""
        # The only thing changed in a block: the port is one that was free.
        text = text.replace("127.0.0.1:8080", self.environment["BRRR_LISTEN"])
        script = f"set -ae\n[ ! -e .shell ] || . ./.shell\n{text}\nexport -p > .shell\n"
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=10 * PATIENCE,
        )

    def active(self) -> Manifest:
        return manifest.load(model.resolve(self.models) / "manifest.json")

    def stop(self) -> None:
        if self.gateway is not None:
            self.gateway.stop()
            self.gateway = None


@pytest.fixture(scope="module")
def walk() -> Iterator[Walk]:
    with tempfile.TemporaryDirectory(prefix="d-") as folder:
        walked = Walk(Path(folder))
        try:
            for block in BLOCKS:
                walked.follow(block)
            yield walked
        finally:
            walked.stop()


@pytest.fixture
def gateway(walk: Walk) -> Gateway:
    if walk.gateway is None:
        pytest.skip("bin/brrr is not built: make build")
    return walk.gateway


def original(walk: Walk, facts: Facts) -> Column:
    """What the scikit-learn model says in this process, calibrated as written down."""
    about = walk.active()
    table = Extractor(about.features).matrix(facts)
    frauds = joblib.load(walk.folder / "ours.joblib").predict_proba(table)[:, 1]
    return about.calibration.probabilities(np.log(frauds / (1.0 - frauds)))


def test_the_predictor_answers_what_the_new_model_of_scikit_learn_does(walk: Walk) -> None:
    data = dataset.read(walk.folder / "payments.csv", walk.folder / "accounts.csv")
    about = walk.active()
    assert (about.version[:5], about.engine) == ("ours-", "onnx")
    late = data.where(data.facts["time"] >= about.training.test_from)
    facts = {name: late.facts[name] for name in about.facts}
    process = begin(f"unix:{walk.folder}/s", "--model", walk.models)
    try:
        with Server(process).stub() as stub:
            reply = stub.PredictFraudBatch(batch({n: v.tolist() for n, v in facts.items()}))
            assert stub.GetModel(pb.GetModelRequest()).version == about.version
    finally:
        end(process)
    assert reply.model_version == about.version
    assert np.abs(np.array(reply.fraud_probabilities) - original(walk, facts)).max() <= 1e-5


@pytest.mark.usefixtures("gateway")
def test_the_gateway_answers_what_the_new_model_of_scikit_learn_does(walk: Walk) -> None:
    (printed,) = (out for text, out in walk.printed.items() if "--output json" in text)
    answer = json.loads(printed.splitlines()[0])
    assert answer["transaction_id"] == SHOWCASE
    assert answer["assessment"]["model_version"] == walk.active().version
    assert not answer["assessment"]["from_record"]
    with (walk.folder / "payments.csv").open(newline="") as file:
        row = [line["transaction_id"] for line in csv.DictReader(file)].index(SHOWCASE)
    data = dataset.read(walk.folder / "payments.csv", walk.folder / "accounts.csv")
    facts = {name: column[row : row + 1] for name, column in data.facts.items()}
    assert abs(answer["fraud_probability"] / 100 - original(walk, facts)[0]) <= 1e-5


@pytest.mark.usefixtures("gateway")
def test_a_model_from_elsewhere_explains_if_it_is_of_lightgbm(walk: Walk) -> None:
    (printed,) = (out for text, out in walk.printed.items() if "--view explained" in text)
    assert "trees-" in printed
    assert "AMOUNT" in printed
    done = walk.sh(f"bin/brrr check {SHOWCASE} --view explained")
    assert done.returncode != 0
    assert "UNIMPLEMENTED" in done.stderr


@pytest.mark.usefixtures("gateway")
def test_what_was_recorded_trains_the_same_model_as_the_file(walk: Walk) -> None:
    (nine, learnt) = (
        manifest.load(walk.models / name / "manifest.json") for name in ("nine-facts", "learnt")
    )
    assert learnt.version.split("-")[-1] == nine.version.split("-")[-1]


def test_a_bad_model_is_refused_and_the_old_one_serves_on(walk: Walk, gateway: Gateway) -> None:
    good = walk.active()
    shutil.copytree(walk.models / "ours", walk.models / "bad")
    golden = walk.models / "bad" / "golden.csv"
    *lines, last = golden.read_text().splitlines()
    golden.write_text("\n".join([*lines, f"{last.rpartition(',')[0]},0.5", ""]))
    content = json.loads((walk.models / "bad" / "manifest.json").read_text())
    content["version"] = content["version"].replace("ours-", "bad-")
    (walk.models / "bad" / "manifest.json").write_text(json.dumps(content))
    done = walk.sh("bin/brrr model activate bad")
    assert done.returncode != 0
    assert "golden.csv: row" in done.stderr
    assert good.version in done.stderr
    assert "golden.csv: row" in walk.sh("bin/brrr model show").stdout.splitlines()[0]
    for message in (
        "model refused",
        "predictor refuses a new model and serves on with the old one",
    ):
        assert "golden.csv: row" in json.dumps(gateway.logged(message))
    answer = json.loads(walk.sh(f"bin/brrr check {SHOWCASE} --view full -o json").stdout)
    assert answer["assessment"]["model_version"] == good.version
    back = walk.sh("bin/brrr model activate ours")
    assert (back.returncode, back.stdout) == (0, f"serving {good.version}\n")
    # The predictor looks again within a second.
    assert any("refused" not in walk.sh("bin/brrr model show").stdout for _ in range(500))


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table under this head."""
    table = TEXT.split(f"\n{head}\n")[1].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def test_the_tables_hold_what_the_code_does() -> None:
    assert [fact.strip("`") for fact, *_ in rows("| fact | unit | definition |")] == list(FACTS)
    told = rows("| reason | text for a person | value shown | features |")
    assert [(code.strip("`"), text) for code, text, *_ in told] == [
        (code, reason.text) for code, reason in REASONS.items()
    ]
    for code, _, _, features in told:
        assert set(re.findall(r"`(\w+)`", features)) == {
            name for name, feature in KNOWN_FEATURES.items() if feature.reason == code.strip("`")
        }


def test_what_the_document_names_is_there(walk: Walk) -> None:
    nine = walk.models / "nine-facts"
    about = manifest.load(nine / "manifest.json")
    assert about.features == DEFAULT_FEATURES
    figures = re.findall(r"`([^`]*)`", str(rows("| figure | |")))
    assert len(figures) > 10
    assert set(figures) <= set(about.metrics)
    files = re.findall(r"`([^`]*)`", str(rows("| file | |")))
    there = {path.name for path in nine.iterdir()}
    assert {"*.png" if name.endswith(".png") else name for name in there} | {"model.onnx"} == set(
        files
    )
    grown = (nine / "model.txt").read_text()
    settings = {name.strip("`"): value for name, value in rows("| setting | value |")}
    assert settings.pop("min_data_in_leaf") == "a thousandth of the rows, but 20 to 100"
    for name, value in settings.items():
        assert f"\n[{name}: {value}]\n" in grown
    (compared,) = (out for text, out in walk.printed.items() if "--plots" in text)
    assert "four-facts" in compared.splitlines()[0]
    assert {path.name for path in (walk.folder / "plots").iterdir()} == {
        name for name in there if name.endswith(".png")
    }
