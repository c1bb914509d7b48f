import csv
import datetime as dt
import decimal
import gzip
import hashlib
import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from predictor import dataset
from predictor.dataset import Dataset
from predictor.errors import DataError
from predictor.features import FACTS

from .conftest import Files, random_facts

HEADER = "transaction_id,account_id,amount,time,label\n"
GOOD = HEADER + "t1,a,9.5,100,0\nt2,a,12,160,1\n"


def write(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def parquet(folder: Path, columns: dict[str, Any], name: str = "data.parquet") -> Path:
    path = folder / name
    pq.write_table(pa.table(columns), path)
    return path


def same(one: Dataset, other: Dataset) -> None:
    assert list(one.facts) == list(other.facts)
    for name, column in one.facts.items():
        assert column.tolist() == other.facts[name].tolist(), name
    assert one.labels.tolist() == other.labels.tolist()
    assert one.accounts.tolist() == other.accounts.tolist()


def test_rows_become_facts_and_labels(tmp_path: Path) -> None:
    accounts = write(tmp_path, "account_id,opened_at\na,40\n", "accounts.csv")
    path = write(tmp_path, GOOD)
    data = dataset.read(path, accounts)
    assert {name: column.tolist() for name, column in data.facts.items()} == {
        "amount": [9.5, 12.0],
        "time": [100.0, 160.0],
        "age_of_account": [60.0, 120.0],
        "number_of_transactions": [1.0, 2.0],
        "seconds_since_previous": [60.0, 60.0],
        "amount_last_hour": [9.5, 21.5],
        "amount_last_day": [9.5, 21.5],
        "amount_last_week": [9.5, 21.5],
        "transactions_last_week": [1.0, 2.0],
    }
    assert list(data.facts) == list(FACTS)
    assert data.labels.tolist() == [False, True]
    assert data.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert data.accounts_sha256 == hashlib.sha256(accounts.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        "label,time,shop,amount,account_id\n0,100,x,9.5,a\n1,160,y,12,a\n",  # No ids; any order.
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        HEADER + 't1,"a",9.5,100,0\nt2,a,"12",160,1\n',
        HEADER + ",a,9.5,100,0\n,a,12,160,1\n",  # Empty ids are none.
        GOOD.replace(",0\n", ",legitimate\n").replace(",1\n", ",fraud\n"),
        GOOD.replace(",0\n", ",false\n").replace(",1\n", ",True\n"),
        GOOD.replace(",0\n", ",0.0\n").replace(",1\n", ",FRAUD\n"),
        GOOD.replace(",100,", ",1970-01-01T00:01:40Z,"),
        GOOD.replace(",160,", ",1970-01-01T01:02:40+01:00,"),
        GOOD.replace(",160,", ",1970-01-01 00:02:40.000+00:00,"),
    ],
)
def test_other_ways_to_write_it_read_the_same(tmp_path: Path, content: str) -> None:
    same(dataset.read(write(tmp_path, content)), dataset.read(write(tmp_path, GOOD, "good.csv")))


