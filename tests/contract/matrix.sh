#!/bin/bash
# tests/contract/matrix.sh [--table]: every tool through every probe that a stream
# tool may meet. --table prints the result as README shows it.
#
# A probe answers 0 (passed), 1 (failed, $why says why) or 2 (does not apply: a
# source has no input, a sink no output).
table=false
[ "${1:-}" = --table ] && table=true
. "$(dirname "$0")/../lib.sh"

P=$T/probe
cc -O2 -D_GNU_SOURCE -o "$P" "$ROOT/tests/contract/probe.c" || exit 1

# --- the tools ---------------------------------------------------------------
#
# is_source TOOL: it has no input. use TOOL: sets cmd, its command line reading
# standard input, with fresh places to write. goods TOOL N: N good lines of its
# input. bad TOOL KIND: one line of it, broken. seen TOOL: how many good lines
# the last run took, told by its output.

TOOLS=${TOOLS:-hi-gen hi-csv hi-csv--to hi-detect hi-store hi-cat hi-cat--store hi-agg hi-report
hi-kafka-bridge--consume hi-kafka-bridge--produce}
for t in $TOOLS; do
	[ -e "$ROOT/cmd/${t%%--*}.c" ] || continue
	# What is built without librdkafka is told by make.
	case $t in hi-kafka-bridge*) [ -x "$BUILD/bin/hi-kafka-bridge" ] || { skip "$t" "not built"; continue; } ;; esac
	known="${known:-} $t"
done
TOOLS=$known
runs=0

have() { [ -x "$BUILD/bin/${1%%--*}" ]; }
in_kind() { case $1 in hi-gen | hi-cat--store | hi-kafka-bridge--consume) echo none ;; hi-csv) echo csv ;; *) echo ndjson ;; esac; }
has_output() { case $1 in hi-store | hi-kafka-bridge--produce) return 1 ;; esac; }
has_o() { has_output "$1"; }
passes_lines() { case $1 in hi-csv | hi-csv--to | hi-detect | hi-cat) ;; *) return 1 ;; esac; }

# A store of N readings, made once.
store_of() {
	[ -d "$T/kept.$1" ] || hi-gen --count "$1" | hi-store -q "$T/kept.$1"
	echo "$T/kept.$1"
}

# A broker within a process, librdkafka's own: BROKER is its address.
mock() { # mock COMMAND: see mock_cluster.c
	local before
	before=$(wc -l <"$T/mock.out")
	echo "$*" >&7
	until [ "$(wc -l <"$T/mock.out")" -gt "$before" ]; do sleep 0.02; done
}
mock_start() {
	mkfifo "$T/mock.in"
	"$BUILD/tests/mock_cluster" 1 <"$T/mock.in" >"$T/mock.out" &
	exec 7>"$T/mock.in"
	until [ -s "$T/mock.out" ]; do sleep 0.02; done
	BROKER=$(head -n 1 "$T/mock.out")
}

# A topic of N readings, made once. The broker keeps 5 MB of a partition.
topic_of() {
	[ ! -e "$T/topic.$1" ] || return
	mock topic "kept.$1" 128 1
	hi-gen --patients 2000 --count "$1" | hi-kafka-bridge produce -q -b "$BROKER" -t "kept.$1"
	touch "$T/topic.$1"
}
consume() { # consume N [OPTION]: sets cmd
	topic_of "$1"
	cmd=(hi-kafka-bridge consume -q -b "$BROKER" -t "kept.$1" --from earliest "${@:2}")
}

use() {
	runs=$((runs + 1))
	case $1 in
	hi-kafka-bridge--consume) consume 5000 --until-end ;;
	hi-kafka-bridge--produce)
		mock topic "run.$runs" 1 1
		cmd=(hi-kafka-bridge produce -q -b "$BROKER" -t "run.$runs") ;;
	hi-gen) cmd=(hi-gen --count 5000) ;;
	hi-csv) cmd=(hi-csv) ;;
	hi-cat--store) cmd=(hi-cat "$(store_of 5000)") ;;
	hi-csv--to) cmd=(hi-csv --to narrow) ;;
	hi-store) cmd=(hi-store -q "$T/store.$runs") ;;
	*) cmd=("$1" -q) ;;
	esac
}

