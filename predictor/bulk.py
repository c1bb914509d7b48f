"""Files of transactions, scored as if each row had been recorded, in order, and assessed.

What stands here is done for the rows of some accounts at a time, by whatever brings
all of an account's rows together.
"""

import csv
import datetime as dt
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from predictor import dataset, facts
from predictor.errors import DataError
from predictor.features import Column
from predictor.model import Model

NEEDED = ("transaction_id", "account_id", "amount", "time")
OPTIONAL = ("currency", "account_opened_at")
READ = pa.schema(
    [
        ("arrival", pa.int64()),
        ("bucket", pa.int32()),
        *((name, pa.string()) for name in (*NEEDED, *OPTIONAL)),
        ("refused", pa.bool_()),
    ]
)
"""Of what is read: texts, and in which place they came."""

ANSWERS = pa.schema(
    [
        ("transaction_id", pa.string()),
        ("predicted_label", pa.bool_()),
        ("fraud_probability", pa.float64()),  # Percent, as the service answers it.
        ("model_version", pa.string()),
        ("threshold", pa.float64()),  # Likewise.
        ("assessed_at", pa.timestamp("us", "UTC")),
        ("reason", pa.string()),  # Empty: there is an answer.
    ]
)
"""What `brrr assess` writes."""

INVALID, DIFFER, UNSCORED = "INVALID_ARGUMENT", "FACTS_DIFFER", "PREDICTOR_UNAVAILABLE"

CHUNK = 50_000
"""Rows that are read at a time."""

_FILE = 2**40
"""Rows that a file may have."""

_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CURRENCY = re.compile(r"([A-Z]{3})?")


def files(path: Path) -> list[Path]:
    """Return the files to read, in order: `path` itself, or those in it by name."""
    found = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    for each in found:
        if not each.name.lower().endswith((".csv", ".csv.gz", ".parquet")):
            raise DataError(f"{each}: must be .csv, .csv.gz or .parquet")
    if not found:
        raise DataError(f"{path}: has no files")
    return found


def read(path: Path, number: int, buckets: int) -> Iterator[pa.Table]:
    """Yield the rows of a file, the `number`th, in order and some at a time.

    All rows of an account have one bucket of so many. Raises DataError.
    """
    rows = _parquet(path) if path.suffix.lower() == ".parquet" else _csv(path)
    first = number * _FILE
    while chunk := list(islice(rows, CHUNK)):
        columns = list(zip(*(values for values, _ in chunk), strict=True))
        accounts = columns[NEEDED.index("account_id")]
        yield pa.table(
            [
                range(first, first + len(chunk)),
                [zlib.crc32(account.encode()) % buckets for account in accounts],
                *columns,
                [refused for _, refused in chunk],
            ],
            schema=READ,
        )
        first += len(chunk)


def _places(path: Path, header: list[str]) -> list[int]:
    for name in NEEDED:
        if header.count(name) != 1:
            raise DataError(f"{path}:1: the header must have the column {name}, once")
    return [header.index(name) if name in header else -1 for name in (*NEEDED, *OPTIONAL)]


def _csv(path: Path) -> Iterator[tuple[list[str], bool]]:
    packed = path.suffix.lower() == ".gz"
    with path.open("rb") as raw:
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        text = io.TextIOWrapper(stream, "utf-8-sig", newline="")
        try:
            reader = csv.reader(text, strict=True)
            header = next(reader, [])
            places = _places(path, header)
            for row in reader:
                whole = len(row) == len(header)
                yield [row[i] if whole and i >= 0 else "" for i in places], not whole
        except (csv.Error, UnicodeDecodeError, EOFError, gzip.BadGzipFile, zlib.error) as err:
            raise DataError(f"{path}: cannot be read as CSV: {err}") from err


