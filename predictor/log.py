"""What is printed: events of the server as JSON, and progress of the other commands."""

import json
import sys


def log(event: str, **fields: object) -> None:
    """Print an event as one line: listening on stdout, every other on stderr."""
    out = sys.stdout if event == "listening" else sys.stderr
    out.write(json.dumps({"event": event, **fields}) + "\n")
    # A supervisor must see it at once.
    out.flush()


def say(text: str) -> None:
    """Tell a person how far a command has come."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
