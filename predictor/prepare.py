"""What must be done before numpy and the generated code are imported: import this first."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
if find_spec("fraud_detection") is None:  # In a checkout it lies beside the package.
    sys.path.append(str(Path(__file__).resolve().parent.parent / "gen" / "python"))
