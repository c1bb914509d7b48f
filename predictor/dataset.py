"""Labelled transactions read from CSV or Parquet files; every complaint names its line or row."""

import csv
import datetime as dt
import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from predictor import facts
from predictor.errors import TRAINING_EXTRA, DataError
from predictor.features import FACTS, KNOWN_FACTS, Column, Extractor, Mask, computable

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Dataset:
    """Transactions with their facts and labels, one entry for each row, in order of arrival."""

    facts: dict[str, Column]
    labels: Mask
    accounts: npt.NDArray[np.int64]  # A number for each row's account, from 0.
    sha256: str  # Of the transactions file as it lies on disk.
    accounts_sha256: str  # Empty without an accounts file.

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)

    def where(self, mask: Mask) -> "Dataset":
        """Return the rows where `mask` is true."""
        columns = {name: column[mask] for name, column in self.facts.items()}
        _, numbers = np.unique(self.accounts[mask], return_inverse=True)
        return Dataset(columns, self.labels[mask], numbers, self.sha256, self.accounts_sha256)


def read(transactions: Path, accounts: Path | None = None) -> Dataset:
    """Read a file of transactions, .csv, .csv.gz or .parquet, in order of arrival.

    Columns: account_id, amount, time (seconds since 1970, or RFC 3339) and label (1 or
    fraud, 0 or legitimate; rows without one count for the facts of others only);
    transaction_id if present must be unique, account_opened_at is as in `accounts`;
    others are ignored. A file that has the column age_of_account has its facts already,
    those of features.FACTS that it names: they are taken as they are. `accounts` has
    account_id and opened_at. Raises DataError.
    """
    opened, accounts_sha256 = _read_accounts(accounts) if accounts else ({}, "")
    table = _Table(transactions)
    derived = (
        [n for n in FACTS[2:] if n in table.header] if "age_of_account" in table.header else []
    )
    numbers = ("amount", *derived)
    fields = ("account_id", "time", "label", "transaction_id", "account_opened_at", *numbers)
    optional = ("transaction_id", "account_opened_at", *(("account_id",) if derived else ()))
    ids: set[str] = set()
    places, names, times, labels, values = [], [], [], [], []
    for where, (account, time, label, identity, opening, *rest) in table.rows(fields, optional):
        places.append(where)
        names.append(account or f"row {len(places)}")
        times.append(moment(where, "time", time))
        values.append([number(where, n, v) for n, v in zip(numbers, rest, strict=True)])
        labels.append(_label(where, label))
        # As in the gateway, an account opens with its first row, told or not.
        opening_time = moment(where, "account_opened_at", opening) if opening else times[-1]
        opened.setdefault(account, opening_time)
        if identity and identity in ids:
            raise DataError(f"{where}: transaction_id {identity!r} stands above already")
        ids.add(identity)
    known = np.array([label is not None for label in labels], dtype=np.bool_)
    if not known.any():
        raise DataError(f"{transactions}: has no rows" + (" with a label" if labels else ""))
    columns = dict(zip(numbers, np.array(values, dtype=np.float64).T.copy(), strict=True))
    columns["time"] = np.array(times, dtype=np.float64)
    if not derived:
        columns = facts.compute(names, columns["amount"].tolist(), times, opened)
    _check(columns, places)
    if derived:
        _check_unit(columns)
    _, groups = np.unique(np.array(names), return_inverse=True)
    everything = Dataset(
        {name: columns[name] for name in FACTS if name in columns},
        np.array([bool(label) for label in labels], dtype=np.bool_),
        groups.astype(np.int64),
        table.sha256,
        accounts_sha256,
    )
    return everything if known.all() else everything.where(known)


def _check(columns: dict[str, Column], places: Sequence[str]) -> None:
    """Raise DataError, naming the place, if a fact breaks its rule."""
    for at, text in Extractor(computable(tuple(columns))).row_errors(columns).items():
        raise DataError(f"{places[at]}: {text}")


def _check_unit(columns: dict[str, Column]) -> None:
    """Raise DataError if ages are not in seconds by all appearances."""
    times, ages = columns["time"], columns["age_of_account"]
    # Were these seconds, no account would be older than a day in data of many days.
    if times.max() - times.min() > 7 * 86_400 and 0 < ages.max() < 36_525:
        raise DataError("age_of_account must be in seconds; none is above 36,525 (days?)")


def read_facts(
    path: Path, content: bytes, names: Sequence[str], extra: str
) -> tuple[dict[str, Column], Column]:
    """Read a CSV file of bare facts and one more column of numbers. Raises DataError."""
    values: list[list[float]] = []
    fields = (*names, extra)
    for where, row in _Table(path, content).rows(fields):
        values.append([number(where, name, text) for name, text in zip(fields, row, strict=True)])
    table = np.array(values, dtype=np.float64).reshape(len(values), len(fields))
    return {name: table[:, i].copy() for i, name in enumerate(names)}, table[:, -1].copy()


