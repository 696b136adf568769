#!/bin/bash
# hi-csv: real data both ways, odd files, mappings, devices, bad input.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
D=$ROOT/../shared/data
SAMPLE=testdata/cinc2019_a_sample_wide.csv

# The readings of a wide file by awk alone: PATIENT,METRIC,TIME,VALUE a line.
# COLUMNS: "3=heart_rate 4=spo2", in the order wanted.
by_awk() {
	awk -F, -v columns="$1" 'BEGIN { n = split(columns, c, " ") }
		NR > 1 { t = $2; sub(" ", "T", t)
			for (i = 1; i <= n; i++) { split(c[i], k, "="); v = $(k[1])
				if (v != "" && v != "NaN") print $1 "," k[2] "," t "Z," v } }'
}
# The same of records of the compact form, and of the replaced system's.
by_key() {
	awk -F'"' '$6 == "metric_name" { gsub(/[:, ]/, "", $11); sub(/[ T]/, "T", $18); sub(/Z?$/, "Z", $18)
		print $4 "," $8 "," $18 "," $11 }'
}
COLUMNS_2019="3=heart_rate 6=bp_systolic 8=bp_diastolic 7=bp_mean 4=spo2 5=temperature 9=respiratory_rate"

# The real sample, byte for byte in order.
hi-csv $SAMPLE >"$T/a.ndjson" 2>"$T/a.err"
is "sample: status" $? 0
by_awk "$COLUMNS_2019" <$SAMPLE >"$T/want"
by_key <"$T/a.ndjson" >"$T/got"
ok "sample: readings as awk has them" cmp "$T/want" "$T/got"
is "sample: nothing else" "$(wc -l <"$T/a.ndjson")" "$(wc -l <"$T/want")"
is "sample: first line" "$(head -1 "$T/a.ndjson")" \
	'{"patient_id":"p000002","metric_name":"heart_rate","value":61,"unit":"bpm","timestamp":"2025-01-01T02:00:00Z"}'
has "sample: columns that are not used are said" "$(cat "$T/a.err")" 'columns not used: EtCO2, FiO2, Age'
has "sample: the first time without a zone is said" "$(cat "$T/a.err")" ':2: a time without a zone'
has "sample: a line a column" "$(cat "$T/a.err")" 'HR: heart_rate bpm: n [0-9]+, min [0-9.]+, median [0-9.]+, max [0-9.]+'
median=$(awk -F, 'NR > 1 && $3 != "NaN" { print $3 }' $SAMPLE | sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }')
has "sample: median as sort has it" "$(cat "$T/a.err")" "HR: .* median $median,"
hi-csv -q --tz Europe/Berlin $SAMPLE | head -1 >"$T/got"
has "sample: --tz is written in" "$(cat "$T/got")" '"timestamp":"2025-01-01T01:00:00Z"'

# A mapping printed is the plan itself.
hi-csv -q --print-map $SAMPLE >"$T/a.map"
ok "print-map: the same readings" cmp "$T/a.ndjson" <(hi-csv -q --map "$T/a.map" $SAMPLE)
printf 'patient_id,timestamp,HR,type\nP1,2025-12-28T06:30:00Z,72,mark\n' >"$T/type.csv"
hi-csv -q --print-map "$T/type.csv" >"$T/type.map"
status "print-map: a column of types refuses as before" 3 hi-csv -q --map "$T/type.map" "$T/type.csv"
ok "gz and pipes" cmp "$T/a.ndjson" <(gzip -c $SAMPLE | tee "$T/s.csv.gz" >/dev/null; hi-csv -q "$T/s.csv.gz")
ok "stdin" cmp "$T/a.ndjson" <(hi-csv -q <$SAMPLE)

# There and back: CSV of both forms reads as what it was made of.
for to in narrow wide; do
	hi-csv -q --to $to "$T/a.ndjson" >"$T/$to.csv"
	is "--to $to: status" $? 0
	ok "--to $to: reads back" cmp "$T/a.ndjson" <(hi-csv -q "$T/$to.csv")
