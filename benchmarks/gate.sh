#!/usr/bin/env bash
# benchmarks/gate.sh <base> <suite>… [option of pnpm bench]…: measures the suites in the checkout <base>, then here, both of them built,
# and compares. Ends with 0 only where something was compared and nothing is worse: where the base fails, or there is nothing to
# compare, the gate fails too. A suite that the base does not know runs here, and is told as one that is not compared.
set -euo pipefail
base=$1/benchmarks/dist/cli.js
shift
results=$(mktemp)
trap 'rm -f "$results"' EXIT

help=$(node "$base" --help)
suites=() known=()
while [[ $# -gt 0 && $1 != -* ]]; do
  suites+=("$1")
  if grep -q "^  $1 " <<<"$help"; then known+=("$1"); fi
  shift
done
# Without a name it would run all.
if [[ ${#known[@]} -gt 0 ]]; then node "$base" "${known[@]}" "$@" --json >"$results"; fi
node "$(dirname "$0")/dist/cli.js" "${suites[@]}" "$@" --gate "$results"