goods() {
	case $(in_kind "$1") in
	csv) echo patient_id,metric_name,value,unit,timestamp
		hi-gen --count "$2" | sed -E 's/[{}"]//g; s/(patient_id|metric_name|value|unit|timestamp)://g' ;;
	ndjson) hi-gen --count "$2" ;;
	esac
}

# A good line of a patient of its own, so that it can be told from the rest.
one() {
	case $(in_kind "$1") in
	csv) printf '%s,heart_rate,70,bpm,2025-12-28T09:00:00Z' "$2" ;;
	*) printf '{"patient_id":"%s","metric_name":"heart_rate","value":70,"unit":"bpm","timestamp":"2025-12-28T09:00:00Z"}' "$2" ;;
	esac
}

bad() {
	case $2:$(in_kind "$1") in
	value:csv) printf 'P-9,heart_rate,abc,bpm,2025-12-28T09:00:00Z' ;;
	value:*) printf '{"patient_id":"P-9","metric_name":"heart_rate","value":"abc","unit":"bpm","timestamp":"2025-12-28T09:00:00Z"}' ;;
	long:*) head -c $((16 << 20)) /dev/zero | tr '\0' x ;;
	nul:*) one "$1" P@9 | tr @ '\0' ;;
	utf8:*) one "$1" $'P\xff9' ;;
	esac
}

seen() {
	case $1 in
	hi-gen | hi-csv | hi-detect | hi-cat) grep -c '^{"patient_id":.*"metric_name"' "$T/out" ;;
	hi-csv--to) echo $(($(grep -c . "$T/out") - 1)) ;;
	hi-store) hi-cat -q "$T/store.$runs" | grep -c '^{"patient_id":' ;;
	hi-kafka-bridge--produce)
		hi-kafka-bridge consume -q -b "$BROKER" -t "run.$runs" --from earliest --until-end |
			grep -c '^{"patient_id":' ;;
	hi-agg) grep -o '"count":[0-9]*' "$T/out" | awk -F: '{ n += $2 } END { print n + 0 }' ;;
	hi-report) sed -n 's|.*<span>Readings</span><b>\([0-9]*\)</b>.*|\1|p' "$T/out" ;;
	esac
}

# Runs cmd over standard input: $T/out, $T/err, st, and its peak in KiB.
go() {
	timeout 60 "$P" rss "$T/rss" "${cmd[@]}" "$@" >"$T/out" 2>"$T/err"
	st=$?
}

want_status() { [ "$st" = "$1" ] || { why="status $st, want $1: $(head -c 200 "$T/err")"; return 1; }; }
want_seen() {
	local n
	n=$(seen "$1")
	[ "$n" = "$2" ] || { why="$n lines seen, want $2: $(head -c 200 "$T/err")"; return 1; }
}
want_quiet() { [ ! -s "$T/err" ] || { why="said: $(head -c 200 "$T/err")"; return 1; }; }
want_said() { grep -q -- "$1" "$T/err" || { why="did not say '$1': $(head -c 200 "$T/err")"; return 1; }; }
# The sanitizers keep freed memory: what such a build takes is not the tool's.
sanitized() { grep -q __asan_init "$BUILD/bin/${1%%--*}"; }
no_input() { [ "$(in_kind "$1")" = none ]; }

# --- the probes --------------------------------------------------------------

