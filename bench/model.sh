#!/bin/sh
# Trains the model that is measured and that every peer serves, one of the four facts that
# peers are told, into .cache/models. It is there already if the code that made it is the
# same.
set -eu
cd "$(dirname "$0")/.."
python=$PWD/predictor/.venv/bin/python models=bench/.cache/models
made=$(cat bench/model.sh predictor/*.py predictor/requirements*.txt | sha256sum)
[ "$made" = "$(cat "$models/made-from" 2>/dev/null || :)" ] && exit 0
rm -rf "$models"
mkdir -p "$models/data"
"$python" -m predictor simulate --seed 1 \
	--transactions "$models/data/transactions.csv" --accounts "$models/data/accounts.csv"
"$python" -m predictor train \
	--data "$models/data/transactions.csv" --accounts "$models/data/accounts.csv" \
	--facts amount,time,age_of_account,number_of_transactions \
	--name four-facts --out "$models/{version}" --activate
rm -r "$models/data"
printf '%s' "$made" > "$models/made-from"
