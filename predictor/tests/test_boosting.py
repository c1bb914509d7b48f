"""LightGBM by itself, in a process of its own: this one has long imported the rest."""

import json
import subprocess
import sys

HEAVY = ["matplotlib", "pandas", "pyarrow", "sklearn"]


def imported(code: str) -> list[str]:
    tell = f"import json, sys\n{code}\nprint(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", tell], check=True, capture_output=True, text=True)
    loaded: list[str] = json.loads(done.stdout)
    return loaded


def test_a_host_imports_nothing_that_it_does_not_use() -> None:
    assert imported("import predictor.serve") == []


def test_what_lightgbm_did_not_see_can_be_imported_afterwards() -> None:
    assert "pandas" in imported("import predictor.serve, pandas")


def test_what_was_imported_before_stays() -> None:
    assert "pandas" in imported("import pandas, predictor.serve; pandas.DataFrame()")