def _parquet(path: Path) -> Iterator[tuple[list[str], bool]]:
    try:
        file = pq.ParquetFile(path)
        _places(path, file.schema_arrow.names)
        wanted = [name for name in (*NEEDED, *OPTIONAL) if name in file.schema_arrow.names]
        for batch in file.iter_batches(CHUNK, columns=wanted):
            empty = [""] * batch.num_rows
            columns = [
                dataset.texts(batch.column(name)) if name in wanted else empty
                for name in (*NEEDED, *OPTIONAL)
            ]
            yield from ((list(row), False) for row in zip(*columns, strict=True))
    except (pa.ArrowException, OSError) as err:
        raise DataError(f"{path}: cannot be read as Parquet: {err}") from err


class _Payment(NamedTuple):
    """What may not differ under one ID."""

    account: str
    amount: float
    time: float
    currency: str


def answer(table: pa.Table, scorer: Model) -> pa.Table:
    """Answer all rows of some accounts, in any order; the answers are in order of arrival."""
    table = table.sort_by("arrival")
    rows = list(zip(*(table.column(n).to_pylist() for n in READ.names[2:]), strict=True))
    places, reasons, payments, opened = _recorded(rows)
    kept = list(payments.values())
    found = scorer.predict(
        facts.compute(
            [p.account for p in kept], [p.amount for p in kept], [p.time for p in kept], opened
        )
    )
    for row, place in enumerate(places):
        if place in found.errors:
            reasons[row] = UNSCORED
    answered = np.array([not reason for reason in reasons], dtype=np.bool_)
    at = np.where(answered, places, 0).astype(np.intp)
    about = scorer.manifest
    none = pa.array(~answered)

    def column(values: object, kind: pa.DataType) -> pa.Array:
        return pa.array(values, kind, mask=np.asarray(none))

    many = len(rows)
    probabilities = found.probabilities[at] if kept else np.zeros(many)
    labels = found.labels[at] if kept else np.zeros(many, dtype=np.bool_)
    return pa.table(
        [
            pa.array([row[0] for row in rows], pa.string()),
            column(labels, pa.bool_()),
            column(_percent(probabilities), pa.float64()),
            column(np.array([about.version] * many, dtype=object), pa.string()),
            column(_percent(np.full(many, about.threshold)), pa.float64()),
            column(np.array([dt.datetime.now(dt.UTC)] * many, dtype=object), ANSWERS.types[5]),
            pa.array(reasons, pa.string()),
        ],
        schema=ANSWERS,
    )


def _percent(probabilities: Column) -> Column:
    """Show probabilities as the service shows them, without the last digits."""
    shown = probabilities * 1e12
    down = np.floor(shown)
    rounded: Column = np.where(shown - down >= 0.5, down + 1, down) / 1e10
    return rounded


def _recorded(
    rows: list[tuple[str, str, str, str, str, str, bool]],
) -> tuple[list[int], list[str], dict[str, _Payment], dict[str, float]]:
    """Return the place of each row in what is recorded, its reason, what is recorded, and openings.

    An ID that comes again with the same facts is the same transaction.
    """
    places, reasons = [0] * len(rows), [""] * len(rows)
    payments: dict[str, _Payment] = {}
    numbers: dict[str, int] = {}
    opened: dict[str, float] = {}
    for row, (name, account, amount, time, currency, opening, refused) in enumerate(rows):
        try:
            _check(
                not refused, _ID.fullmatch(name), _ID.fullmatch(account),
                _CURRENCY.fullmatch(currency),
            )  # fmt: skip
            payment = _Payment(account, _amount(amount), _time(time), currency)
            opens = _time(opening) if opening else payment.time
        except DataError:
            reasons[row] = INVALID
            continue
        if name in payments and payments[name] != payment:
            reasons[row] = DIFFER
            continue
        if name not in payments:
            numbers[name] = len(payments)
            payments[name] = payment
            opened.setdefault(account, opens)
        places[row] = numbers[name]
    return places, reasons, payments, opened


def _check(*holds: object) -> None:
    if not all(holds):
        raise DataError("breaks a rule of the contract")


def _amount(text: str) -> float:
    amount = dataset.number("", "amount", text)
    _check(amount > 0, "_" not in text, text == text.strip())  # As the service reads numbers.
    return amount


def _time(text: str) -> float:
    time = dataset.moment("", "time", text)
    _check(time >= 0)
    return time
