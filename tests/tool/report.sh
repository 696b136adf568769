#!/bin/bash
# hi-report: the page holds what the records hold, is the same every time, asks for
# nothing, and shows hostile text as text; --text does so for a terminal.
. "$(dirname "$0")/../lib.sh"

page() { hi-report -q "$@"; }
reading() { printf '{"patient_id":"%s","metric_name":"%s","value":%s,"timestamp":"2025-12-28T%sZ"}\n' "$@"; }

hi-gen --patients 5 --duration 30m | hi-detect >"$T/in"
status "a report" 0 page "$T/in"
page "$T/in" >"$T/a.html"
page <"$T/in" | sed 's/standard input/in/' >"$T/b.html"
is "one document" "$(grep -c '<!DOCTYPE html>' "$T/a.html") $(tail -c 8 "$T/a.html")" "1 </html>"
is "the same input, the same bytes" "$(sed "s|$T/in|in|; s|Size about [0-9]* [a-zA-Z]*||" "$T/a.html" | cksum)" \
	"$(sed 's|Size about [0-9]* [a-zA-Z]*||' "$T/b.html" | cksum)"
has "carries its policy" "$(cat "$T/a.html")" "default-src 'none'; style-src 'unsafe-inline'"
is "no script, no link to elsewhere" "$(grep -ciE '<script|<link|<img|<iframe|https?:|url\(|@import|javascript:' "$T/a.html")" 0
is "a part a patient" "$(grep -c '<details class="card pt"' "$T/a.html")" 5
is "a chart a metric" "$(grep -c '<svg viewBox="0 0 360' "$T/a.html")" 30
is "a chart has a title and a description" \
	"$(grep -oc 'role="img" aria-labelledby="t[0-9]* d[0-9]*"><title id="t[0-9]*">' "$T/a.html")" 30
has "not a medical device" "$(tail -n 2 "$T/a.html")" 'not a medical device'
status "-o writes the file" 0 hi-report -q -o "$T/o.html" "$T/in"
is "-o: the same page" "$(cksum <"$T/o.html")" "$(cksum <"$T/a.html")"

# Episodes: what jq counts in the alerts is what the page says.
n=$(jq -r 'select(.type=="alert").alert_id' "$T/in" | sort -u | wc -l)
active=$(jq -r 'select(.type=="alert") | .alert_id' "$T/in" | sort | uniq -c | awk '$1==1' | wc -l)
has "episodes" "$(cat "$T/a.html")" "<span>Alarm episodes</span><b>$n<"
has "active alarms" "$(cat "$T/a.html")" "<span>Active alarms</span><b>$active[< ]"

# Hostile text stays text.
{
	reading '<script>alert(1)</script>' heart_rate 70 06:00:00
	reading "\\\" onload='x'&amp;" '</title><img src=x>' 1 06:00:00
	reading 'a\u202eb\u001b[31mc\u0000' heart_rate 70 06:00:00
	echo '{"type":"patient","patient_id":"p","version":1,"name":"<b>N\u2066</b>","ward":"<i>"}'
	echo '{"type":"alert","alert_id":"1","patient_id":"p","metric_name":"<u>","alert_type":"<s>","priority":"high","status":"ACTIVE","limit":"<q>","timestamp":"2025-12-28T06:00:00Z"}'
	echo '{"type":"reject","tool":"<t>","source":"<o>","line":1,"reason":"<e>","text":"<secret>"}'
} >"$T/hostile"
hi-report -q --title '<h>' "$T/hostile" >"$T/h.html" 2>"$T/err"
is "no tag of theirs" "$(grep -oE '<(script|img|b>N|i>|u>|s>|q>|t>|o>|e>|h>)' "$T/h.html" | wc -l)" 0
has "shown as text" "$(cat "$T/h.html")" '&lt;script&gt;alert\(1\)&lt;/script&gt;'
has "direction marks as numbers" "$(cat "$T/h.html")" '‹U\+2066›'
is "no control, no direction mark" "$(LC_ALL=C.UTF-8 grep -cP '[\x00-\x08\x0b-\x1f\x7f\x{202a}-\x{202e}\x{2066}-\x{2069}]' "$T/h.html")" 0
is "a rejected line's text stays out" "$(grep -c secret "$T/h.html")" 0
is "text: no escape" "$(hi-report -q --text "$T/hostile" 2>/dev/null | grep -c $'\x1b')" 0

