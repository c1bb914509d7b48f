"""Prints what models say about a file of transactions, one line of JSON a model.

The facts are derived here, by the rules that training follows, or taken as they are
if the file has them. No server and no gateway is asked.
"""

import argparse
import json
import sys
from pathlib import Path

from predictor import dataset, model


def main() -> None:
    """Read, score and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("transactions", type=Path)
    parser.add_argument("models", type=Path, nargs="+", help="directories, or a root with `active`")
    parser.add_argument("--accounts", type=Path)
    args = parser.parse_args()
    rows = dataset.read(args.transactions, args.accounts)
    for path in args.models:
        loaded = model.load(model.resolve(path))
        found = loaded.predict({name: rows.facts[name] for name in loaded.facts})
        if found.errors:
            sys.exit(f"{path}: {found.errors}")
        about = {
            "version": loaded.manifest.version,
            "threshold": loaded.manifest.threshold,
            "facts": loaded.facts,
            "probabilities": found.probabilities.tolist(),
            "labels": found.labels.tolist(),
        }
        sys.stdout.write(json.dumps(about, allow_nan=False) + "\n")


main()
