#!/bin/bash
# hi-agg: what it counts, windows of a zone, any order, against an independent oracle.
. "$(dirname "$0")/../lib.sh"

# r PATIENT METRIC VALUE TIME [REST]
r() { printf '{"patient_id":"%s","metric_name":"%s","value":%s,"timestamp":"%s"%s}\n' "$1" "$2" "$3" "$4" "${5:-}"; }
# get FILE JQ-FILTER: compact JSON, one line a row
get() { jq -c "$2" "$1"; }

# One day by hand. Percentiles of 60 62 64 70 by (n - 1) p: 60.3, 63, 69.1.
{
	r a heart_rate 60 2025-12-28T06:00:00Z
	r a heart_rate 62.0 2025-12-28T23:59:59.999999Z
	r b heart_rate 70 2025-12-28T00:00:00Z
	r b heart_rate 64 2025-12-28T06:00:00Z
	r b heart_rate null 2025-12-28T07:00:00Z ',"absent":"leads off"'
	r b consciousness '"A"' 2025-12-28T07:00:00Z
	r b consciousness 3 2025-12-28T07:00:00Z
	r b news2 7 2025-12-28T07:00:00Z ',"tool":"hi-score"'
	echo '{"type":"patient","patient_id":"b","version":1,"at":"2025-12-28T07:00:00Z"}'
	echo '{"type":"reject","tool":"x","source":"stdin","line":1,"reason":"y","text":"z"}'
	r c heart_rate 350 2025-12-29T00:00:00Z
} >"$T/day.ndjson"
hi-agg "$T/day.ndjson" >"$T/day.out"
is "a day by hand" "$(sed -n 1p "$T/day.out")" '{"type":"stat","from":"2025-12-28T00:00:00Z","to":"2025-12-29T00:00:00Z","every":"1d","tz":"UTC","stat_date":"2025-12-28","metric_name":"heart_rate","count":4,"patient_count":2,"avg":64,"min":60,"max":70,"sd":4.320493798938574,"p05":60.3,"p50":63,"p95":69.1,"implausible":0,"plausible":{"avg":64,"min":60,"max":70,"sd":4.320493798938574,"p05":60.3,"p50":63,"p95":69.1},"complete":true}'
is "one value, implausible, a day not over" "$(sed -n 2p "$T/day.out")" '{"type":"stat","from":"2025-12-29T00:00:00Z","to":"2025-12-30T00:00:00Z","every":"1d","tz":"UTC","stat_date":"2025-12-29","metric_name":"heart_rate","count":1,"patient_count":1,"avg":350,"min":350,"max":350,"p05":350,"p50":350,"p95":350,"implausible":1,"plausible":{},"complete":false}'
is "null, codes and scores are not counted" "$(wc -l <"$T/day.out")" 2
is "scores with --derived" "$(hi-agg --derived "$T/day.ndjson" | get - 'select(.metric_name=="news2")|[.count,.avg,.complete]')" '[1,7,true]'
is "by patient" "$(hi-agg --by patient "$T/day.ndjson" | get - '[.patient_id,.count,.avg]' | tr '\n' ' ')" '["a",2,61] ["b",2,67] ["c",1,350] '
# What --day leaves out still says whether the day is over.
is "--day is complete where the data go on" "$(hi-agg --day 2025-12-28 "$T/day.ndjson" | get - '[.stat_date,.complete]')" '["2025-12-28",true]'
is "--day is not where they end" "$(head -n 4 "$T/day.ndjson" | hi-agg --day 2025-12-28 | get - .complete)" false
is "nothing in, nothing out" "$(hi-agg </dev/null)" ""

