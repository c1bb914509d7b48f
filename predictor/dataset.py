"""Labelled transactions read from CSV files, with every complaint naming its line."""

import csv
import gzip
import hashlib
import io
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from predictor import facts, features
from predictor.errors import DataError
from predictor.features import FACTS, Column, Mask


@dataclass(frozen=True)
class Dataset:
    """Transactions with their facts and labels, one entry for each row, in order of arrival."""

    facts: dict[str, Column]
    labels: Mask
    sha256: str  # Of the transactions file as it lies on disk.
    accounts_sha256: str  # Empty without an accounts file.

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)

    def where(self, mask: Mask) -> "Dataset":
        """Return the rows where `mask` is true."""
        columns = {name: column[mask] for name, column in self.facts.items()}
        return Dataset(columns, self.labels[mask], self.sha256, self.accounts_sha256)


def read(transactions: Path, accounts: Path | None = None) -> Dataset:
    """Read a CSV file of transactions, plain or .gz, in order of arrival.

    Columns: account_id, amount, time (seconds since 1970) and label (1 = fraud);
    transaction_id if present must be unique; others are ignored. `accounts` has
    account_id and opened_at (seconds since 1970). Raises DataError.
    """
    opened, accounts_sha256 = _read_accounts(accounts) if accounts else ({}, "")
    content, sha256 = _content(transactions)
    ids: set[str] = set()
    places: list[str] = []
    names: list[str] = []
    columns: tuple[list[float], list[float]] = ([], [])
    labels: list[bool] = []
    fields = ("account_id", "amount", "time", "label", "transaction_id")
    for where, row in _rows(transactions, content, fields, optional="transaction_id"):
        account, amount, time, label, identity = row
        places.append(where)
        names.append(account)
        columns[0].append(_number(where, "amount", amount))
        columns[1].append(_number(where, "time", time))
        labels.append(_label(where, label))
        if identity:
            if identity in ids:
                raise DataError(f"{where}: transaction_id {identity!r} stands above already")
            ids.add(identity)
    if not labels:
        raise DataError(f"{transactions}: has no rows")
    computed = facts.compute(names, columns[0], columns[1], opened)
    for at, text in features.row_errors(computed).items():
        raise DataError(f"{places[at]}: {text}")
    return Dataset(computed, np.array(labels, dtype=np.bool_), sha256, accounts_sha256)


def read_facts(path: Path, content: bytes, extra: str) -> tuple[dict[str, Column], Column]:
    """Read a CSV file of bare facts and one more column of numbers. Raises DataError."""
    values: list[list[float]] = []
    fields = (*FACTS, extra)
    for where, row in _rows(path, content, fields):
        values.append([_number(where, name, text) for name, text in zip(fields, row, strict=True)])
    table = np.array(values, dtype=np.float64).reshape(len(values), len(fields))
    return {name: table[:, i].copy() for i, name in enumerate(FACTS)}, table[:, -1].copy()


def _read_accounts(path: Path) -> tuple[dict[str, float], str]:
    content, sha256 = _content(path)
    opened: dict[str, float] = {}
    for where, (account, text) in _rows(path, content, ("account_id", "opened_at")):
        if account in opened:
            raise DataError(f"{where}: account_id {account!r} stands above already")
        opened[account] = _number(where, "opened_at", text)
    return opened, sha256


def _content(path: Path) -> tuple[bytes, str]:
    """Return the file's content, unpacked, and the sha256 of the file as it is."""
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if path.suffix == ".gz" else raw
    except EOFError as err:
        raise DataError(f"{path}: the gzip file is cut short") from err
    except (gzip.BadGzipFile, zlib.error) as err:
        raise DataError(f"{path}: not a gzip file, or damaged") from err
    except OSError as err:
        raise DataError(f"{path}: {err.strerror}") from err
    return content, hashlib.sha256(raw).hexdigest()


def _rows(
    path: Path, content: bytes, fields: Sequence[str], optional: str = ""
) -> Iterator[tuple[str, list[str]]]:
    """Yield each row's place and its values of `fields`, in that order; "" for `optional`."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = content.count(b"\n", 0, err.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8") from err
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, None)
        if header is None:
            raise DataError(f"{path}: is empty")
        places = [_place(path, header, name, optional) for name in fields]
        for row in reader:
            if len(row) != len(header):
                raise DataError(
                    f"{path}:{reader.line_num}: {len(row)} values, not the header's {len(header)}"
                )
            yield f"{path}:{reader.line_num}", ["" if i < 0 else row[i] for i in places]
    except csv.Error as err:
        raise DataError(f"{path}:{reader.line_num}: {err}") from err


def _place(path: Path, header: Sequence[str], name: str, optional: str) -> int:
    """Return the index of the column, -1 if it is absent and may be."""
    if header.count(name) > 1:
        raise DataError(f"{path}:1: column {name} stands twice in the header")
    if name in header:
        return header.index(name)
    if name == optional:
        return -1
    raise DataError(f"{path}:1: column {name} is missing from the header")


def _number(where: str, name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f"{where}: {name} must be a finite number, not {text!r}")
    return value


def _label(where: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise DataError(f"{where}: label must be 0 or 1, not {text!r}")
    return text == "1"