p_full() { # output to a full device
	has_output "$1" || return 2
	use "$1"; goods "$1" 300 >"$T/in"
	"${cmd[@]}" <"$T/in" >/dev/full 2>"$T/err"; st=$?
	want_status 4 && want_said 'No space left'
}
p_closed_out() { # standard output closed
	has_output "$1" || return 2
	use "$1"; goods "$1" 300 >"$T/in"
	"${cmd[@]}" <"$T/in" >&- 2>"$T/err"; st=$?
	want_status 4 && want_said stdout
}
p_o_fails() { # -o FILE on a full disk: status 4, no FILE
	has_o "$1" || return 2
	use "$1"; goods "$1" 3000 >"$T/in"; mkdir -p "$T/o"
	(trap '' XFSZ; ulimit -f 1; "${cmd[@]}" -o "$T/o/file" <"$T/in") >"$T/out" 2>"$T/err.o"; st=$?
	cp "$T/err.o" "$T/err"
	if [ "$st" = 0 ] && [ "$(stat -c %s "$T/o/file" 2>/dev/null || echo 0)" -le 1024 ]; then
		"${cmd[@]}" -o "$T/nowhere/file" <"$T/in" >"$T/out" 2>"$T/err"; st=$?
		rm -f "$T/o/file"
	fi
	want_status 4 || return
	[ -z "$(ls -A "$T/o")" ] || { why="left behind: $(ls -A "$T/o")"; rm -f "$T/o"/*; return 1; }
}
p_closed_in() { # standard input closed
	no_input "$1" && return 2
	use "$1"
	"${cmd[@]}" <&- >"$T/out" 2>"$T/err"; st=$?
	want_status 4 && want_said stdin
}
p_empty() { # no input at all
	no_input "$1" && return 2
	use "$1"
	go </dev/null
	want_status 0 && want_seen "$1" 0
}
p_cut() { # cut within the last line
	no_input "$1" && return 2
	use "$1"
	{ goods "$1" 100; one "$1" P-9 | head -c 30; } >"$T/in"
	go <"$T/in"
	want_status 3 && want_seen "$1" 100
}
p_no_lf() { # the last line without its end
	no_input "$1" && return 2
	use "$1"
	{ goods "$1" 100; one "$1" P-9; } >"$T/in"
	go <"$T/in"
	want_status 0 && want_seen "$1" 101 || return
	[ -z "$(tail -c 1 "$T/out" | tr -d '\n')" ] || { why="the output's last line has no end"; return 1; }
}
p_crlf() { # lines that end in CR LF
	no_input "$1" && return 2
	use "$1"
	goods "$1" 100 | sed 's/$/\r/' >"$T/in"
	go <"$T/in"
	want_status 0 && want_seen "$1" 100
}
broken_line() { # a bad line of a kind in the middle: named, status 3, all others taken
	no_input "$1" && return 2
	use "$1"
	local line=51
	[ "$(in_kind "$1")" = csv ] && line=52 # its titles are the first
	goods "$1" 100 >"$T/in.good"
	{ head -n $((line - 1)) "$T/in.good"; bad "$1" "$2"; echo; tail -n 50 "$T/in.good"; } >"$T/in"
	go <"$T/in"
	want_status 3 && want_seen "$1" 100 && want_said ":$line:"
}
p_bad() { broken_line "$1" value; }
p_nul() { broken_line "$1" nul; }
p_utf8() { broken_line "$1" utf8; }
p_long() { # a line of 16 MiB: refused, the next one taken, at most 8 MiB more memory
	no_input "$1" && return 2
	use "$1"
	goods "$1" 100 >"$T/in"; go <"$T/in"
	local base more
	base=$(cat "$T/rss")
	broken_line "$1" long || return
	more=$(($(cat "$T/rss") - base))
	[ $more -le 8192 ] || sanitized "$1" || { why="$more KiB more than without"; return 1; }
}
p_slow() { # a line through an open pipe comes out at once, with no option
	local ms
	use "$1"
	case $1 in
	hi-gen) ms=$("$P" first hi-gen --live </dev/null 2>"$T/err") ;;
	hi-cat--store) ms=$("$P" first "${cmd[@]}" --follow </dev/null 2>"$T/err") ;;
	hi-kafka-bridge--consume)
		consume 5000
		ms=$("$P" first "${cmd[@]}" </dev/null 2>"$T/err") ;;
	hi-store | hi-kafka-bridge--produce)
		{ one "$1" P-9; echo; sleep 3; } | "${cmd[@]}" >"$T/out" 2>"$T/err" &
		local writer=$! try
		ms=9999
		for try in 1 2 3 4; do # within a second, or two to connect to a broker
			sleep 0.5
			[ "$(seen "$1")" != 1 ] || { ms=0; break; }
			[ "$1$try" != hi-store2 ] || break
		done
		wait $writer ;;
	*)
		passes_lines "$1" || return 2
		goods "$1" 1 >"$T/in"
		ms=$("$P" first "${cmd[@]}" <"$T/in" 2>"$T/err") ;;
	esac
	[ "${ms:-9999}" -le 1000 ] || { why="${ms:-no output}: $(head -c 200 "$T/err")"; return 1; }
}
p_leaves() { # the reader is gone: SIGPIPE, and not a word
	has_output "$1" || return 2
	use "$1"; goods "$1" 5000 >"$T/in"
	{ sleep 0.1; "${cmd[@]}" <"$T/in" 2>"$T/err"; echo $? >"$T/st"; } | true
	st=$(cat "$T/st")
	want_status 141 && want_quiet
}
p_flat() { # 2,000,000 lines take no more memory than 200,000
	local few many n slack=4096
	use "$1"
	if no_input "$1"; then
		for n in 200000 2000000; do
			case $1 in
			hi-gen) cmd=(hi-gen --count $n) ;;
			# What is read ahead depends on who is faster: hi-kafka-bridge(1), "MEMORY".
			hi-kafka-bridge--consume) consume $n --until-end; slack=8192 ;;
			*) cmd=(hi-cat "$(store_of $n)") ;;
			esac
			"$P" rss "$T/rss.$n" "${cmd[@]}" >/dev/null 2>"$T/err" || { why="status $?"; return 1; }
		done
		few=$(cat "$T/rss.200000") many=$(cat "$T/rss.2000000")
		rm -rf "$T/kept.2000000"
	else
		goods "$1" 200000 | "$P" rss "$T/rss" "${cmd[@]}" >/dev/null 2>"$T/err" || { why="status $?"; return 1; }
		few=$(cat "$T/rss")
		use "$1"
		goods "$1" 2000000 | "$P" rss "$T/rss" "${cmd[@]}" >/dev/null 2>"$T/err" || { why="status $?"; return 1; }
		many=$(cat "$T/rss")
		rm -rf "$T"/store.*
	fi
	flat_figures="$flat_figures $1 $few $many KiB;"
	[ "$many" -le $((few + few / 10 + slack)) ] || sanitized "$1" || { why="$few KiB, then $many KiB"; return 1; }
}
p_help() { # --help: an example first, on standard output; a failed write is seen
	use "$1"
	cmd=("${cmd[0]}"); go --help </dev/null
	want_status 0 && want_quiet || return
	head -n 2 "$T/out" | grep -q "^  .*${cmd[0]}" || { why="no example first"; return 1; }
	"${cmd[0]}" -h >/dev/full 2>"$T/err"; st=$?
	want_status 4
}
p_version() { # --version: name and version
	use "$1"
	cmd=("${cmd[0]}"); go --version </dev/null
	want_status 0 && want_quiet || return
	grep -qE "^${cmd[0]} [0-9]+\.[0-9]+\.[0-9]+$" "$T/out" || { why=$(cat "$T/out"); return 1; }
}
p_option() { # a wrong option: status 2, one line, the nearest right one
	use "$1"
	go --verison </dev/null
	want_status 2 && want_said 'did you mean --version?' || return
	[ "$(wc -l <"$T/err")" = 1 ] || { why=$(cat "$T/err"); return 1; }
}
operand() { # an operand that cannot be read: status 4, named
	no_input "$1" && return 2
	use "$1"
	if [ "$1" = hi-store ]; then cmd=(hi-store "$2" "$T/store.$runs"); else cmd+=("$2"); fi
	go </dev/null
	want_status 4 && want_said "${2##*/}"
}
p_missing() { operand "$1" "$T/nofile.ndjson"; } # a file that is not there
p_fails() { operand "$1" /proc/self/mem; } # a file that opens, and fails as it is read
p_folder() { mkdir -p "$T/folder"; operand "$1" "$T/folder"; } # a folder that is no store
p_term() { # SIGTERM: a source stops; others drain an open pipe for a second at most
	local s ms lines
	use "$1"; goods "$1" 10 >"$T/in"
	case $1 in
	hi-gen) cmd=(hi-gen --live) ;;
	hi-cat--store) cmd+=(--follow) ;;
	hi-kafka-bridge--consume) consume 5000 ;;
	esac
	read -r s ms lines < <("$P" term "${cmd[@]}" <"$T/in" 2>"$T/err")
	[ "${s:-99}" = 0 ] || { why="status ${s:-none}: $(head -c 200 "$T/err")"; return 1; }
	[ "$ms" -le 2000 ] || { why="$ms ms"; return 1; }
	case $1 in # what came within that second is not lost
	hi-detect) [ "$lines" = 20 ] || { why="$lines lines of 20"; return 1; } ;;
	hi-store) hi-cat -q --raw "$T/store.$runs" >"$T/out"
		[ "$(wc -l <"$T/out")" = 20 ] || { why="$(wc -l <"$T/out") lines of 20"; return 1; } ;;
	esac
}

