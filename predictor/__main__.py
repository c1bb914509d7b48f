"""The command line: python -m predictor serve, train, adopt, evaluate, score or simulate."""

import argparse
import datetime as dt
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from predictor.errors import PredictorError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m predictor", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_serve(commands.add_parser("serve", help="answer gRPC calls with a model"))
    _add_train(commands.add_parser("train", help="make a model from labelled transactions"))
    _add_adopt(commands.add_parser("adopt", help="make a model directory from a model of your own"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a model on labelled data"))
    _add_score(commands.add_parser("score", help="answer files of transactions, on Ray"))
    _add_simulate(commands.add_parser("simulate", help="write made-up transactions"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--listen", required=True, metavar="unix:PATH|HOST:PORT")
    parser.add_argument("--model", required=True, type=Path, metavar="DIR")
    parser.add_argument("--grace", type=_seconds, default=10.0, metavar="SECONDS")
    parser.add_argument("--reload", type=_seconds, default=1.0, metavar="SECONDS")
    parser.add_argument(
        "--exit-with-parent", action="store_true", help="stop when standard input ends"
    )
    secured = parser.add_argument_group("TLS", "PEM files, read again when they change")
    secured.add_argument("--tls-cert", type=Path, metavar="FILE")
    secured.add_argument("--tls-key", type=Path, metavar="FILE")
    secured.add_argument(
        "--tls-client-ca", type=Path, metavar="FILE", help="callers must have a certificate of it"
    )
    parser.add_argument(
        "--trace-endpoint", metavar="URL",
        default=os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT", ""),
        help="OTLP collector, such as http://127.0.0.1:4318, that is sent traces",
    )  # fmt: skip
    parser.add_argument(
        "--trace-headers-file", metavar="FILE",
        default=os.environ.get("BRRR_TRACE_HEADERS_FILE", ""),
        help="headers for the collector, NAME: VALUE a line",
    )  # fmt: skip


def _add_train(parser: argparse.ArgumentParser) -> None:
    _add_directory(parser, "model")
    parser.add_argument("--seed", type=_natural, default=1)
    parser.add_argument("--facts", type=_names, metavar="A,B", help="the model may need no others")


def _add_adopt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", required=True, type=Path, metavar="FILE", help="LightGBM .txt or .onnx"
    )
    parser.add_argument("--features", required=True, type=_names, metavar="A,B", dest="names")
    parser.add_argument(
        "--expected", type=Path, metavar="FILE", help="facts, and fraud_probability of the original"
    )
    _add_directory(parser, "own")


def _add_directory(parser: argparse.ArgumentParser, name: str) -> None:
    _add_data(parser)
    parser.add_argument("--out", required=True, metavar="DIR", help="{version} is filled in")
    parser.add_argument("--name", default=name, help="first part of the version")
    parser.add_argument("--trained-at", type=_moment, metavar="RFC3339")
    parser.add_argument("--activate", action="store_true", help="name it in DIR/../active")
    rule = parser.add_argument_group("threshold")
    rule.add_argument("--false-positive-rate", type=_share, default=0.001, metavar="SHARE")
    rule.add_argument("--miss-cost", type=_cost, default=0.0, help="of a fraud not flagged")
    rule.add_argument("--alarm-cost", type=_cost, default=1.0, help="beside --miss-cost")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, type=Path, metavar="FILE", help=".csv, .csv.gz or .parquet"
    )
    parser.add_argument("--accounts", type=Path, metavar="FILE")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", required=True, type=Path, metavar="DIR", action="append", dest="models",
        help="given more than once, models are compared",
    )  # fmt: skip
    _add_data(parser)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--plots", type=Path, metavar="DIR")
    parser.add_argument("--every-row", action="store_true", help="those of the training too")


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Answers rows of transaction_id, account_id, amount and time (currency, account_opened_at) "
        "as brrr assess does, without a service. RAY_ADDRESS names a cluster; without, one is "
        "started on this machine."
    )
    parser.add_argument(
        "--input", required=True, type=Path, metavar="FILE|DIR",
        help=".csv, .csv.gz or .parquet; of a folder all files, in order of their names",
    )  # fmt: skip
    parser.add_argument(
        "--output", required=True, type=Path, metavar="DIR", help="made, whole or not at all"
    )
    parser.add_argument("--model", required=True, type=Path, metavar="DIR")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--transactions", required=True, type=Path, metavar="FILE")
    parser.add_argument("--accounts", required=True, type=Path, metavar="FILE")
    parser.add_argument("--accounts-count", type=_natural, default=2000, metavar="N")
    parser.add_argument("--days", type=_natural, default=180, metavar="N")
    parser.add_argument("--seed", type=_natural, default=7)
    parser.add_argument(
        "--start", type=dt.date.fromisoformat, default=dt.date(2026, 1, 1), metavar="YYYY-MM-DD"
    )


def _natural(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**31:
        raise argparse.ArgumentTypeError("must be 0 to 2147483647")
    return number


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError("must be above 0 and below 1")
    return number


def _cost(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e12:
        raise argparse.ArgumentTypeError("must be above 0 and below 1e12")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 0 < number < 1e6:
        raise argparse.ArgumentTypeError("must be above 0 and below 1000000")
    return number


def _moment(text: str) -> str:
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("needs a time zone, such as Z")
    return moment.isoformat()


def _directory(args: argparse.Namespace) -> dict[str, Any]:
    """Return what train and adopt have in common."""
    from predictor.package import Rule

    names = ("data", "accounts", "out", "name", "activate", "trained_at")
    rule = Rule(args.miss_cost, args.alarm_cost, args.false_positive_rate)
    return {name: getattr(args, name) for name in names} | {"rule": rule}


def _run(args: argparse.Namespace) -> None:
    # Imports wait until prepare was imported, and until their command is wanted.
    if args.command == "serve":
        from predictor import serve, tls

        serve.run(
            serve.Settings(
                listen=args.listen,
                model=args.model,
                grace=args.grace,
                reload=args.reload,
                exit_with_parent=args.exit_with_parent,
                trace_endpoint=args.trace_endpoint,
                trace_headers=Path(args.trace_headers_file) if args.trace_headers_file else None,
                secured=tls.files(args.tls_cert, args.tls_key, args.tls_client_ca),
            )
        )
    elif args.command == "train":
        from predictor import train

        train.run(**_directory(args), seed=args.seed, facts=args.facts)
    elif args.command == "adopt":
        from predictor import adopt

        adopt.run(**_directory(args), model=args.model, names=args.names, expected=args.expected)
    elif args.command == "evaluate":
        from predictor import evaluate

        text = evaluate.run(
            paths=args.models,
            data=args.data,
            accounts=args.accounts,
            as_json=args.json,
            folder=args.plots,
            every_row=args.every_row,
        )
        sys.stdout.write(f"{text}\n")
    elif args.command == "score":
        from predictor import score

        score.run(files=args.input, output=args.output, path=args.model, form=args.format)
    else:
        from predictor import simulate

        simulate.run(
            transactions=args.transactions,
            accounts=args.accounts,
            count=args.accounts_count,
            days=args.days,
            seed=args.seed,
            start=args.start,
        )


def main() -> int:
    """Run one command; return 0 if it is done, 1 if it failed (argparse exits 2 by itself)."""
    args = _parser().parse_args()
    importlib.import_module("predictor.prepare")
    try:
        _run(args)
    except (PredictorError, OSError) as err:
        sys.stderr.write(f"error: {err}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
