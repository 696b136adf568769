#!/bin/bash
# hi-record(5) says what lib/vital/metric.c says: scripts/metric-table --update.
. "$(dirname "$0")/../lib.sh"

page=$ROOT/man/hi-record.5
"$ROOT/scripts/metric-table" >"$T/page"
is "the tables of metrics" "$(diff "$page" "$T/page")" ""
for name in units ranges codes; do
	has "there is a table of $name" "$(cat "$page")" "metric-table $name"$'\n''\.Bl -column'
done
# A page that differs is seen.
sed 's/0 < v < 300/0 < v < 301/' "$page" >"$T/wrong"
"$ROOT/scripts/metric-table" "$T/wrong" >"$T/right"
is "a wrong number is put right" "$(cat "$T/right")" "$(cat "$page")"
