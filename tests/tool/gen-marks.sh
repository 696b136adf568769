#!/bin/bash
# hi-gen as a resumable source: the marks count right and stand where they say.
. "$(dirname "$0")/../lib.sh"

mark='^\{"type":"mark",'
marks() { grep -E "$mark"; }
readings() { grep -vE "$mark"; }
sum() { sha256sum | cut -c1-16; }
position() { sed -E 's/.*"gen:[0-9-]+":([0-9]+)[,}].*/\1/'; }

# Says what is wrong with a marked stream: count, order, run, first and last line.
counted() {
	awk -v mark="${mark#^}" '
	$0 !~ "^" mark { n++; next }
	/"resume":"begin"/ { preamble = 1; n = 0; next }
	/"resume":"end"/ { preamble = 0; n = 0; next }
	{
		match($0, /"run":"[0-9a-f]+"/); r = substr($0, RSTART, RLENGTH)
		match($0, /"seq":[0-9]+/); s = substr($0, RSTART + 6, RLENGTH - 6) + 0
		match($0, /"n":[0-9]+/); c = substr($0, RSTART + 4, RLENGTH - 4) + 0
		if (length(r) != 24) print NR ": run " r
		if (run != "" && r != run) print NR ": another run"
		if (s != seq++) print NR ": seq " s
		if (c != n) print NR ": n " c ", lines " n + 0
		run = r; n = 0
	}
	END { if (n || !seq) print "no last mark" }' "$@"
}

faults=missing=0.1,late=0.1,duplicate=0.1,artefact=0.1,garbage=0.1
for run in "" "--fault $faults" "--fault late=0.5" "--fault duplicate=1" "--fault missing=1" \
	"--plain --interval 2s-5s" "--count 1003 --seed -3"; do
	cmd="hi-gen -p 7 -d 10m $run"
	$cmd >"$T/plain"
	for every in 1000 200ms; do
		$cmd --mark $every >"$T/marked"
		is "$cmd --mark $every: the same lines" "$(readings <"$T/marked" | sum)" "$(sum <"$T/plain")"
		is "$cmd --mark $every: counts" "$(counted "$T/marked")" ""
		has "$cmd --mark $every: opening" "$(head -1 "$T/marked")" '"seq":0,"n":0,"positions":\{"gen:(7|-3)":0\}'
		has "$cmd --mark $every: last line" "$(tail -1 "$T/marked")" "$mark"
	done
done

is "exactly N lines" "$(hi-gen -n 3500 --mark 1000 | marks | grep -o '"n":[0-9]*' | tr '\n' ' ')" \
	'"n":0 "n":1000 "n":1000 "n":1000 "n":500 '
is "positions" "$(hi-gen -n 3500 --mark 1000 | marks | position | tr '\n' ' ')" "0 1000 2000 3000 3500 "
is "marks by lines stand at the same places" "$(hi-gen --fault $faults --mark 500 | marks | position | sum)" \
	"$(hi-gen --fault $faults --mark 500 | marks | position | sum)"
# With faults: N is reached, and not by more than one reading's lines.
is "at least N, with faults" "$(hi-gen --fault $faults --mark 500 | marks | sed '1d;$d' |
	sed -E 's/.*"n":([0-9]+).*/\1/' | awk '$1 < 500 || $1 > 549' | wc -l | tr -d ' ')" 0
is "each line" "$(hi-gen -n 10 --mark 1 | marks | wc -l | tr -d ' ')" 12
is "nothing to write" "$(hi-gen -n 0 --mark 1 | grep -c '"n":0,"positions":{"gen:7":0}')" 2