def test_gz_reads_as_what_it_holds(tmp_path: Path) -> None:
    data = dataset.read(write(tmp_path, gzip.compress(GOOD.encode()), "data.csv.gz"))
    same(data, dataset.read(write(tmp_path, GOOD)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "data.csv: is empty"),
        ("\n", "data.csv: is empty"),
        (HEADER, "data.csv: has no rows"),
        (GOOD.replace("amount", "sum"), "data.csv:1: column amount is missing from the header"),
        (GOOD.replace("label", "truth"), "data.csv:1: column label is missing from the header"),
        (GOOD.replace("transaction_id", "amount"), "data.csv:1: column amount stands twice"),
        (GOOD.replace("transaction_id", "time"), "data.csv:1: column time stands twice"),
        (GOOD + "t3,a,1,200\n", "data.csv:4: 4 values, not the header's 5"),
        (GOOD + "t3,a,1,200,0,9\n", "data.csv:4: 6 values, not the header's 5"),
        (GOOD + "\n", "data.csv:4: 0 values, not the header's 5"),
        (GOOD + "t3,a,1,200,2\n", "data.csv:4: label must be 1, 0, fraud, legitimate or empty"),
        (GOOD + "t3,a,1,200,yes\n", "legitimate or empty, not 'yes'"),
        (GOOD + "t3,a,1,200, 1\n", "legitimate or empty, not ' 1'"),
        (GOOD + "t3,a,1,200,nan\n", "legitimate or empty, not 'nan'"),
        (GOOD + "t3,a,nan,200,0\n", "data.csv:4: amount must be a finite number, not 'nan'"),
        (GOOD + "t3,a,inf,200,0\n", "data.csv:4: amount must be a finite number, not 'inf'"),
        (GOOD + "t3,a,much,200,0\n", "data.csv:4: amount must be a finite number, not 'much'"),
        (GOOD + "t3,a,,200,0\n", "data.csv:4: amount must be a finite number, not ''"),
        (GOOD + 't3,a,"1,5",200,0\n', "data.csv:4: amount must be a finite number, not '1,5'"),
        (GOOD + "t3,a,-1,200,0\n", "data.csv:4: amount must be finite and above 0"),
        (GOOD + "t3,a,1,soon,0\n", "data.csv:4: time must be seconds since 1970 or RFC 3339"),
        (GOOD + "t3,a,1,,0\n", "data.csv:4: time must be seconds since 1970 or RFC 3339, not ''"),
        (GOOD + "t3,a,1,nan,0\n", "data.csv:4: time must be seconds since 1970 or RFC 3339"),
        (GOOD + "t3,a,1,-5,0\n", "data.csv:4: time must be in seconds, in the years 1970 to 9999"),
        (GOOD + "t3,a,1,1780300800000,0\n", "not '1780300800000' (milliseconds?)"),
        (GOOD + "t3,a,1,2026-02-30T00:00:00Z,0\n", "data.csv:4: time must be seconds since 1970"),
        (GOOD + "t3,a,1,2026-02-03T00:00:00,0\n", "data.csv:4: time needs a time zone, such as Z"),
        (GOOD + "t1,a,1,200,0\n", "data.csv:4: transaction_id 't1' stands above already"),
        (GOOD + 't3,"a,1,200,0\n', "data.csv:4: unexpected end of data"),
        (GOOD.encode() + b"t3,\xff,1,200,0\n", "data.csv:4: not UTF-8"),
    ],
)
def test_a_complaint_names_the_line_and_the_rule(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    with pytest.raises(DataError) as raised:
        dataset.read(write(tmp_path, content))
    assert message in str(raised.value)
    assert str(raised.value).startswith(f"{tmp_path}/data.csv")


def test_an_endless_value_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.csv:4: field larger than field limit"):
        dataset.read(write(tmp_path, GOOD + f"t3,{'x' * 200_000},1,200,0\n"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,40\n", "accounts.csv:1: column account_id is missing"),
        ("account_id,opened_at\na,\n", "accounts.csv:2: opened_at must be seconds since 1970"),
        ("account_id,opened_at\na,1\na,2\n", "accounts.csv:3: account_id 'a' stands above already"),
        ("account_id,opened_at\na,1500000000000\n", "accounts.csv:2: .*milliseconds"),
        ("account_id,opened_at\na,2026-01-01\n", "accounts.csv:2: opened_at needs a time zone"),
    ],
)
def test_the_accounts_file_has_rules_too(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        dataset.read(write(tmp_path, GOOD), write(tmp_path, content, "accounts.csv"))


def test_times_may_be_written_as_rfc_3339_everywhere(tmp_path: Path) -> None:
    moment = dt.datetime(2026, 2, 3, 4, 5, 6, 250_000, dt.UTC)
    zone = dt.timezone(dt.timedelta(hours=-3.5))
    head = "account_id,amount,time,label,account_opened_at\n"
    row = f"a,1,{moment.astimezone(zone).isoformat()},0,{(moment - dt.timedelta(1)).isoformat()}\n"
    data = dataset.read(write(tmp_path, head + row))
    assert data.facts["time"].tolist() == [moment.timestamp()]
    assert data.facts["age_of_account"].tolist() == [86_400]
    accounts = write(tmp_path, "account_id,opened_at\na,2026-02-03T04:05:00Z\n", "accounts.csv")
    data = dataset.read(write(tmp_path, head + row), accounts)
    assert data.facts["age_of_account"].tolist() == [6]  # The accounts file wins.


def test_an_account_opens_with_its_first_row_told_or_not(tmp_path: Path) -> None:
    head = "account_id,amount,time,label,account_opened_at\n"
    told = dataset.read(write(tmp_path, head + "a,1,100,0,40\na,1,160,0,10\na,1,170,0,\n"))
    assert told.facts["age_of_account"].tolist() == [60, 120, 130]
    late = dataset.read(write(tmp_path, head + "a,1,100,0,\na,1,160,0,40\n"))
    assert late.facts["age_of_account"].tolist() == [0, 60]
    with pytest.raises(DataError, match=r"data\.csv:3: account_opened_at must be seconds"):
        dataset.read(write(tmp_path, head + "a,1,100,0,\na,1,160,0,long ago\n"))


def test_rows_without_a_label_count_for_the_facts_of_others_only(tmp_path: Path) -> None:
    data = dataset.read(
        write(tmp_path, HEADER + "t1,a,1,100,\nt2,a,2,160,1\nt3,b,4,170,\nt4,a,8,180,0\n")
    )
    assert len(data) == 2
    assert data.labels.tolist() == [True, False]
    assert data.facts["number_of_transactions"].tolist() == [2, 3]
    assert data.facts["amount_last_hour"].tolist() == [3, 11]
    assert data.facts["seconds_since_previous"].tolist() == [60, 20]
    assert data.accounts.tolist() == [0, 0]


def test_a_row_without_a_label_must_hold_to_the_rules_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.csv:4: amount must be finite and above 0"):
        dataset.read(write(tmp_path, GOOD + "t3,a,-1,200,\n"))


def test_rows_that_all_have_no_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.csv: has no rows with a label"):
        dataset.read(write(tmp_path, HEADER + "t1,a,1,100,\n"))


def test_accounts_are_numbered(tmp_path: Path) -> None:
    data = dataset.read(write(tmp_path, HEADER + "1,b,1,1,0\n2,a,1,2,0\n3,b,1,3,1\n4,c,1,4,0\n"))
    first, second, third, fourth = data.accounts.tolist()
    assert first == third
    assert sorted({first, second, fourth}) == [0, 1, 2]
    part = data.where(np.array([True, False, True, True]))
    assert sorted(set(part.accounts.tolist())) == [0, 1]
    assert part.accounts[0] == part.accounts[1]


def derived(rows: int = 40, days: float = 30.0) -> dict[str, list[Any]]:
    """Rows that have their facts already, which no history would give."""
    facts = random_facts(np.random.default_rng(1), rows)
    facts["time"] = 1_780_300_800.0 + np.linspace(0, days * 86_400, rows).round()
    facts["age_of_account"][0] = 9e7
    columns: dict[str, list[Any]] = {name: column.tolist() for name, column in facts.items()}
    columns["label"] = [row % 2 for row in range(rows)]
    return columns


def as_csv(columns: dict[str, list[Any]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def test_facts_that_are_there_are_taken_as_they_are(tmp_path: Path) -> None:
    columns = derived()
    data = dataset.read(write(tmp_path, as_csv(columns)))
    assert {name: column.tolist() for name, column in data.facts.items()} == {
        name: columns[name] for name in FACTS
    }
    assert sorted(data.accounts.tolist()) == list(range(40))  # Nobody knows whose they are.


def test_facts_that_are_there_may_be_few(tmp_path: Path) -> None:
    columns = derived()
    few = {n: columns[n] for n in ("label", "amount_last_hour", "time", "age_of_account", "amount")}
    data = dataset.read(write(tmp_path, as_csv({**few, "account_id": ["a", "b"] * 20})))
    assert list(data.facts) == ["amount", "time", "age_of_account", "amount_last_hour"]
    assert data.accounts.tolist() == [0, 1] * 20


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("age_of_account", -1.0, "age_of_account must be a whole number of seconds"),
        ("age_of_account", 0.5, "age_of_account must be a whole number of seconds"),
        ("number_of_transactions", 0.0, "number_of_transactions must be a whole number, at least"),
        ("amount_last_day", 0.0, "amount_last_day must be finite and above 0"),
        ("transactions_last_week", "", "transactions_last_week must be a finite number, not ''"),
    ],
)
def test_facts_that_are_there_must_hold_to_their_rules(
    tmp_path: Path, name: str, value: object, message: str
) -> None:
    columns = derived()
    columns[name][2] = value
    with pytest.raises(DataError, match=f"data.csv:4: {message}"):
        dataset.read(write(tmp_path, as_csv(columns)))
    if value != "":
        with pytest.raises(DataError, match=f"data.parquet: row 3: {message}"):
            dataset.read(parquet(tmp_path, columns))


def test_ages_in_days_are_refused(tmp_path: Path) -> None:
    columns = derived()
    columns["age_of_account"] = [float(row * 90) for row in range(40)]
    with pytest.raises(DataError, match=r"age_of_account must be in seconds; .*days\?"):
        dataset.read(write(tmp_path, as_csv(columns)))


@pytest.mark.parametrize(("days", "oldest"), [(3.0, 3_510.0), (30.0, 0.0), (30.0, 36_525.0)])
def test_ages_that_may_be_seconds_are_taken(tmp_path: Path, days: float, oldest: float) -> None:
    columns = derived(days=days)
    columns["age_of_account"] = [0.0] * 39 + [oldest]
    assert len(dataset.read(write(tmp_path, as_csv(columns)))) == 40


def test_parquet_equals_csv(tmp_path: Path, simulated: Files) -> None:
    with simulated.transactions.open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))[:1_200]
    columns: dict[str, Any] = {
        name: [row[name] for row in table] for name in ("transaction_id", "account_id", "pattern")
    }
    columns["amount"] = [float(row["amount"]) for row in table]
    columns["time"] = [int(row["time"]) for row in table]
    columns["label"] = [None if n % 3 else row["label"] == "1" for n, row in enumerate(table)]
    texts = {**columns, "label": ["" if n is None else int(n) for n in columns["label"]]}
    expected = dataset.read(write(tmp_path, as_csv(texts)), simulated.accounts)
    assert len(expected) == 400
    same(dataset.read(parquet(tmp_path, columns), simulated.accounts), expected)
    columns["time"] = [dt.datetime.fromtimestamp(t, dt.UTC) for t in columns["time"]]
    same(dataset.read(parquet(tmp_path, columns), simulated.accounts), expected)
    columns["label"] = pa.array(columns["label"]).cast(pa.float64())
    columns["account_id"] = pa.array(columns["account_id"]).dictionary_encode()
    columns["amount"] = [decimal.Decimal(str(amount)) for amount in columns["amount"]]
    same(dataset.read(parquet(tmp_path, columns), simulated.accounts), expected)