done
is "narrow: header" "$(head -1 "$T/narrow.csv")" \
	"patient_id,timestamp,metric_name,value,text,unit,plausible,ward,device_id,method"
is "narrow: row" "$(sed -n 2p "$T/narrow.csv")" \
	"p000002,2025-01-01 02:00:00.000,heart_rate,61,,bpm,true,,,"
is "wide: header" "$(head -1 "$T/wide.csv")" \
	"patient_id,timestamp,heart_rate,bp_systolic,bp_diastolic,bp_mean,spo2,temperature,respiratory_rate,supplemental_oxygen,consciousness,spo2_scale"
is "empty input: a header all the same" "$(hi-csv --to wide </dev/null | wc -l)" 1
hi-csv --to narrow --patient p000003 --metric spo2 "$T/a.ndjson" 2>/dev/null | cut -d, -f1,3 | sort -u >"$T/got"
is "--to with a selection" "$(tail -n +1 "$T/got" | tr '\n' ' ')" "p000003,spo2 patient_id,metric_name "
hi-csv --patient p000003 --metric hr,spo2 --since 2025-01-01T05:00:00Z --until 2025-01-01T06:00:00Z -q $SAMPLE | by_key >"$T/got"
by_awk "$COLUMNS_2019" <$SAMPLE | grep -E '^p000003,(heart_rate|spo2),2025-01-01T05:' >"$T/want"
ok "selection while reading CSV" cmp "$T/want" "$T/got"
printf '%s\n' '{"patient_id":"=1+1","metric_name":"news2","value":7,"timestamp":"2025-01-01T00:00:00Z"}' '{"type":"alert","alert_id":"a","status":"ACTIVE","patient_id":"P","timestamp":"2025-01-01T00:00:00Z"}' 'x' >"$T/mix"
hi-csv --to wide --spreadsheet --metric news2 "$T/mix" >"$T/got" 2>"$T/err"
is "wide: a bad line is status 3" $? 3
is "wide: --metric adds a column, --spreadsheet escapes" "$(tail -1 "$T/got")" "'=1+1,2025-01-01 00:00:00.000,,,,,,,,,,,7"
hi-csv --to wide "$T/mix" >"$T/got" 2>"$T/err"
has "wide: other metrics are counted" "$(cat "$T/err")" '1 reading of metrics without a column'
has "other types are counted" "$(cat "$T/err")" '1 record of type alert left out'
is "wide: nothing made of them" "$(wc -l <"$T/got")" 1

# A spreadsheet's export.
hi-csv -q --map testdata/odd-ward.map testdata/odd-ward.csv >"$T/got"
is "odd-ward: status" $? 0
is "odd-ward: readings" "$(wc -l <"$T/got")" 12
has "odd-ward: decimal comma, unit kept" "$(cat "$T/got")" '"temperature","value":98.6,"unit":"F"'
has "odd-ward: two pressures" "$(cat "$T/got")" '"bp_systolic","value":120,.*"bp_diastolic","value":80,'
has "odd-ward: words and keys" "$(cat "$T/got")" '"consciousness","value":"V",.*"ward":"W7"'
hi-csv --guess testdata/odd-ward.csv >/dev/null 2>"$T/err"
has "guess: says why" "$(cat "$T/err")" 'Zeit: time \(values are times\)'

# What --guess sees in values.
{ echo "patient,time,a,b,c,d,e"; for i in 1 2 3 4 5; do echo "P,2025-01-01 00:0$i:00,36.$i,9$((i + 4)),12$i/8$i,98.$i,8$i"; done; } >"$T/g.csv"
hi-csv --guess "$T/g.csv" >"$T/got" 2>"$T/err"
has "guess: degrees Celsius" "$(cat "$T/err")" 'a: temperature C \(values like degrees Celsius'
has "guess: a saturation" "$(cat "$T/err")" 'b: spo2 % \(values like an oxygen saturation: 5 values 95 to 99, median 97\)'
has "guess: pressures" "$(cat "$T/err")" 'c: bp mmHg'
has "guess: degrees Fahrenheit" "$(cat "$T/err")" 'd: temperature F'
has "guess: not what could be several" "$(cat "$T/err")" 'e: ignore \(numbers that could be several vital signs'
is "guess: the first rows are not lost" "$(wc -l <"$T/got")" 25