def _read_accounts(path: Path) -> tuple[dict[str, float], str]:
    table = _Table(path)
    opened: dict[str, float] = {}
    for where, (account, text) in table.rows(("account_id", "opened_at")):
        if account in opened:
            raise DataError(f"{where}: account_id {account!r} stands above already")
        opened[account] = moment(where, "opened_at", text)
    return opened, table.sha256


class _Table:
    """A file's rows as text, whatever its format."""

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self._path = path
        try:
            raw = path.read_bytes() if content is None else content
        except OSError as err:
            raise DataError(f"{path}: {err.strerror}") from err
        self.sha256 = hashlib.sha256(raw).hexdigest()
        parquet = path.suffix == ".parquet"
        self._rows = _parquet(path, raw) if parquet else _csv(path, _unpacked(path, raw))
        _, self.header = next(self._rows, ("", []))
        if not self.header:
            raise DataError(f"{path}: is empty")

    def rows(
        self, fields: Sequence[str], optional: Sequence[str] = ()
    ) -> Iterator[tuple[str, list[str]]]:
        """Yield each row's place and its values of `fields`; "" for an optional one not there."""
        places = [self._place(name, optional) for name in fields]
        for where, row in self._rows:
            if len(row) != len(self.header):
                raise DataError(f"{where}: {len(row)} values, not the header's {len(self.header)}")
            yield where, ["" if i < 0 else row[i] for i in places]

    def _place(self, name: str, optional: Sequence[str]) -> int:
        if self.header.count(name) > 1:
            raise DataError(f"{self._path}:1: column {name} stands twice in the header")
        if name in self.header:
            return self.header.index(name)
        if name in optional:
            return -1
        raise DataError(f"{self._path}:1: column {name} is missing from the header")


def _unpacked(path: Path, raw: bytes) -> bytes:
    try:
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except EOFError as err:
        raise DataError(f"{path}: the gzip file is cut short") from err
    except (gzip.BadGzipFile, zlib.error) as err:
        raise DataError(f"{path}: not a gzip file, or damaged") from err


def _csv(path: Path, content: bytes) -> Iterator[tuple[str, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = content.count(b"\n", 0, err.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8") from err
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            yield f"{path}:{reader.line_num}", row
    except csv.Error as err:
        raise DataError(f"{path}:{reader.line_num}: {err}") from err


def _parquet(path: Path, raw: bytes) -> Iterator[tuple[str, list[str]]]:
    try:  # Slow to import, and wanted for this alone.
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as err:
        raise DataError(f"{path}: Parquet needs the package pyarrow: {TRAINING_EXTRA}") from err
    try:
        table = pq.read_table(pa.BufferReader(raw))
        yield f"{path}:1", table.column_names
        columns = [texts(column) for column in table.columns]
    except (pa.ArrowException, OSError, ValueError) as err:
        raise DataError(f"{path}: cannot be read as Parquet: {err}") from err
    for number, row in enumerate(zip(*columns, strict=True), start=1):
        yield f"{path}: row {number}", list(row)


def texts(column: "pa.ChunkedArray") -> list[str]:
    """Return a column as a CSV file would have it; floats keep every digit."""
    return ["" if v is None else str(v) for v in column.to_pylist()]


def number(where: str, name: str, text: str) -> float:
    """Read a finite number. Raises DataError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: {name} must be a finite number, not {text!r}")
    return value


def moment(where: str, name: str, text: str) -> float:
    """Read seconds since 1970, or RFC 3339. Raises DataError."""
    rule = "seconds since 1970 or RFC 3339"
    with suppress(ValueError):
        seconds = float(text)
        if abs(seconds) <= KNOWN_FACTS["time"].high:
            return seconds
        hint = " (milliseconds?)" if math.isfinite(seconds) else ""
        raise DataError(f"{where}: {name} must be {rule}, not {text!r}{hint}")
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as err:
        raise DataError(f"{where}: {name} must be {rule}, not {text!r}") from err
    if found.tzinfo is None:
        raise DataError(f"{where}: {name} needs a time zone, such as Z: {text!r}")
    return found.timestamp()


_LABELS = {
    **dict.fromkeys(("1", "1.0", "true", "fraud"), True),
    **dict.fromkeys(("0", "0.0", "false", "legitimate"), False),
    "": None,
}


def _label(where: str, text: str) -> bool | None:
    try:
        return _LABELS[text.lower()]
    except KeyError as err:
        rule = "1, 0, fraud, legitimate or empty"
        raise DataError(f"{where}: label must be {rule}, not {text!r}") from err