# --tick: the last whole set, whatever has begun behind it.
is "ticks" "$(hi-gen -p 2 --mark 5 -n 25 --tick | marks | grep -o '"time":"[^"]*' | cut -d'"' -f4 | tr '\n' ' ')" \
	"2025-12-28T06:00:00Z 2025-12-28T06:00:00Z 2025-12-28T06:00:05Z 2025-12-28T06:00:05Z "
is "no set is whole" "$(hi-gen -n 5 --mark 5 --tick | grep -c '"time"')" 0
# At a pace: each time at most the next set's, and it goes forward while nothing comes.
hi-gen -p 1 -i 4s -d 5s --pace 2x --mark 200ms --tick >"$T/ticks"
is "paced: counts" "$(counted "$T/ticks")" ""
ok "paced: ticks between the sets" test "$(grep -c '"time":"2025-12-28T06:00:0[0123]' "$T/ticks")" -ge 2
is "paced: sorted" "$(grep -o '"time":"[^"]*' "$T/ticks" | sort -sc 2>&1)" ""
is "paced: none is past the set that follows" "$(awk -F'"time":"' -v mark="${mark#^}" '
	$0 ~ "^" mark { if ($2) t = substr($2, 1, 19); next }
	match($0, /"timestamp":"[^"]*/) { if (substr($0, RSTART + 13, 19) < t) print }' "$T/ticks")" ""

# A signal: the last line is a mark, and nothing is behind it.
mkfifo "$T/pipe"
hi-gen --mark 100 >"$T/pipe" --count 1000000000 &
pid=$!
exec 8<"$T/pipe"
head -c 1000000 <&8 >"$T/cut" # it runs
kill -TERM $pid
cat <&8 >>"$T/cut"
exec 8<&-
wait $pid
is "TERM: status" $? 0
is "TERM: counts" "$(counted "$T/cut")" ""
has "TERM: the last line is a mark" "$(tail -1 "$T/cut")" "$mark"
is "TERM: the lines are a run's beginning" "$(readings <"$T/cut" | sum)" \
	"$(hi-gen -n "$(tail -1 "$T/cut" | position)" | sum)"
hi-gen --live -p 2 -i 1h --mark 200ms >"$T/live" &
pid=$!
for _ in $(seq 100); do [ "$(marks <"$T/live" | wc -l)" -ge 3 ] && break; sleep 0.1; done
is "live: what was written is marked though nothing follows" \
	"$(marks <"$T/live" | head -3 | tail -1 | position)" 12
kill -TERM $pid
wait $pid
is "live: counts" "$(counted "$T/live")" ""

# --resume: whatever a store got of a stream, the next run gives the rest of it. The
# stream is cut in the middle of its lines; the store keeps it as far as its last mark.
preamble='/"resume":"begin"/,/"resume":"end"/'
rest() { sed "$preamble d" "$1" | readings; }
resumes() {
	local done=0 runs=0 store=$T/ward.$((n_stores += 1)) before=$failed cut end
	"$@" >"$T/whole"
	while :; do
		"$@" --resume "$store" --window 30s --mark 400 >"$T/run" 2>"$T/err" || return 1
		is "$*: resumed at line $done" "$(rest "$T/run" | sum)" "$(tail -n +$((done + 1)) "$T/whole" | sum)"
		is "$*: counts at line $done" "$(counted "$T/run")" ""
		[ $failed -eq $before ] || return 1
		end=$(sed -n '/"resume":"end"/=' "$T/run")
		cut=$((end + 1 + 397 * (runs % 4)))
		[ $cut -ge "$(wc -l <"$T/run")" ] && cut=$(wc -l <"$T/run")
		head -n $cut "$T/run" >"$T/cut"
		hi-store -q "$store" <"$T/cut" >/dev/null 2>&1
		cut=$(grep -nE "$mark" "$T/cut" | tail -1 | cut -d: -f1)
		done=$((done + $(head -n "$cut" "$T/cut" >"$T/kept"; rest "$T/kept" | wc -l)))
		[ $cut -eq "$(wc -l <"$T/run")" ] && break
		[ $((runs += 1)) -lt 60 ] || return 1
	done
	ok "$*: ended after $runs restarts" test $runs -ge 4 -a "$done" -eq "$(wc -l <"$T/whole")"
	# A run that is over gives its place and no more.
	"$@" --resume "$store" >"$T/run"
	is "$*: nothing is left" "$(rest "$T/run" | wc -l | tr -d ' ')" 0
	is "$*: opening and last mark" "$(sed "$preamble d" "$T/run" | grep -oE '"seq":[01],"n":0' | tr '\n' ' ')" \
		'"seq":0,"n":0 "seq":1,"n":0 '
}
n_stores=0
resumes hi-gen -p 5 -d 5m -i 5s
resumes hi-gen -p 5 -d 5m -i 2s-5s --seed -3 --plain
resumes hi-gen -p 5 -d 5m --fault $faults
resumes hi-gen -n 2003 --fault late=0.5

# No store yet, in each of its forms; what is no store.
mkdir "$T/empty"
for store in "$T/none" "$T/empty"; do
	status "no store yet" 0 hi-gen -n 5 --resume "$store"
	is "it is said" "$(cat "$T/.err")" "hi-gen: $store: nothing from this source yet: from the beginning"
	is "its lines" "$(rest "$T/.out" | sum)" "$(hi-gen -n 5 | sum)"
	has "an empty preamble" "$(head -2 "$T/.out" | tr '\n' ' ')" \
		'^\{"type":"mark","resume":"begin","window":"1h",.*"resume":"end","n":0,"positions":\{"gen:7":0\}'
	is "its counts" "$(counted "$T/.out")" ""
	is "-q: not said" "$(hi-gen -q -n 5 --resume "$store" 2>&1 >/dev/null)" ""
done
status "what is no store" 4 hi-gen --resume "$T"
has "and that is said" "$(cat "$T/.err")" '^hi-gen: not a store: '
status "a file" 4 hi-gen --resume "$T/whole"
status "an hour of a store" 2 hi-gen --resume "$T/ward.1/@2025-12-28T06"

# For a source of somebody else's: the preamble of the whole store, and no more.
hi-cat --resume "$T/ward.1" --window 1m </dev/null >"$T/run"
is "hi-cat --resume: from begin to end" "$(sed "$preamble d" "$T/run" | wc -l | tr -d ' ')" 0
has "hi-cat --resume: where the store stands" "$(tail -1 "$T/run")" '"resume":"end",.*"gen:7":1800'
is "hi-cat --resume: no store yet" "$(hi-cat -q --resume "$T/none" </dev/null | grep -o '"resume":"[a-z]*"' | tr '\n' ' ')" \
	'"resume":"begin" "resume":"end" '

# A position that this run does not have.
at() {
	rm -rf "$T/at"
	printf '{"type":"mark","run":"r","seq":%d,"n":%d,"positions":{"gen:7":%s}}\n' 0 0 "$1" >"$T/positions"
	hi-gen -n 1 >>"$T/positions"
	printf '{"type":"mark","run":"r","seq":%d,"n":%d,"positions":{"gen:7":%s}}\n' 1 1 "$2" >>"$T/positions"
	hi-store -q "$T/at" <"$T/positions" >/dev/null
}
at 0 '"5:77aa"'
status "a text as position" 6 hi-gen --resume "$T/at"
is "is said" "$(cat "$T/.err")" "hi-gen: the stored position is no reading's number: gen:7"
is "a text as position: nothing is written" "$(wc -c <"$T/.out" | tr -d ' ')" 0
at 0 -1
status "a negative position" 6 hi-gen --resume "$T/at"
at 0 1001
status "a position behind the end" 6 hi-gen --count 1000 --resume "$T/at"
has "is said" "$(cat "$T/.err")" 'behind the end: another --count or --duration\?: gen:7 at 1001, the end is 1000'
status "another seed begins" 0 hi-gen --seed 8 --count 10 --resume "$T/at"
is "at its beginning" "$(rest "$T/.out" | sum)" "$(hi-gen --seed 8 --count 10 | sum)"

# Live: what is next comes at once, not after all sets before; patients that change come too.
await() { for _ in $(seq 200); do grep -q -- "$1" "$2" 2>/dev/null && return 0; sleep 0.1; done; return 1; }
at 0 36
hi-gen --live --start 2025-12-28T06:00:00Z -p 2 -i 1h --tick --resume "$T/at" >"$T/again" &
pid=$!
ok "live: the fourth set is there at once" await '"timestamp":"2025-12-28T09:00:00Z"' "$T/again"
ok "live: and marked" await '"n":12,.*"time":"2025-12-28T09:00:00.*"gen:7":48' "$T/again"
echo '{"type":"patient","patient_id":"P-001","version":2,"limits":{"TACHYCARDIA":"off"}}' >"$T/patient"
hi-store -q "$T/at" <"$T/patient"
ok "a patient record that is new in the store" await '^{"type":"patient","patient_id":"P-001","version":2,' "$T/again"
ok "is marked" await '"n":1,.*"gen:7":48' "$T/again"
kill -TERM $pid
wait $pid
is "live: counts" "$(counted "$T/again")" ""
is "the record comes once" "$(grep -c '"version":2' "$T/again")" 1
hi-gen --live --start 2025-12-28T06:00:00Z -p 2 -i 1h --resume "$T/later" >"$T/new" 2>/dev/null &
pid=$!
ok "a store that is not there yet" await '"n":12,' "$T/new"
hi-gen -n 1 | hi-store -q "$T/later"
n=$(marks <"$T/new" | wc -l)
for _ in $(seq 200); do [ "$(marks <"$T/new" | wc -l)" -ge $((n + 2)) ] && break; sleep 0.1; done
hi-store -q "$T/later" <"$T/patient"
ok "is looked for again" await '^{"type":"patient","patient_id":"P-001","version":2,' "$T/new"
kill -TERM $pid
wait $pid
is "and counts" "$(counted "$T/new")" ""

# What cannot be.
for wrong in "--mark 0" "--mark 5x" "--mark" "--tick" "--window 1h" "--window 0s --resume $T/none" "--resume" \
	"--live --resume $T/none"; do
	status "$wrong" 2 hi-gen $wrong
	is "$wrong: one line" "$(wc -l <"$T/.err" | tr -d ' ')" 1
	is "$wrong: no output" "$(wc -c <"$T/.out" | tr -d ' ')" 0
done
ok "full disk" test "$(hi-gen --mark 1000 2>/dev/null >/dev/full; echo $?)" = 4
hi-gen -n 2500 --mark 1000 -o "$T/file"
is "into a file" "$(counted "$T/file")" ""