# Wards: of the reading itself, with escapes; readings without one stand apart.
{
	r a spo2 97 2025-12-28T06:00:00Z ',"ward":"W7"'
	r b spo2 95 2025-12-28T06:00:00Z ',"ward":"W\u0037","device_id":"g"'
	r c spo2 93 2025-12-28T06:00:00Z
	r a spo2 91 2025-12-28T07:00:00Z ',"ward":"ICU, \"1\""'
} >"$T/ward.ndjson"
is "by ward" "$(hi-agg --by ward "$T/ward.ndjson" | get - '[.ward,.count,.patient_count]' | tr '\n' ' ')" '[null,1,1] ["ICU, \"1\"",1,1] ["W7",2,2] '
is "by both" "$(hi-agg --by patient,ward "$T/ward.ndjson" | get - '[.patient_id,.ward]' | tr '\n' ' ')" '["a","ICU, \"1\""] ["a","W7"] ["b","W7"] ["c",null] '
hi-agg --by ward --format csv "$T/ward.ndjson" >"$T/ward.csv"
is "CSV has its header" "$(head -n 1 "$T/ward.csv" | cut -d, -f1-12)" from,to,every,tz,stat_date,metric_name,patient_id,ward,count,patient_count,avg,min
is "CSV quotes" "$(sed -n 3p "$T/ward.csv")" '2025-12-28 00:00:00.000,2025-12-29 00:00:00.000,1d,UTC,2025-12-28,spo2,,"ICU, ""1""",1,1,91,91,91,,91,91,91,0,91,91,91,,91,91,91,false,false'
has "table" "$(hi-agg --format table "$T/day.ndjson" | tail -n 2)" '^2025-12-28 +heart_rate +4 +2 +64 +60 +70 +4\.32049 +60\.3 +63 +69\.1 +0 +yes'

# A store gives the same: source readings, wards too, and its range says what is complete.
hi-store -q "$T/store" <"$T/day.ndjson" 2>"$T/err"
is "from a store" "$(hi-agg "$T/store")" "$(cat "$T/day.out")"
is "--day of a store" "$(hi-agg --day 2025-12-28 "$T/store" | get - '[.stat_date,.complete]')" '["2025-12-28",true]'
hi-store -q "$T/wards" <"$T/ward.ndjson" 2>"$T/err"
is "wards of a store" "$(hi-agg --by ward "$T/wards")" "$(hi-agg --by ward "$T/ward.ndjson")"

# Days of 23 and 25 hours; the repeated hour; a night shift; zone-less times.
for h in 29T22:59:59 29T23:00:00 30T00:59:59 30T01:00:00 30T21:59:59 30T22:00:00; do
	r a spo2 97 "2025-03-${h}Z"
done >"$T/spring"
is "a day of 23 hours" "$(hi-agg --tz Europe/Berlin "$T/spring" | get - '[.stat_date,.from,.to,.tz,.count]' | tr '\n' ' ')" \
	'["2025-03-29","2025-03-28T23:00:00Z","2025-03-29T23:00:00Z","Europe/Berlin",1] ["2025-03-30","2025-03-29T23:00:00Z","2025-03-30T22:00:00Z","Europe/Berlin",4] ["2025-03-31","2025-03-30T22:00:00Z","2025-03-31T22:00:00Z","Europe/Berlin",1] '
for h in 25T21:59:59 25T22:00:00 26T00:30:00 26T01:30:00 26T22:59:59 26T23:00:00; do
	r a spo2 97 "2025-10-${h}Z"
done >"$T/autumn"
is "a day of 25 hours" "$(hi-agg --tz Europe/Berlin "$T/autumn" | get - '[.stat_date,.from,.to,.count]' | sed -n 2p)" \
	'["2025-10-26","2025-10-25T22:00:00Z","2025-10-26T23:00:00Z",4]'
is "--day has them too" "$(hi-agg --tz Europe/Berlin --day 2025-10-26 "$T/autumn" | get - '[.count,.complete]')" '[4,true]'
is "the repeated hour is two" "$(hi-agg --every 1h --tz Europe/Berlin "$T/autumn" | get - '[.from,.count,.stat_date]' | sed -n 3,4p | tr '\n' ' ')" \
	'["2025-10-26T00:00:00Z",1,null] ["2025-10-26T01:00:00Z",1,null] '
