"""Files too large for the service, scored by Ray Data: a shuffle by account, then the model."""

import logging
import os
import shutil
import tempfile
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from predictor import bulk, model, rayown
from predictor.errors import RAY_EXTRA, DataError, RayError
from predictor.log import say
from predictor.model import Model

BUCKET = 32 << 20
"""Bytes of input whose accounts are held in memory at once, about."""

PARTITIONS = 200
"""Of a shuffle, at most: a partition may hold several buckets."""

_OURS = f"{DataError.__module__}.{DataError.__name__}: "


def run(*, files: Path, output: Path, path: Path, form: str) -> None:
    """Score the files of `files` with the model of `path` into the folder `output`.

    Raises DataError, ModelError or RayError; then there is no such folder.
    """
    if output.exists():
        raise DataError(f"{output}: is there already")
    directory = model.resolve(path.absolute())
    model.load(directory)  # To be refused here, and not in every worker.
    found = bulk.files(files.absolute())
    building = output.absolute().with_name(f".{output.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        answered, unanswered = _score(found, building, directory, form)
        building.rename(output)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    say(f"{answered + unanswered:,} rows, {unanswered:,} of them without an answer, to {output}")


def _score(found: list[Path], output: Path, directory: Path, form: str) -> tuple[int, int]:
    cluster = os.environ.get("RAY_ADDRESS", "")
    # What Ray writes down, and what does not fit into memory.
    aside = tempfile.mkdtemp(prefix="brrr-ray-")
    try:
        if not cluster:
            rayown.start(log_to_driver=False, logging_level="warning", _temp_dir=aside)
        import ray
        import ray.data
    except ImportError as err:
        shutil.rmtree(aside)
        raise RayError(f"{err.name} is not there: {RAY_EXTRA}") from None
    if cluster:
        ray.init(log_to_driver=False, logging_level="warning")
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        size = sum(each.stat().st_size for each in found)
        buckets = max(1, -(-size // BUCKET))
        jobs = [{"path": str(each), "number": number} for number, each in enumerate(found)]
        counts = (
            ray.data.from_items(jobs, override_num_blocks=len(jobs))
            .map_batches(partial(_read, buckets=buckets), batch_size=1, batch_format="pyarrow")
            .groupby("bucket", num_partitions=min(buckets, PARTITIONS))
            .map_groups(
                partial(_answer, directory=directory, output=output, form=form),
                batch_format="pyarrow",
            )
            .take_all()
        )
    except ray.exceptions.RayError as err:
        raise _meant(err) from None
    finally:
        ray.shutdown()
        shutil.rmtree(aside, ignore_errors=True)
    return sum(c["answered"] for c in counts), sum(c["unanswered"] for c in counts)


def _meant(err: Exception) -> Exception:
    """Return the error that a worker raised on purpose, or else what Ray says, of one line.

    Ray tells errors of workers as texts, stack traces and all.
    """
    told = [line for line in str(err).splitlines() if line.startswith(_OURS)]
    if told:
        return DataError(told[-1].removeprefix(_OURS))
    return RayError(f"Ray: {str(err).strip().splitlines()[0]}")


def _read(jobs: pa.Table, *, buckets: int) -> Any:  # noqa: ANN401 - Ray takes a generator.
    for job in jobs.to_pylist():
        yield from bulk.read(Path(job["path"]), job["number"], buckets)


@lru_cache(maxsize=1)
def _model(directory: Path) -> Model:
    return model.load(directory)


def _answer(rows: pa.Table, *, directory: Path, output: Path, form: str) -> pa.Table:
    """Answer the rows of a bucket into a file of its own, and count them."""
    answers = bulk.answer(rows, _model(directory))
    name = f"part-{rows.column('bucket')[0].as_py():06d}.{form}"
    half = output / f".{name}"  # A worker that dies is followed by another one.
    if form == "csv":
        plain = pa.csv.WriteOptions(quoting_style="needed")
        pa.csv.write_csv(_texts(answers), half, plain)
    else:
        pq.write_table(answers, half)
    half.rename(output / name)
    unanswered = pc.sum(pc.not_equal(answers.column("reason"), "")).as_py() or 0
    return pa.table(
        {"answered": [answers.num_rows - unanswered], "unanswered": [unanswered]},
    )


def _texts(answers: pa.Table) -> pa.Table:
    """Return the answers with times as RFC 3339."""
    place = answers.schema.get_field_index("assessed_at")
    told = pc.strftime(answers.column("assessed_at"), format="%Y-%m-%dT%H:%M:%SZ")
    return answers.set_column(place, "assessed_at", told)