# Warnings at the end.
{ echo "patient,time,O2Sat,Temp"; for i in 1 2 3 4; do echo "P,2025-01-01 00:0$i:00,0.9$i,9$i.5"; done; } >"$T/w.csv"
hi-csv "$T/w.csv" >/dev/null 2>"$T/err"
has "a fraction is suspected" "$(cat "$T/err")" 'O2Sat: spo2 %: n 4, .*; 100 % of values ≤ 1: a fraction\?'
has "Fahrenheit is suspected" "$(cat "$T/err")" 'Temp: .*; degrees Fahrenheit\?'

# Bad rows and cells: rejects with their place, the rest goes on.
printf 'patient,time,HR\nP,2025-01-01 00:00:00,72\nP,2025-01-01 00:01:00,x\nP,yesterday,73\nP,2025-01-01 00:02:00\n"P,2025-01-01 00:03:00,74\nP,2025-01-01 00:04:00,75\n' >"$T/bad.csv"
hi-csv -q "$T/bad.csv" >"$T/got" 2>"$T/err"
is "bad rows: status 3" $? 3
is "bad rows: what was good" "$(grep -c '"value"' "$T/got")" 2
is "bad rows: a reject each" "$(grep -c '"type":"reject","tool":"hi-csv"' "$T/got")" 4
has "bad rows: line and column" "$(cat "$T/got")" '"line":3,"column":23,"reason":"value: not a number","text":"P,2025-01-01 00:01:00,x"'
has "bad rows: a message each" "$(cat "$T/err")" "bad.csv:6: row: a quote is not closed"
hi-csv -q --strict "$T/bad.csv" >"$T/got" 2>/dev/null
is "--strict: status 3" $? 3
is "--strict: stops at the first" "$(wc -l <"$T/got")" 2
printf '{"patient_id":"P","metric_name":"%s","value":98,"timestamp":"2025-12-28T06:00:00Z"}\n' temp_f hear_trate heart_rate >"$T/names"
is "a metric's name comes back from our own CSV" "$(hi-csv -q --to narrow "$T/names" | hi-csv -q | jq -r .metric_name | xargs)" "temp_f hear_trate heart_rate"
is "rejects pass the next tool" "$(hi-csv -q "$T/bad.csv" 2>/dev/null | hi-csv -q --to narrow | wc -l)" 3

# Options.
status "no time: usage" 2 hi-csv <(printf 'patient,HR\nP,1\n')
status "no vital sign: usage" 2 hi-csv <(printf 'a,b\n1,2\n')
status "no file: status 4" 4 hi-csv "$T/none.csv"
status "unknown form" 2 hi-csv --to tall
status "--to and --map" 2 hi-csv --to wide --map x
status "--set type" 2 hi-csv --set type=mark
printf 'HR = heart_rate\nTemp = temperature kg\n' >"$T/bad.map"
status "bad mapping: status 2" 2 hi-csv --map "$T/bad.map" $SAMPLE
has "bad mapping: place and what was expected" "$(cat "$T/.err")" 'bad.map:2:20: expected a unit of the metric: not kg'
echo 'Puls = heart_rate' >"$T/other.map"
status "mapping of another file" 2 hi-csv --map "$T/other.map" $SAMPLE
has "mapping of another file: named" "$(cat "$T/.err")" 'line 1, Puls'
status "--max-ahead" 3 hi-csv --max-ahead 24h <(printf 'patient,time,HR\nP,9000-01-01 00:00:00,1\n')
hi-csv -q -o "$T/o.ndjson" $SAMPLE
ok "-o FILE" cmp "$T/a.ndjson" "$T/o.ndjson"
status "/dev/full" 4 bash -c "hi-csv -q $SAMPLE >/dev/full"
hi-csv -q --set ward=W7 --set patient_id=P-9 <(printf 'time,HR\n2025-01-01 00:00:00,72\n') >"$T/got"
is "--set" "$(cat "$T/got")" '{"patient_id":"P-9","metric_name":"heart_rate","value":72,"unit":"bpm","timestamp":"2025-01-01T00:00:00Z","ward":"W7"}'

