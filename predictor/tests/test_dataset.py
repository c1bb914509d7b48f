import gzip
from pathlib import Path

import pytest

from predictor import dataset
from predictor.errors import DataError

HEADER = "transaction_id,account_id,amount,time,label\n"
GOOD = HEADER + "t1,a,9.5,100,0\nt2,a,12,160,1\n"


def write(folder: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_rows_become_facts_and_labels(tmp_path: Path) -> None:
    accounts = write(tmp_path, "account_id,opened_at\na,40\n", "accounts.csv")
    data = dataset.read(write(tmp_path, GOOD), accounts)
    assert {name: column.tolist() for name, column in data.facts.items()} == {
        "amount": [9.5, 12.0],
        "time": [100.0, 160.0],
        "age_of_account": [60.0, 120.0],
        "number_of_transactions": [1.0, 2.0],
    }
    assert data.labels.tolist() == [False, True]


@pytest.mark.parametrize(
    "content",
    [
        "label,time,shop,amount,account_id\n0,100,x,9.5,a\n1,160,y,12,a\n",  # No ids; any order.
        "\ufeff" + GOOD,
        GOOD.replace("\n", "\r\n"),
        GOOD.rstrip("\n"),
        HEADER + 't1,"a",9.5,100,0\nt2,a,"12",160,1\n',
        HEADER + ",a,9.5,100,0\n,a,12,160,1\n",  # Empty ids are none.
    ],
)
def test_other_ways_to_write_it_read_the_same(tmp_path: Path, content: str) -> None:
    data = dataset.read(write(tmp_path, content))
    assert data.facts["amount"].tolist() == [9.5, 12.0]
    assert data.labels.tolist() == [False, True]


def test_gz_reads_as_what_it_holds(tmp_path: Path) -> None:
    data = dataset.read(write(tmp_path, gzip.compress(GOOD.encode()), "data.csv.gz"))
    assert len(data) == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "data.csv: is empty"),
        (HEADER, "data.csv: has no rows"),
        (GOOD.replace("amount", "sum"), "data.csv:1: column amount is missing from the header"),
        (GOOD.replace(",time", ",amount"), "data.csv:1: column amount stands twice"),
        (GOOD + "t3,a,1,200\n", "data.csv:4: 4 values, not the header's 5"),
        (GOOD + "t3,a,1,200,0,9\n", "data.csv:4: 6 values, not the header's 5"),
        (GOOD + "t3,a,1,200,2\n", "data.csv:4: label must be 0 or 1, not '2'"),
        (GOOD + "t3,a,1,200,\n", "data.csv:4: label must be 0 or 1, not ''"),
        (GOOD + "t3,a,nan,200,0\n", "data.csv:4: amount must be a finite number, not 'nan'"),
        (GOOD + "t3,a,inf,200,0\n", "data.csv:4: amount must be a finite number, not 'inf'"),
        (GOOD + "t3,a,much,200,0\n", "data.csv:4: amount must be a finite number, not 'much'"),
        (GOOD + "t3,a,-1,200,0\n", "data.csv:4: amount must be finite and above 0"),
        (GOOD + "t3,a,1,soon,0\n", "data.csv:4: time must be a finite number, not 'soon'"),
        (GOOD + "t3,a,1,-5,0\n", "data.csv:4: time must be in the years 1970 to 9999"),
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,40\n", "accounts.csv:1: column account_id is missing"),
        ("account_id,opened_at\na,\n", "accounts.csv:2: opened_at must be a finite number"),
        ("account_id,opened_at\na,1\na,2\n", "accounts.csv:3: account_id 'a' stands above already"),
    ],
)
def test_the_accounts_file_has_rules_too(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        dataset.read(write(tmp_path, GOOD), write(tmp_path, content, "accounts.csv"))


@pytest.mark.parametrize("cut", [5, 20, -9, -1])
def test_a_gzip_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, gzip.compress(GOOD.encode() * 50)[:cut], "data.csv.gz")
    with pytest.raises(DataError, match=r"cut short|damaged"):
        dataset.read(path)


def test_what_is_not_gzip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a gzip file"):
        dataset.read(write(tmp_path, GOOD, "data.csv.gz"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv: No such file"):
        dataset.read(tmp_path / "nothing.csv")