def test_derived_facts_in_parquet_keep_every_digit(tmp_path: Path) -> None:
    columns = derived()
    same(dataset.read(parquet(tmp_path, columns)), dataset.read(write(tmp_path, as_csv(columns))))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_every_unit_of_a_parquet_timestamp_is_read(tmp_path: Path, unit: str) -> None:
    moments = pa.array([1_780_300_800, 1_780_300_860]).cast(pa.timestamp("s", "Europe/Berlin"))
    columns = {"account_id": ["a", "a"], "amount": [1.0, 2.0], "label": [0, 1]}
    columns["time"] = moments.cast(pa.timestamp(unit, "Europe/Berlin"))
    data = dataset.read(parquet(tmp_path, columns))
    assert data.facts["time"].tolist() == [1_780_300_800, 1_780_300_860]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("label", [0, 2], "row 2: label must be 1, 0, fraud, legitimate or empty, not '2'"),
        ("label", [0.0, float("nan")], "row 2: label must be .* not 'nan'"),
        ("amount", [1.0, None], "row 2: amount must be a finite number, not ''"),
        ("amount", [1.0, -0.0], "row 2: amount must be finite and above 0"),
        ("time", [dt.datetime(2026, 1, 1)] * 2, "row 1: time needs a time zone"),  # noqa: DTZ001
        ("time", [1, 1_780_300_800_000], "row 2: time must be seconds .*milliseconds"),
        ("transaction_id", ["t", "t"], "row 2: transaction_id 't' stands above already"),
    ],
)
def test_a_complaint_about_parquet_names_the_row(
    tmp_path: Path, name: str, values: list[Any], message: str
) -> None:
    columns = {"account_id": ["a", "a"], "amount": [1.0, 2.0], "time": [1, 2], "label": [0, 1]}
    with pytest.raises(DataError, match=f"data.parquet: {message}"):
        dataset.read(parquet(tmp_path, {**columns, name: values}))


