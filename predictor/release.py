"""Which release this is, and of which commit: what a server logs first."""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent

UNKNOWN = "unknown"


def identity(package: Path = HERE) -> dict[str, str]:
    """Return version and commit: an archive tells both, in a clone the commit is the version."""
    told = package / "release.json"
    if told.exists():
        return dict(json.loads(told.read_text()))
    commit = _commit(package.parent)
    return {"version": commit, "commit": commit}


def _commit(clone: Path) -> str:
    """Return what git has checked out there, if it is a clone at all."""
    if not (clone / ".git").exists():
        return UNKNOWN
    command = ("git", "-C", str(clone), "rev-parse", "HEAD")
    try:
        # Nothing of it comes from outside, and git is where its user has it.
        said = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return said.stdout.strip()
