"""Files scored without a service: what is read, what is refused, and what counts for whom."""

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from predictor import bulk, facts
from predictor.errors import DataError
from predictor.model import Model

HEADER = "transaction_id,account_id,amount,time,account_opened_at\n"
ROWS = [
    "t1,a,12.5,1780300800,2026-01-01T00:00:00Z",
    "t2,b,8,2026-06-01T08:30:00Z,",
    "t3,a,7.25,1780300000,",  # Late.
    "t1,a,12.5,1780300800,",  # Again.
    "t1,a,12.75,1780300800,",
    "t4,a,0,1780300900,",
    "t5,a,1_0,1780300900,",
    "t6,no spaces,1,1780300900,",
    "t7,a,1",
    "t8,a,5,1780301000,",
]


def written(folder: Path, name: str, rows: list[str]) -> Path:
    path = folder / name
    text = (HEADER + "\n".join(rows) + "\n").encode()
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    return path


def answers(path: Path, scorer: Model) -> list[dict[str, object]]:
    table = pa.concat_tables(bulk.read(path, 0, 1))
    assert table.schema == bulk.READ
    found = bulk.answer(table.take(list(reversed(range(len(table))))), scorer)
    assert found.schema == bulk.ANSWERS
    rows: list[dict[str, object]] = found.to_pylist()
    return rows


def test_rows_are_answered_as_if_they_had_been_recorded_in_order(
    tmp_path: Path, loaded: Model
) -> None:
    found = answers(written(tmp_path, "payments.csv.gz", ROWS), loaded)
    assert [row["reason"] for row in found] == [
        *("", "", "", "", "FACTS_DIFFER"),
        *["INVALID_ARGUMENT"] * 4,
        "",
    ]
    known = facts.compute(
        ["a", "b", "a", "a"],
        [12.5, 8.0, 7.25, 5.0],
        [1780300800.0, 1780302600.0, 1780300000.0, 1780301000.0],
        {"a": 1767225600.0},
    )
    want = np.round(loaded.predict(known).probabilities * 1e12) / 1e10
    scored = [row for row in found if not row["reason"]]
    assert [row["fraud_probability"] for row in scored] == [*want[:3], want[0], want[3]]
    assert {row["model_version"] for row in scored} == {loaded.manifest.version}
    for row in found:
        if row["reason"]:
            assert set(row.values()) == {row["transaction_id"], row["reason"], None}


def test_parquet_is_answered_as_csv_is(tmp_path: Path, loaded: Model) -> None:
    rows = [row for row in ROWS if row.count(",") == 4]
    columns = dict(
        zip(HEADER.strip().split(","), zip(*(r.split(",") for r in rows), strict=True), strict=True)
    )
    pq.write_table(pa.table({k: list(v) for k, v in columns.items()}), tmp_path / "p.parquet")
    same = [answers(written(tmp_path, "p.csv", rows), loaded)]
    same.append(answers(tmp_path / "p.parquet", loaded))
    for table in same:
        for row in table:
            row.pop("assessed_at")
    assert same[0] == same[1]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    lacking = tmp_path / "lacking.csv"
    lacking.write_text("transaction_id,amount,time\n")
    with pytest.raises(DataError, match=r"lacking\.csv:1: the header must have .* account_id"):
        list(bulk.read(lacking, 0, 1))
    cut = written(tmp_path, "cut.csv.gz", ROWS)
    cut.write_bytes(cut.read_bytes()[:-12])
    with pytest.raises(DataError, match=r"cut\.csv\.gz: cannot be read as CSV"):
        list(bulk.read(cut, 0, 1))
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match=r"notes\.txt: must be \.csv"):
        bulk.files(tmp_path)