def test_a_parquet_file_without_a_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"data\.parquet:1: column time is missing"):
        dataset.read(parquet(tmp_path, {"account_id": ["a"], "amount": [1.0], "label": [0]}))
    with pytest.raises(DataError, match=r"data\.parquet: is empty"):
        dataset.read(parquet(tmp_path, {}))
    nothing: dict[str, list[Any]] = {n: [] for n in ("account_id", "amount", "time", "label")}
    with pytest.raises(DataError, match=r"data\.parquet: has no rows"):
        dataset.read(parquet(tmp_path, nothing))


def test_a_damaged_parquet_file_is_read_or_refused_by_name(tmp_path: Path) -> None:
    columns = {"account_id": ["a", "b"] * 20, "amount": np.arange(1.0, 41.0)}
    path = parquet(tmp_path, {**columns, "time": np.arange(40), "label": [0, 1] * 20})
    content = path.read_bytes()
    rng = np.random.default_rng(2)
    refused = []
    for turn in range(300):
        damaged = bytearray(content[: rng.integers(len(content))] if turn % 3 == 0 else content)
        for _ in range(turn % 3):
            damaged[rng.integers(len(damaged))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            dataset.read(path)
        except DataError as err:
            refused.append(str(err))
    assert len(refused) > 100
    assert all(text.startswith(f"{path}:") for text in refused)


def test_without_pyarrow_parquet_names_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = parquet(tmp_path, {"amount": [1.0]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"needs the package pyarrow: pip install -r predictor/req"):
        dataset.read(path)


@pytest.mark.parametrize("cut", [5, 20, -9, -1])
def test_a_gzip_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, gzip.compress(GOOD.encode() * 50)[:cut], "data.csv.gz")
    with pytest.raises(DataError, match=r"cut short|damaged"):
        dataset.read(path)


def test_what_is_not_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a gzip file"):
        dataset.read(write(tmp_path, GOOD, "data.csv.gz"))


@pytest.mark.parametrize("name", ["nothing.csv", "nothing.csv.gz", "nothing.parquet"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"{name}: No such file"):
        dataset.read(tmp_path / name)


def test_bare_facts_and_a_number_are_read(tmp_path: Path) -> None:
    path = write(tmp_path, "score,time,amount\n0.1,2,3\n0.30000000000000004,5,6\n")
    found, extra = dataset.read_facts(path, path.read_bytes(), ("amount", "time"), "score")
    assert {name: column.tolist() for name, column in found.items()} == {
        "amount": [3.0, 6.0],
        "time": [2.0, 5.0],
    }
    assert extra.tolist() == [0.1, 0.1 + 0.2]
    none, empty = dataset.read_facts(path, b"score,time,amount\n", ("amount", "time"), "score")
    assert [len(column) for column in (*none.values(), empty)] == [0, 0, 0]