# Nothing, one moment, nulls only, far years.
has "no patient" "$(: | page)" 'There is no patient in the input'
status "no patient, text" 0 hi-report -q --text /dev/null
has "one reading" "$(reading p spo2 97 06:00:00 | page)" '1 reading,'
has "nulls only" "$(reading p spo2 null 06:00:00 | page)" '0 readings'
{ reading p spo2 97 06:00:00; reading p spo2 97 06:00:00 | sed s/2025/9999/; } | page >"$T/far.html"
is "far years" "$?" 0
has "an implausible value is said to be one" "$(reading p heart_rate 7000400 06:00:00 | page)" '<span class="num">7000400</span><span class="flag">implausible'

# Bad lines are counted and told, the rest is reported.
{ echo '{bad'; reading p spo2 88 06:00:00; echo '{"type":"reject","tool":"hi-csv","source":"a.csv","line":7,"column":1,"reason":"value: not a number","text":"x"}'; } >"$T/bad"
status "a bad line" 3 page "$T/bad"
has "rejects counted" "$(page "$T/bad" 2>/dev/null)" '<span>Rejected lines</span><b>2<'
has "by reason" "$(page "$T/bad" 2>/dev/null)" 'value: not a number</th><td class="r" data-l="Lines">1<'
status "--strict" 3 page --strict "$T/bad"
status "full disk" 4 sh -c "hi-report -q '$T/in' >/dev/full"

# Text.
text=$(page --text "$T/in")
is "text: a row a patient" "$(grep -c '^P-00' <<<"$text")" 5
has "text: below and above" "$(reading p spo2 80 06:00:00 | page --text)" '80 L'

# Statistics: of the input's stat records, else computed.
has "computed by day" "$(cat "$T/a.html")" 'Computed from the readings of the input, by day'
stats=$({ cat "$T/in"; hi-agg --format ndjson "$T/in"; } | page)
has "the input's own" "$stats" 'The stat records of the input'
is "both say the same" "$(sed -n '/id="statistics"/,/<\/section>/p' <<<"$stats" | grep '^<tr>')" \
	"$(sed -n '/id="statistics"/,/<\/section>/p' "$T/a.html" | grep '^<tr>')"

# Bounded: a longer input of the same patients gives a page of like size.
a=$(hi-gen --patients 2 --duration 6h | page | wc -c)
b=$(hi-gen --patients 2 --duration 24h | page | wc -c)
ok "size does not follow the input ($a, $b)" [ "$b" -lt $((a * 3 / 2)) ]

# Many patients: all are on the board, the first 2,000 have charts, and it says so.
hi-gen --patients 2100 --duration 1m --interval 60s | page >"$T/many.html"
is "2,100 rows" "$(grep -c '<td class="w nw"' "$T/many.html")" 2100
is "2,000 parts" "$(grep -c '<details class="card pt"' "$T/many.html")" 2000
has "the rest is said" "$(grep -o 'The first 2,000 patients of the board are shown here' "$T/many.html")" first

# What is not known is not said, and nothing is praised before it is written.
has "no alert in the input is not '0 active alarms'" "$(hi-gen -n 6 | hi-report --text | sed -n 2p)" 'no alert in the input'
has "an alarm that is over is" "$(hi-gen | hi-detect | hi-report --text | sed -n 2p)" ' active alarm'
is "a full disk" "$(hi-gen -n 6 | hi-report 2>&1 >/dev/full)" 'hi-report: cannot write: stdout: No space left on device'
status "a heading is needed" 2 hi-report --title ' ' /dev/null

has "a small value is not 0" "$(echo '{"patient_id":"P","metric_name":"own","value":1e-7,"timestamp":"2025-12-28T06:30:00Z"}' |
	hi-report --text)" ' 1e-07 '
has "a terminal gets no page" "$(hi-gen -n 6 >"$T/six"; script -qec "hi-report $T/six" /dev/null </dev/null | tr -d '\r')" \
	'a terminal gets the text.*PATIENT  ALARM'