is "--set that is wrong: no message has an id" "$(hi-csv --set patient_id="SECRET$(printf %080d 7)" x 2>&1 | grep -c SECRET)" 0

# A device on a serial line: no header, no clock, each line at once.
mkfifo "$T/tty" "$T/seen"
hi-csv -q --lines --stamp --columns HR,SpO2 --set patient_id=bed3 <"$T/tty" >"$T/seen" 2>"$T/err" &
exec 7>"$T/tty" 8<"$T/seen"
before=$(date -u +%Y-%m-%dT%H)
printf '72,98\r\n' >&7
read -r -t 5 line <&8
has "device: a line acts at once" "$line" '"bed3","metric_name":"heart_rate","value":72,"unit":"bpm","timestamp":"'"$before"
read -r -t 5 line <&8
printf '"73,99\r\n74,97\r\n' >&7
read -r -t 5 line <&8
has "device: a quote does not span lines" "$line" '"reject".*a quote is not closed'
read -r -t 5 line <&8
has "device: the next line is read" "$line" '"value":74,'
kill -TERM $! && exec 7>&- 8<&-
wait $!
is "device: a signal ends it, the status that was" $? 3

# The data beside the project, through mappings or none.
if more cinc2019_b1_wide.csv.zst; then
	hi-csv -q "$D/cinc2019_b1_wide.csv.zst" | by_key >"$T/all"
	# The older NDJSON has no mean pressure and is in order of time: else the same set.
	grep -v ',bp_mean,' "$T/all" | sort >"$T/got"
	zstd -dcq "$D/cinc2019_b1.ndjson.zst" | by_key | sort >"$T/want"
	ok "cinc2019_b1: the readings of the NDJSON" cmp "$T/want" "$T/got"
	is "cinc2019_b1: their number" "$(wc -l <"$T/got")" 1735692
	is "cinc2019_b1: and mean pressures" "$(grep -c ',bp_mean,' "$T/all")" \
		"$(zstd -dcq "$D/cinc2019_b1_wide.csv.zst" | by_awk 7=bp_mean | wc -l)"
	rm -f "$T/all" "$T/got" "$T/want"
	by_awk_count() { zstd -dcq "$D/$1" | by_awk "$2" | wc -l; }
	is "cinc2012: every vital sign" "$(hi-csv -q "$D/cinc2012_a_wide.csv.zst" | wc -l)" \
		"$(by_awk_count cinc2012_a_wide.csv.zst '4=a 5=a 6=a 7=a 8=a 9=a 10=a 11=a 12=a 13=a')"
	hi-csv -q "$D/mimic3demo_wide.csv.zst" | by_key | sort >"$T/got"
	zstd -dcq "$D/mimic3demo_wide.csv.zst" | by_awk "4=heart_rate 5=bp_systolic 6=bp_diastolic 7=spo2 8=temperature 9=respiratory_rate" | sort >"$T/want"
	ok "mimic3demo: wide" cmp "$T/want" "$T/got"
	hi-csv --map testdata/mimic-chartevents.map "$D/mimic3demo_chartevents_vitals.csv.zst" >"$T/got" 2>"$T/err"
	is "mimic3demo: chart events, 16 charted in error, 73 without a value" "$? $(wc -l <"$T/got")" "0 $((83390 - 16 - 73))"
	is "mimic3demo: degrees Fahrenheit" "$(grep -c '"temperature",.*"unit":"F"' "$T/got")" \
		"$(zstd -dcq "$D/mimic3demo_chartevents_vitals.csv.zst" | awk -F, '($5 == 678 || $5 == 223761) && $9 != "" && $12 != 1' | wc -l)"
	is "mimic numerics: 0 and -32768 are no values" \
		"$(hi-csv -q --map testdata/mimic-numerics.map "$D/mimic_numerics_s00001.csv" | wc -l)" \
		"$(awk -F, 'NR > 1 { for (i = 2; i <= NF; i++) if ($i != "" && $i + 0 != 0 && $i + 0 != -32768) n++ } END { print n }' "$D/mimic_numerics_s00001.csv")"
	has "mimic numerics: minutes elapsed, patient of the file's name" \
		"$(hi-csv -q --map testdata/mimic-numerics.map "$D/mimic_numerics_s00001.csv" | tail -1)" \
		'"mimic_numerics_s00001",.*"2025-01-02T08:14:00Z"'
