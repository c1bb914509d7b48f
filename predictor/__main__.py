"""The command line: python -m predictor serve, train, evaluate or simulate."""

import argparse
import datetime as dt
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from predictor.errors import PredictorError


def _prepare() -> None:
    """Set what must be set before numpy and the generated code are imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    if find_spec("fraud_detection") is None:  # In a checkout it lies beside the package.
        sys.path.append(str(Path(__file__).resolve().parent.parent / "gen" / "python"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m predictor", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    _add_serve(commands.add_parser("serve", help="answer gRPC calls with a model"))
    _add_train(commands.add_parser("train", help="make a model from labelled transactions"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a model on labelled data"))
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


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, type=Path, metavar="FILE")
    parser.add_argument("--accounts", type=Path, metavar="FILE")
    parser.add_argument("--out", required=True, metavar="DIR", help="{version} is filled in")
    parser.add_argument("--name", default="model", help="first part of the version")
    parser.add_argument("--seed", type=_natural, default=1)
    parser.add_argument("--trained-at", type=_moment, metavar="RFC3339")
    parser.add_argument("--activate", action="store_true", help="name it in DIR/../active")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="DIR")
    parser.add_argument("--data", required=True, type=Path, metavar="FILE")
    parser.add_argument("--accounts", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")


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


def _run(args: argparse.Namespace) -> None:
    # Imports wait until _prepare has run, and until their command is wanted.
    if args.command == "serve":
        from predictor import serve

        serve.run(
            serve.Settings(args.listen, args.model, args.grace, args.reload, args.exit_with_parent)
        )
    elif args.command == "train":
        from predictor import train

        train.run(
            data=args.data,
            accounts=args.accounts,
            out=args.out,
            name=args.name,
            seed=args.seed,
            activate=args.activate,
            trained_at=args.trained_at,
        )
    elif args.command == "evaluate":
        from predictor import evaluate

        text = evaluate.run(
            path=args.model, data=args.data, accounts=args.accounts, as_json=args.json
        )
        sys.stdout.write(f"{text}\n")
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
    _prepare()
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
