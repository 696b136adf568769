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

# What cannot be.
for wrong in "--mark 0" "--mark 5x" "--mark" "--tick"; do
	status "$wrong" 2 hi-gen $wrong
	is "$wrong: one line" "$(wc -l <"$T/.err" | tr -d ' ')" 1
	is "$wrong: no output" "$(wc -c <"$T/.out" | tr -d ' ')" 0
done
ok "full disk" test "$(hi-gen --mark 1000 2>/dev/null >/dev/full; echo $?)" = 4
hi-gen -n 2500 --mark 1000 -o "$T/file"
is "into a file" "$(counted "$T/file")" ""