fi

# What helps is said: slips in a mapping, rare impossible values, what was tried already.
{ echo 'Patient;Zeit;RR;HR;Nr;Alter'
	for i in $(seq 10 59); do echo "P1;28.12.2025 06:$i;1$i/80;$i;$((i % 2));$((i + 20))"; done
	for i in $(seq 10 59); do echo "P1;28.12.2025 07:$i;1$i/80;$i;$((i % 2));$((i + 20))"; done
	echo 'P1;29.12.2025;120/80;300;1;30'; } >"$T/ward.csv"
hi-csv --guess "$T/ward.csv" >"$T/out" 2>"$T/err"
has "guess: a broken time is no reason against times" "$(cat "$T/err")" 'Zeit: time'
has "guess: RR as Germans write it" "$(cat "$T/err")" 'RR: bp mmHg \(values like 120/80\)'
has "guess: what could be nothing" "$(cat "$T/err")" "Nr: ignore \\(numbers that are not like"
sed '$s/29.12.2025/29.12.2025 06:30/' "$T/ward.csv" >"$T/fine.csv"
has "one value in a hundred that cannot be" "$(hi-csv -g "$T/fine.csv" 2>&1 >/dev/null)" \
	'HR: heart_rate bpm: n 101, .*; 1 value is not plausible'
has "what was tried is not proposed" \
	"$(printf 'patient_id,timestamp,x\np,2025-01-01 00:00:00,y\n' | hi-csv -g 2>&1 >/dev/null)" 'could be guessed: name them by --map'
printf '%s\n' 'separator ;' 'Patient = patient' 'Zeit = tim' 'HR = heart_rat' 'Alter = age' 'Nr 1 = ignore' >"$T/slip.map"
hi-csv --map "$T/slip.map" "$T/ward.csv" >"$T/out" 2>"$T/err"
has "a slip for a role" "$(cat "$T/err")" 'slip.map:3: metric not in the catalogue: tim; nearest: time'
has "a slip for a metric" "$(cat "$T/err")" 'slip.map:4: metric not in the catalogue: heart_rat; nearest: heart_rate'
is "a metric of its own is none" "$(grep -c 'slip.map:5' "$T/err")" 0
has "the mapping is what lacks a time" "$(cat "$T/err")" 'the mapping names no column of a time'
has "a column that rows are left out by is used" "$(cat "$T/err")" 'columns not used: RR$|columns not used: RR.hi-csv'
is "a file is named once" "$(hi-csv --map "$T/none" x 2>&1)" "hi-csv: cannot open: $T/none: No such file or directory"

has "a date that can be read in two ways" "$(printf 'patient_id,timestamp,HR\np,12/11/2025 06:30,7\n' | hi-csv 2>&1 >/dev/null)" \
	'stdin:2:3: timestamp: day or month first\?'
