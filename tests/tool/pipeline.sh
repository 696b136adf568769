#!/bin/bash
# hi-pipeline: one status for a pipe, an end in order, nothing left behind.
. "$(dirname "$0")/../lib.sh"
cd "$T"

pipe() { cat >"$1"; } # NAME: the file
run() { hi-pipeline --grace 2 "$1" >out 2>err </dev/null; }
parts() { # PID of hi-pipeline: those of its parts
	local shell
	read -r shell <"/proc/$1/task/$1/children"
	cat "/proc/$shell/task/$shell/children"
}
begin() { # NAME: started, with N parts running
	hi-pipeline --grace 2 "$1" >out 2>err & pid=$!
	come "$2" eval 'parts $pid 2>/dev/null | wc -w'
}
come() { # N COMMAND...: waits until it gives N or more
	local n=$1 i
	shift
	for ((i = 0; i < 600; i++)); do
		[ "$("$@")" -lt "$n" ] || return 0
		sleep 0.05
	done
	_fail "waiting for $n: $*" "$(cat err)"
}

## The status of all.

pipe good <<<'true | true'; run good; is 'all well' "$? $(cat err)" '0 '
pipe first <<<'(exit 4) | true'; run first
is 'the first part fails' "$? $(cat err)" '4 hi-pipeline: first: part 1 of 2 ended with 4'
pipe highest <<<'(exit 3) | (exit 5) | (exit 4)'; run highest; is 'the highest of all' $? 5
pipe rejects <<<'(exit 3) | true'; run rejects; is 'some were rejected' "$? $(cat err)" '3 '
pipe head <<<'yes | head -n 1'; run head
is 'a reader that has enough is no failure' "$? $(cat out err)" '0 y'
pipe real <<<'yes | (read x; exit 4)'; run real
is 'SIGPIPE does not hide why' "$? $(cat err)" '4 hi-pipeline: real: part 2 of 2 ended with 4'
pipe last <<<'true | bash -c "kill -PIPE \$\$"'; run last; is 'of the last part it counts' $? 141
pipe killed <<<'bash -c "kill -9 \$\$" | cat'; run killed
is 'a part that was killed' "$? $(cat err)" '137 hi-pipeline: killed: part 1 of 2 ended with 137 (SIGKILL)'
pipe killedlast <<<'printf "" --patient P-SECRET | bash -c "kill -9 \$\$"'; run killedlast
is 'the last one' "$? $(tail -n 1 err)" '137 hi-pipeline: killedlast: part 2 of 2 ended with 137 (SIGKILL)'
is 'what is in a pipe is not told' "$(grep -c SECRET err)" 0
pipe wrong <<<'hi-gen | (cat | head -n 3; exit 2) | (cat; exit 6)'; run wrong
is 'wrong use is not hidden by what it has cut' $? 2
pipe broken <<<'(exit 6) | (exit 2)'; run broken; is 'but by what stands before it' $? 6
pipe absent <<<'hi-nothing | cat'; run absent; is 'no such program' $? 127

## The file.

pipe several <<'END'
# A comment, an assignment, a pipe of several lines

n=3
printf '%s\n' a b c d |	# the first part
	# and what does the work
	head -n $n | (
		cat
		echo end
	) | tr a-z A-Z
END
run several; is 'lines, comments, assignments, brackets' "$? $(xargs <out)" '0 A B C END'
pipe input <<<'tr a-z A-Z | cat'
is 'it has our input' "$(echo word | hi-pipeline input)" WORD
pipe unset <<<'echo "$HI_NOT_THERE" | cat'; run unset
has 'a setting that is not there is told' "$(cat err)" 'HI_NOT_THERE: unbound variable'
pipe torn <<<'hi-gen | | hi-detect'
status 'what is no pipe' 2 hi-pipeline torn
has 'says so' "$(cat .err)" 'torn: this is no pipe'
status 'no file' 2 hi-pipeline nothing
status 'a folder' 2 hi-pipeline "$T"
status 'no operand' 2 hi-pipeline
status 'two' 2 hi-pipeline good good
status 'an unknown option' 2 hi-pipeline --wrong good
status 'no number' 2 hi-pipeline --grace x good
status '--help' 0 hi-pipeline --help
is '--help is on stdout' "$(head -n 1 .out)" 'Example:'
has '--version' "$(hi-pipeline --version)" '^hi-pipeline [0-9.]+$'