# A marked stream of N lines with a mark behind each tenth.
marked() {
	local m='{"type":"mark","run":"r","seq":%d,"n":%d,"positions":{"x":%d}}'
	hi-gen --count "$1" | awk -v m="$m\\n" 'NR == 1 { printf m, 0, 0, 0 } { print } NR % 10 == 0 { printf m, NR / 10, 10, NR }'
}
reads_records() { [ "$(in_kind "$1")" = ndjson ]; }
p_marks() { # a whole marked stream: nothing is said, n is right wherever lines pass
	reads_records "$1" || return 2
	use "$1"; marked 100 >"$T/in"
	go <"$T/in"
	want_status 0 && want_quiet && want_seen "$1" 100 || return
	case $1 in hi-detect | hi-cat)
		awk '/"type":"mark"/ { match($0, /"n":[0-9]+/); if (substr($0, RSTART + 4, RLENGTH - 4) + 0 != n + 0) exit 1; n = 0; next } { n++ }' "$T/out" ||
			{ why="n is not the number of lines"; return 1; } ;;
	esac
}
broken_stream() { # status 6, one message
	reads_records "$1" || return 2
	use "$1"; marked 100 | sed "$2" >"$T/in"
	go <"$T/in"
	want_status 6 && want_said stdin:
}
p_line_lost() { broken_stream "$1" 50d; }
p_mark_lost() { broken_stream "$1" 56d; }
p_end_lost() { broken_stream "$1" '$d'; }