is "a night shift of nine hours" "$(hi-agg --every 8h --offset 6h --tz Europe/Berlin "$T/autumn" | get - '[.from,.to,.count]' | head -n 1)" \
	'["2025-10-25T20:00:00Z","2025-10-26T05:00:00Z",4]'
is "zone-less times" "$(r a spo2 97 '2025-12-28 00:30:00' | hi-agg -q --tz Europe/Berlin | get - '[.stat_date,.from]')" '["2025-12-28","2025-12-27T23:00:00Z"]'

# Bad lines and bad options.
{ cat "$T/day.ndjson"; echo '{"patient_id":'; } >"$T/bad.ndjson"
status "a bad line" 3 hi-agg "$T/bad.ndjson"
is "a bad line is told" "$(grep -c "bad.ndjson:12" "$T/.err")" 1
is "and the rest is counted" "$(cat "$T/.out")" "$(cat "$T/day.out")"
for o in "--every 7h" "--every 36h" "--every 8h --offset 9h" "--by bed" "--evry 1d"; do
	# shellcheck disable=SC2086
	status "hi-agg $o" 2 hi-agg $o "$T/day.ndjson"
	is "one line: $o" "$(wc -l <"$T/.err")" 1
done
status "a full disk" 4 sh -c 'hi-agg "$1" >/dev/full' sh "$T/day.ndjson"
status "no such file" 4 hi-agg "$T/none"
is "names it" "$(grep -c "$T/none" "$T/.err")" 1

# Lateness: rows as the clock goes, late readings told.
hi-gen --patients 3 --duration 2h >"$T/two.ndjson"
hi-agg --every 15m --lateness 0s "$T/two.ndjson" >"$T/late" 2>"$T/err"
hi-agg --every 15m "$T/two.ndjson" >"$T/batch"
is "in order, the same rows" "$(sed 's/,"complete":.*//' "$T/late" | cksum)" "$(sed 's/,"complete":.*//' "$T/batch" | cksum)"
{ cat "$T/two.ndjson"; head -n 5 "$T/two.ndjson"; } >"$T/tail.ndjson"
status "late readings" 3 hi-agg --every 15m --lateness 10m "$T/tail.ndjson"
is "are told" "$(cat "$T/.err")" "hi-agg: 5 readings came after their window was written (--lateness)"
mkfifo "$T/in" "$T/out"
hi-agg --every 15m --lateness 0s <"$T/in" >"$T/out" &
exec 7>"$T/in" 8<"$T/out"
cat "$T/two.ndjson" >&7
read -r -t 20 line <&8
is "a row comes before the end" "${line:0:14}" '{"type":"stat"'
exec 7>&-
wait $!
exec 8<&-

# Any order, the same bytes: values of one or more scales, by patient and hour.
hi-gen --patients 50 --duration 4h --interval 20s --fault artefact=0.01 >"$T/gen.ndjson"
awk 'BEGIN { srand(3) } { print rand() "\t" $0 }' "$T/gen.ndjson" | sort | cut -f2- >"$T/shuffled.ndjson"
tac "$T/gen.ndjson" >"$T/back.ndjson"
for o in "" "--every 1h --by patient" "--every 15m --tz Asia/Kolkata"; do
	# shellcheck disable=SC2086
	hi-agg $o "$T/gen.ndjson" >"$T/1"
	for f in shuffled back; do
		# shellcheck disable=SC2086
		hi-agg $o "$T/$f.ndjson" >"$T/2"
		ok "$f, $o" cmp -s "$T/1" "$T/2"
	done
	ok "something was counted, $o" test -s "$T/1"
