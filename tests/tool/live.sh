#!/bin/bash
# Live is replay: how bytes are cut into reads changes nothing, and an alert is out
# as soon as its reading is in.
. "$(dirname "$0")/../lib.sh"

cc -O2 -D_GNU_SOURCE -o "$T/probe" "$ROOT/tests/contract/probe.c" || exit 1
pieces() { "$T/probe" pieces "$1" "${2:-300}"; }

# The whole way with a clumsy pipe before each tool.
hi-gen --patients 6 --count 20000 --fault missing=0.01,late=0.02,duplicate=0.01,artefact=0.01 \
	>"$T/in.ndjson"
hi-detect -q <"$T/in.ndjson" >"$T/replay"
for seed in 1 2 3; do
	pieces $seed <"$T/in.ndjson" | hi-detect -q | pieces $((seed + 10)) >"$T/live"
	ok "hi-detect, cut by seed $seed" cmp -s "$T/replay" "$T/live"
done
ok "there is an alert to see" grep -q '"type":"alert"' "$T/replay"

# The whole way from CSV, each tool behind a clumsy pipe.
hi-csv --to narrow <"$T/in.ndjson" >"$T/in.csv"
hi-csv -q "$T/in.csv" | hi-detect -q | tee "$T/replay" | hi-agg -q --every 1h --by patient >"$T/replay.agg"
pieces 5 <"$T/in.csv" | hi-csv -q | pieces 6 | hi-detect -q | pieces 7 | tee "$T/live" |
	pieces 8 | hi-agg -q --every 1h --by patient | pieces 9 >"$T/live.agg"
ok "hi-csv | hi-detect" cmp -s "$T/replay" "$T/live"
ok "hi-csv | hi-detect | hi-agg" cmp -s "$T/replay.agg" "$T/live.agg"
ok "there are hours to see" test "$(wc -l <"$T/replay.agg")" -ge 30
pieces 12 <"$T/replay" | hi-csv -q --to wide | pieces 13 >"$T/live"
hi-csv -q --to wide "$T/replay" >"$T/replay.csv"
ok "hi-csv --to wide" cmp -s "$T/replay.csv" "$T/live"

# A store filled by a file and one filled slowly hold the same.
if [ -x "$BUILD/bin/hi-cat" ]; then
	hi-store -q "$T/replay" "$T/store1"
	pieces 14 <"$T/replay" | hi-store -q "$T/store2"
	hi-cat -q --type reading,alert "$T/store1" >"$T/cat1"
	hi-cat -q --type reading,alert "$T/store2" | pieces 15 >"$T/cat2"
	ok "hi-store, hi-cat" cmp -s "$T/cat1" "$T/cat2"
	hi-cat -q --raw --type reading,alert "$T/store2" >"$T/cat2"
	is "every row is there" "$(wc -l <"$T/cat2")" "$(wc -l <"$T/replay")"
fi

# Lines that are rejected too, and a last line without its end.
hi-gen --patients 3 --count 5000 --fault garbage=0.02 >"$T/bad.ndjson"
printf '{"patient_id":"P-1","metr' >>"$T/bad.ndjson"
hi-detect <"$T/bad.ndjson" >"$T/replay" 2>/dev/null
pieces 4 <"$T/bad.ndjson" | hi-detect 2>/dev/null >"$T/live"
ok "hi-detect, garbage" cmp -s "$T/replay" "$T/live"

# The figure is for README; the limit is wide because machines of CI are loaded.
{
	head -n 1 "$T/in.ndjson"
	echo '{"patient_id":"L-%","metric_name":"spo2","value":80,"timestamp":"2025-12-28T09:00:00Z"}'
} >"$T/lines"
read -r median first < <("$T/probe" alert 50 hi-detect <"$T/lines")
echo "reading in to alert out, open pipe, median of 50: ${median:-none} us (the first ${first:-none} us)"
ok "first alert within 100 ms" test "${median:-999999}" -lt 100000
