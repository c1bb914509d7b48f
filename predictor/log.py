"""One line of JSON for each event: listening on stdout, every other on stderr."""

import json
import sys


def log(event: str, **fields: object) -> None:
    """Print an event and flush, so that a supervisor sees it at once."""
    out = sys.stdout if event == "listening" else sys.stderr
    out.write(json.dumps({"event": event, **fields}) + "\n")
    out.flush()
