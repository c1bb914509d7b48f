import csv
import datetime as dt
import re
from pathlib import Path

import numpy as np
import pytest

from predictor import simulate
from predictor.errors import DataError
from predictor.simulate import PATTERNS, SHOWCASE_ID

from .conftest import START, Files, run

Row = dict[str, str]


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def small(folder: Path, seed: int = 3, count: int = 60, days: int = 30) -> Files:
    files = Files(folder / "t.csv", folder / "a.csv")
    simulate.run(
        transactions=files.transactions,
        accounts=files.accounts,
        count=count,
        days=days,
        seed=seed,
        start=START,
    )
    return files


def test_the_same_seed_writes_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    here = small(tmp_path)
    there = Files(tmp_path / "new" / "t.csv", tmp_path / "new" / "a.csv")
    done = run(
        *("simulate", "--transactions", there.transactions, "--accounts", there.accounts),
        *("--accounts-count", "60", "--days", "30", "--seed", "3", "--start", str(START)),
        PYTHONHASHSEED="5",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    for mine, other in zip(here, there, strict=True):
        assert mine.read_bytes() == other.read_bytes()


def test_another_seed_writes_other_rows(tmp_path: Path) -> None:
    first = small(tmp_path, seed=3).transactions.read_bytes()
    assert small(tmp_path, seed=4).transactions.read_bytes() != first


@pytest.mark.parametrize(("seed", "count", "days"), [(0, 10, 7), (1, 10, 30), (2, 200, 7)])
def test_every_simulation_has_every_pattern_and_the_showcase(
    tmp_path: Path, seed: int, count: int, days: int
) -> None:
    found = rows(small(tmp_path, seed, count, days).transactions)
    assert {row["pattern"] for row in found} == {"", *(pattern.name for pattern in PATTERNS)}
    takeovers = [row for row in found if row["pattern"] == "account_takeover"]
    assert takeovers[-1]["transaction_id"] == SHOWCASE_ID
    assert [row["transaction_id"] for row in found].count(SHOWCASE_ID) == 1


def test_rows_hold_to_the_format(simulated: Files) -> None:
    found = rows(simulated.transactions)
    opened = {row["account_id"]: int(row["opened_at"]) for row in rows(simulated.accounts)}
    identity = re.compile(r"[A-Za-z0-9._:-]{1,128}")
    times = [int(row["time"]) for row in found]
    begin = simulate.midnight(START)
    assert times == sorted(times)
    assert begin <= times[0] <= times[-1] < begin + 120 * 86_400
    assert len({row["transaction_id"] for row in found}) == len(found)
    for row in found:
        assert identity.fullmatch(row["transaction_id"])
        assert identity.fullmatch(row["account_id"])
        assert float(row["amount"]) > 0
        assert round(float(row["amount"]), 2) == float(row["amount"])
        assert row["currency"] in ("EUR", "USD", "GBP")
        assert row["label"] == ("1" if row["pattern"] else "0")
        assert int(row["time"]) >= opened[row["account_id"]]


def test_about_one_row_in_a_hundred_is_fraud(simulated: Files) -> None:
    labels = [row["label"] == "1" for row in rows(simulated.transactions)]
    assert 0.005 < np.mean(labels) < 0.015


def test_the_patterns_overlap_with_honest_rows(simulated: Files) -> None:
    """No single fact tells all frauds of a pattern from what honest cards do."""
    found = rows(simulated.transactions)
    honest = [row for row in found if not row["pattern"]]
    hours = np.array([int(row["time"]) % 86_400 / 3600 for row in honest])
    amounts = np.array([float(row["amount"]) for row in honest])
    assert 0.01 < np.mean((hours > 0.5) & (hours < 5)) < 0.2
    assert 0.005 < np.mean(amounts < 4) < 0.05
    assert 0.002 < np.mean(amounts > 600) < 0.05
    assert ((amounts > 300) & (hours > 0.5) & (hours < 5)).any()


def test_too_small_a_simulation_is_refused() -> None:
    with pytest.raises(DataError, match="at least 10 accounts and 7 days"):
        simulate.simulate(accounts=9, days=7, seed=0, start=0)


def test_a_simulation_before_1970_is_refused() -> None:
    with pytest.raises(DataError, match="1970 or later"):
        simulate.simulate(accounts=10, days=7, seed=0, start=-1)


def test_a_day_begins_at_midnight_utc() -> None:
    assert simulate.midnight(dt.date(1970, 1, 2)) == 86_400