## --check looks and runs nothing.

pipe there <<<'x=$(touch ran) touch ran | { touch ran; cat; } | LC_ALL=C tr a b | while read -r y; do touch ran; done'
is "--check" "$(hi-pipeline --check there | tr " " "\n" | sort | xargs)" "read there: touch tr"
pipe lacking <<'END'
tool=hi-detekt
touch ran | "$tool" --rules x | { hi-stroe ward/; } | ./run >ran
END
status 'programs that are not there' 2 hi-pipeline --check lacking
is 'are named' "$(sort .err | sed 's/.*: //' | xargs)" './run hi-detekt hi-stroe'
pipe loop <<<'while :; do touch ran; done; touch ran'
status 'a loop' 0 timeout 20 hi-pipeline --check loop
pipe empty <<<'# nothing'
status 'nothing in it' 2 hi-pipeline --check empty
status 'a pipe that is none' 2 hi-pipeline --check torn
ok 'nothing was run' test ! -e ran

## An end in order.

pipe ward <<<'hi-gen -q --patients 3 --pace 1x --resume st/ | hi-detect | hi-store -q st/'
begin ward 3
come 3 grep -c . out
kill -TERM $pid
wait $pid
is 'SIGTERM' "$? $(cat err)" '0 '
position=$(tail -n 1 out | jq '.positions["gen:7"]')
is 'the last mark has come through' "$(hi-cat --raw st/ | wc -l)" "$position"
run_for() { begin "$1" "$2"; kill -TERM $pid; wait $pid; }
run_for ward 3
is 'and the same line goes on' "$? $(cat err)" '0 '
pipe foreign <<<'sleep 1000.'$$' | cat | cat'
run_for foreign 3
is 'a source of others' "$? $(cat err)" '0 '
pipe deep <<<'{ bash -c "sleep 1001.'$$'; :"; } | cat'
run_for deep 2
is 'what a part has started is ended' "$? $(pgrep -cf "sleep 1001.$$")" '0 0'
pipe deaf <<<'bash -c "trap : TERM; while :; do sleep 0.1; done" | cat'
run_for deaf 2
is 'what does not listen is killed' "$? $(grep SIGKILL err | head -n 1)" \
	'137 hi-pipeline: deaf: 1 of its parts do not end: SIGKILL'
pipe stopped <<<'hi-gen -q --pace 1x | bash -c "kill -STOP \$\$; cat"'
run_for stopped 2
is 'and what is stopped' $? 137

pipe builtin <<<'while :; do :; done'
hi-pipeline --grace 1 builtin >out 2>err & pid=$!
sleep 1
kill -TERM $pid; wait $pid
is 'nor the shell itself' $? 137
hi-pipeline --grace 5 ward >out 2>err & pid=$!
kill -TERM $pid; wait $pid; s=$?
ok "a signal before there is a part ($s)" test $s -eq 0 -o $s -eq 143

## A part that ends: idle parts before it do not notice.

pipe idle <<<'sleep 1002.'$$' | hi-detect --wrong | hi-store -q it/'
run idle
is 'the parts that feed nobody are ended, the cause counts' "$? $(pgrep -cf "sleep 1002.$$")" '2 0'
pipe idlelast <<<'sleep 1003.'$$' | cat | (exit 5)'
run idlelast
is 'also behind the last part' "$? $(pgrep -cf "sleep 1003.$$")" '5 0'
pipe bracket <<<'{ sleep 1004.'$$'; } | (exec cat) | { (true | true); exit 5; }'
run bracket
is 'or where all are shells' "$? $(pgrep -cf "sleep 1004.$$")" '5 0'
pipe slow <<<'true | true | (sleep 4; echo done)'
run slow
is 'parts that are at work are left alone' "$? $(cat out)" '0 done'
begin foreign 3
read -r shell <"/proc/$pid/task/$pid/children"
kill -9 "$shell"
wait $pid
is 'the shell in between is killed' "$? $(pgrep -cf "sleep 1000.$$")" '137 0'
