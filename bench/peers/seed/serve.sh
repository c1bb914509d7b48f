#!/bin/sh
# Runs the Python server and Express, and ends both when either ends or SIGTERM arrives.
# POSIX sh has no `wait -n`: each says so when it has ended, and that wakes the wait.
sh ../python.sh ../grpcio/server.py "127.0.0.1:$PORT2" --threads 10 &
model=$!
NODE_ENV=production NODE_PATH="$ENV/node_modules" node server.js &
front=$!
trap 'kill "$model" "$front" 2>/dev/null' TERM INT
wait "$front"
kill "$model" "$front" 2>/dev/null
wait