done
# The same value written in other ways is the same value.
sed 's/"value":\([0-9]*\),/"value":\1.0,/; s/"value":\([0-9]*\.[0-9]\),/"value":\100e-2,/' "$T/gen.ndjson" |
	sed 's/\(\.[0-9]\)00e-2/\1/' | hi-agg >"$T/2"
hi-agg "$T/gen.ndjson" >"$T/1"
ok "72 and 72.0" cmp -s "$T/1" "$T/2"

# An oracle that shares nothing with us: sums by fractions, percentiles by sorting.
cat >"$T/oracle.py" <<'END'
import fractions, json, math, sys
groups = {}
for line in open(sys.argv[1]):
    o = json.loads(line)
    key = o["timestamp"][:10], o["metric_name"]
    g = groups.setdefault(key, ([], set()))
    g[0].append(o["value"])
    g[1].add(o["patient_id"])
worst, rows = 0.0, 0
for line in open(sys.argv[2]):
    o = json.loads(line)
    v, patients = groups.pop((o["stat_date"], o["metric_name"]))
    v.sort()
    n, rows = len(v), rows + 1
    mean = math.fsum(v) / n
    def q(p):
        h = (n - 1) * p
        i = int(h)
        return v[i] + (h - i) * (v[min(i + 1, n - 1)] - v[i])
    assert o["count"] == n and o["patient_count"] == len(patients), line
    want = dict(avg=mean, min=v[0], max=v[-1], p05=q(.05), p50=q(.5), p95=q(.95))
    if n > 1:
        want["sd"] = math.sqrt(math.fsum((x - mean) ** 2 for x in v) / (n - 1))
    else:
        assert "sd" not in o, line
    worst = max([worst] + [abs(o[k] - want[k]) for k in want])
assert not groups, list(groups)[:3]
print(rows, "rows", "equal" if worst < 1e-9 else "differ by %g" % worst)
END
hi-agg "$T/gen.ndjson" >"$T/1"
is "against the oracle" "$(python3 "$T/oracle.py" "$T/gen.ndjson" "$T/1")" "6 rows equal"
hi-csv -q "$ROOT/testdata/cinc2019_a_sample_wide.csv" >"$T/real.ndjson"
hi-agg -q "$T/real.ndjson" >"$T/1"
is "real readings against the oracle" "$(python3 "$T/oracle.py" "$T/real.ndjson" "$T/1")" "$(wc -l <"$T/1") rows equal"
ok "real readings: groups of three days" test "$(wc -l <"$T/1")" -ge 15
b1=$ROOT/../shared/data/cinc2019_b1.ndjson.zst
if more cinc2019_b1.ndjson.zst; then
	zstd -dcq "$b1" >"$T/b1.ndjson"
	hi-agg -q "$b1" >"$T/1"
	is "cinc2019_b1 against the oracle" "$(python3 "$T/oracle.py" "$T/b1.ndjson" "$T/1")" "522 rows equal"
	# The replaced system's columns by awk: avg_value, min_value, max_value, patient_count.
	awk -F'"' '{ v = $11; gsub(/[:, ]/, "", v); v += 0; k = substr($18, 1, 10) " " $8
		if (!(k in n) || v < lo[k]) lo[k] = v; if (!(k in n) || v > hi[k]) hi[k] = v
		n[k]++; sum[k] += v; if (!((k, $4) in seen)) { seen[k, $4] = 1; p[k]++ } }
		END { for (k in n) printf "%s %.9f %g %g %d\n", k, sum[k] / n[k], lo[k], hi[k], p[k] }' \
		"$T/b1.ndjson" | sort >"$T/awk"
	jq -r '[.stat_date,.metric_name,.avg,.min,.max,.patient_count]|@tsv' "$T/1" |
		awk '{ printf "%s %s %.9f %g %g %d\n", $1, $2, $3, $4, $5, $6 }' | sort >"$T/ours"
	ok "the replaced system's columns" cmp "$T/awk" "$T/ours"
fi
