#!/bin/bash
# The shared options as a person meets them, through the tools.
. "$(dirname "$0")/../lib.sh"

line() { printf '{"patient_id":"%s","metric_name":"%s","value":70,"timestamp":"%s"}\n' "$@"; }
{
	line A heart_rate 2025-03-29T22:59:59Z
	line A heart_rate 2025-03-29T23:00:00Z
	line A spo2 2025-03-30T12:00:00Z
	line B heart_rate '2025-03-30 03:30:00'
	line B lactate 2025-03-30T21:59:59Z
	line C heart_rate 2025-03-30T22:00:00Z
} >"$T/in"

# Which of the six lines pass.
left() { hi-detect -q "$@" "$T/in" | grep -nxFf - "$T/in" | cut -d: -f1 | tr -d '\n'; }

is "all" "$(left)" 123456
is "a day of the zone has 23 hours in spring" "$(left --day 2025-03-30 --tz Europe/Berlin)" 2345
is "the same from HI_TZ" "$(HI_TZ=Europe/Berlin left --day 2025-03-30)" 2345
is "a day in UTC" "$(left --day 2025-03-30)" 3456
is "since is included, until is not" \
	"$(left --since 2025-03-29T23:00:00Z --until 2025-03-30T21:59:59Z)" 234
is "a zone-less line is read in the zone" \
	"$(left --tz Europe/Berlin --since 2025-03-30T01:30:00Z --until 2025-03-30T01:30:01Z)" 4
is "one patient" "$(left --patient B)" 45
printf 'A\r\n\nC\n' >"$T/ids"
is "patients of a file" "$(left --patient "@$T/ids")" 1236
is "short and full names, and one outside the catalogue" "$(left --metric spo2 --metric hr)" 12346
is "a list" "$(left --metric lactate,spo2)" 35
is "options behind the operand" "$(hi-detect -q "$T/in" --patient C | wc -l | tr -d ' ')" 1
is "after -- a name may begin with a dash" \
	"$(cd "$T" && cp in ./--help && hi-detect -q --patient B -- --help | wc -l | tr -d ' ')" 2

status "no such zone" 2 hi-detect --tz Mars/Phobos "$T/in"
status "the hour that is missing" 2 hi-detect --since '2025-03-30 02:30' --tz Europe/Berlin "$T/in"

# Who looks at the processes of the machine does not see whom the ward looks at.
mkfifo "$T/pipe"
hi-detect --patient SECRET-1 --patient=SECRET-2 <"$T/pipe" >/dev/null 2>&1 &
pid=$!
exec 9>"$T/pipe"
line A heart_rate 2025-03-29T22:59:59Z >&9
for _ in 1 2 3 4 5 6 7 8 9 10; do
	seen=$(tr '\0' ' ' <"/proc/$pid/cmdline")
	case $seen in *hi-detect*\**) break ;; esac
	sleep 0.05
done
exec 9>&-
wait $pid
has "the options can be seen" "$seen" '--patient'
is "the ids cannot" "$(grep -c SECRET <<<"$seen")" 0

# --metric is no short form of --metrics, which would write over a file of that name.
cd "$T" || exit
status "no --metric where nothing is selected" 2 hi-gen -n 1 --metric hr
status "nor with =" 2 hi-gen -n 1 --metric=hr
has "what is meant perhaps" "$(hi-gen --metric hr 2>&1)" '--metrics FILE'
ok "no file" test ! -e hr
status "a short form that is one" 0 hi-gen -n 1 --metrics=counters
has "a slip in --metric" "$(hi-cat --metric hart_rate,lactate </dev/null 2>&1)" \
	'^hi-cat: --metric: not in the catalogue: hart_rate; nearest: heart_rate$'

# Counters that cannot be written are told once and in the status; the output stands.
line A heart_rate 2025-03-29T22:59:59Z >one
hi-agg --metrics none/x -o stat one 2>err; s=$?
is "counters that cannot be written" "$s $(grep -c none/x err) $(wc -l <stat | tr -d ' ')" '4 1 1'

# What a person may have meant.
has "CSV to a tool that reads records" \
	"$(printf 'patient_id,timestamp,HR\nP-1,2025-01-01 00:00:00,72\n' | hi-detect 2>&1 >/dev/null)" \
	'^hi-detect: stdin: this looks like CSV: hi-csv makes records of it'
is "not of all that is no record" "$(printf 'oops\n{"a":1,"b"}\n' | hi-detect 2>&1 >/dev/null | grep -c CSV)" 0
status "the store before its input" 2 hi-store ward one
has "and what is right" "$(hi-store ward one 2>&1)" "the store comes last"
hi-store -q one ward
status "a store to hi-csv" 2 hi-csv ward
has "and what is missing" "$(hi-csv ward 2>&1)" '--to narrow or wide'
