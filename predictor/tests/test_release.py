"""What a server says it is, before anything else."""

import json
import subprocess
from pathlib import Path

from predictor import release
from predictor.tests.conftest import ROOT, begin, end


def test_a_server_logs_its_version_and_commit_first(short: Path, directory: Path) -> None:
    process = begin(f"unix:{short}/s", "--model", directory)
    try:
        assert process.stderr is not None
        first = json.loads(process.stderr.readline())
    finally:
        end(process)
    assert first["event"] == "starting"
    assert first["model"] == str(directory)
    assert {name: first[name] for name in ("version", "commit")} == release.identity()


def test_a_server_that_cannot_start_says_what_it_is_all_the_same(tmp_path: Path) -> None:
    process = begin("127.0.0.1:0", "--model", tmp_path / "nowhere")
    _, said = process.communicate()
    assert process.returncode == 1
    assert json.loads(said.splitlines()[0])["event"] == "starting"


def test_a_clone_tells_its_commit() -> None:
    head = ("git", "-C", ROOT, "rev-parse", "HEAD")
    commit = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
    assert release.identity() == {"version": commit, "commit": commit}


def test_an_archive_tells_its_release(tmp_path: Path) -> None:
    told = {"version": "v1.2.3", "commit": "0123abc"}
    (tmp_path / "release.json").write_text(json.dumps(told))
    assert release.identity(tmp_path) == told


def test_what_is_neither_says_so(tmp_path: Path) -> None:
    package = tmp_path / "predictor"
    assert release.identity(package) == {"version": "unknown", "commit": "unknown"}
    (tmp_path / ".git").write_text("gitdir: nowhere")
    assert release.identity(package) == {"version": "unknown", "commit": "unknown"}
