#!/bin/sh
# Makes the Python environment $ENV from requirements.txt of the peer's folder, once.
set -eu
cmp -s requirements.txt "$ENV/.installed" && exit 0
[ -x "$ENV/bin/python" ] || "${PYTHON:-python3}" -m venv "$ENV"
"$ENV/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt
cp requirements.txt "$ENV/.installed"
