#!/bin/sh
# Runs the Python of $ENV with what all peers share: the repository's model code and
# common.py to import, no file written beside them, and one thread for arithmetic.
export PYTHONPATH="$REPO:$REPO/gen/python:$REPO/bench/peers" PYTHONDONTWRITEBYTECODE=1
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
exec "$ENV/bin/python" "$@"