PROBES="full:output to a full device is noticed
closed_out:standard output closed
o_fails:-o FILE on a full disk leaves no FILE
leaves:a reader that leaves early
closed_in:standard input closed
empty:empty input
cut:input cut within a line
no_lf:no line end at the end
crlf:CR LF line ends
bad:a bad line in the middle
nul:a NUL byte
utf8:invalid UTF-8
long:a line of 16 MiB
marks:a marked stream
line_lost:a line of a marked stream lost
mark_lost:a mark lost
end_lost:a marked stream cut before its last mark
slow:a line through a slow pipe at once
flat:2,000,000 lines, flat memory
missing:a file that is not there
fails:a read that fails
folder:a folder that is no store
term:SIGTERM
help:--help
version:--version
option:a wrong option"

case $TOOLS in *hi-kafka-bridge*) mock_start ;; esac
rows=""
flat_figures=""
while IFS=: read -r probe title; do
	rows+="| $title |"
	for tool in $TOOLS; do
		if ! have "$tool"; then
			_fail "$tool: not built"
			rows+=" ✗ |"
			continue
		fi
		why=""
		"p_$probe" "$tool"
		case $? in
		0) _pass "$tool: $title"; rows+=" ✓ |" ;;
		2) rows+=" – |" ;;
		*) _fail "$tool: $title" "$why"; rows+=" ✗ |" ;;
		esac
	done
	rows+=$'\n'
done <<<"$PROBES"

if $table; then
	printf '| probe |'
	for tool in $TOOLS; do
		t=${tool/--to/ --to} t=${t/--store/ STORE} t=${t/--consume/ consume}
		printf ' %s |' "${t/--produce/ produce}"
	done
	printf '\n|---|'
	for tool in $TOOLS; do printf ':-:|'; done
	printf '\n%s' "$rows"
fi
echo "peak memory of 200,000 and 2,000,000 lines:${flat_figures%;}"
