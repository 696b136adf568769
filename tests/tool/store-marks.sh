#!/bin/bash
# hi-store and marks: each stream is stored once, whoever starts it how often.
. "$(dirname "$0")/../lib.sh"
cd "$T"

mark() { # SEQ N POSITION [KEY]
	printf '{"type":"mark","run":"a","seq":%d,"n":%d,"positions":{"%s":%d}}\n' "$1" "$2" "${4:-k}" "$3"
}
reading() { # VALUE [PATIENT]
	printf '{"patient_id":"%s","metric_name":"m","value":%d,"timestamp":"2025-12-28T06:%02d:%02dZ"}\n' \
		"${2:-P}" "$1" $(($1 / 60 % 60)) $(($1 % 60))
}
# FROM TO [PATIENT]: two readings a mark, from position FROM to TO.
stream() {
	local seq=0 i
	mark 0 0 "$1"
	for ((i = $1; i < $2; i++)); do
		reading $((2 * i)) "${3:-P}"; reading $((2 * i + 1)) "${3:-P}"
		mark $((++seq)) 2 $((i + 1))
	done
}
values() { hi-cat --raw "$@" | jq -c .value | tr '\n' ' '; }
stands() { sqlite3 "$1/store.db" 'SELECT key,value FROM positions' | tr '\n' ' '; }
segments_are_whole() {
	(cd "$1" && [ "$(find readings rejects other -type f -printf '%p|%s\n' | sort)" = \
		"$(sqlite3 store.db 'SELECT path,length FROM segments' | sort)" ])
}

# --- once, and on from there
stream 0 3 >first
stream 3 5 >second
out=$(hi-store -q s <first); s=$?
is 'marks come out' "$s $(grep -c '"n":0' <<<"$out")" '0 4'
is 'a terminal gets none' "$(script -qec 'hi-store -q tty <first' /dev/null </dev/null)" ''
is 'kept' "$(values s)" '0 1 2 3 4 5 '
is 'with its positions' "$(stands s)" 'k|3 '
status 'the same stream again' 6 hi-store first s
has 'says why, and the key' "$(cat .err)" '^hi-store: first:1: the stream does not begin where the store stands.*: k$'
is 'in one line' "$(wc -l <.err)" 1
is 'no mark comes out' "$(cat .out)" ''
stream 2 5 | hi-store -q s >/dev/null 2>&1
is 'one that overlaps' $? 6
stream 4 5 | hi-store -q s >/dev/null 2>&1
is 'one with a gap' $? 6
is 'nothing of them is kept' "$(values s)" '0 1 2 3 4 5 '
status 'what follows goes on' 0 hi-store second s
is 'each line once' "$(values s)" '0 1 2 3 4 5 6 7 8 9 '
is 'and stands behind it' "$(stands s)" 'k|5 '
mark 0 0 '"5"' | sed 's/:"*\([0-9]*\)"*}}/:"5"}}/' | hi-store -q s >/dev/null 2>&1
is 'a position is compared as it is written' $? 6
printf '{"type":"mark","run":"a","seq":0,"n":0,"positions":{"other":7}}\n' | hi-store -q s >/dev/null
is 'a key that the store does not know begins anywhere' $? 0

# --- the end of input is no mark
stream 5 6 >third; reading 99 >>third
status 'a line behind the last mark' 6 hi-store -q third s
is 'is not kept' "$(values s)" '0 1 2 3 4 5 6 7 8 9 10 11 '
ok 'and nothing of it is left' segments_are_whole s
{ stream 6 7; reading 99; } | hi-store -q --uncounted s >/dev/null 2>&1
is 'nor uncounted' "$(values s)" '0 1 2 3 4 5 6 7 8 9 10 11 12 13 '
{ mark 0 0 7; reading 14; echo nonsense; reading 15; mark 1 3 8; } | hi-store -q s >/dev/null 2>&1
is 'a bad line is a reject, status 3' "$?" 3
is 'which is kept' "$(hi-cat --type reject s | jq -r .text) $(stands s)" 'nonsense k|8 '
{ mark 0 0 8; reading 16; echo nonsense; reading 17; mark 1 3 9; } | hi-store -q --strict s >/dev/null 2>&1
is '--strict stops at it, status 3' "$?" 3
is 'and keeps what the last mark confirmed' "$(stands s)$(hi-cat --type reject s | wc -l)" 'k|8 1'

# --- no clock of the wall commits
mkfifo p
hi-store -q --commit 10ms t <p >out & pid=$!
exec 3>p
{ mark 0 0 0; reading 1; reading 2
	echo '{"type":"alert","alert_id":"a","patient_id":"P","status":"ACTIVE","timestamp":"2025-12-28T06:00:00Z"}'; } >&3
sleep 0.7
is 'neither a pause nor an alert nor --commit' "$(sqlite3 t/store.db "SELECT value FROM meta WHERE key='next_commit'")" 1
mark 1 3 1 >&3
until [ "$(wc -l <out)" -ge 2 ]; do sleep 0.05; done
is 'a mark does, before it comes out' "$(values t) $(hi-cat --type alert t | wc -l)" '1 2  1'
before=$(sqlite3 t/store.db "SELECT value FROM meta WHERE key='next_commit'")
mark 2 0 1 >&3; mark 3 0 1 >&3
until [ "$(wc -l <out)" -ge 4 ]; do sleep 0.05; done
is 'a mark with nothing before it costs none' "$(sqlite3 t/store.db "SELECT value FROM meta WHERE key='next_commit'")" "$before"
reading 3 >&3
sleep 0.2
kill -TERM $pid
wait $pid
is 'a signal ends it well' $? 0
exec 3>&-
is 'without what had no mark' "$(values t)" '1 2 '
ok 'and leaves nothing' segments_are_whole t

# --- several inputs: marked, without marks, another run of marks
stream 0 2 >a; { reading 50 U; reading 51 U; } >b; stream 2 3 >c
status 'three inputs' 0 hi-store -q a b c u
is 'all kept' "$(values u)" '0 1 2 3 50 51 4 5 '
is 'each stream has its number' "$(sqlite3 u/store.db 'SELECT keys FROM writers' | tr '\n' ' ')" '["k"]  ["k"] '
sed '$d' a >cut
status 'a first input without its last mark' 6 hi-store -q cut b v
is 'ends it all' "$(values v)" '0 1 '
{ reading 1; reading 2; mark 1 2 3; } >headless
status 'a stream that has lost its opening mark' 6 hi-store -q headless w
is 'is not kept' "$(values w 2>/dev/null)" ''

# --- --rewind
stream 1 3 R >again
status 'from an earlier position' 0 hi-store -q --rewind again u
is 'comes again' "$(values u)" '0 1 2 3 50 51 4 5 2 3 4 5 '
stream 9 9 >far
status 'to a later one, without a line' 0 hi-store -q --rewind far u
is 'the first commit sets it, and there was none' "$(stands u)" 'k|3 '
stream 9 10 >far
status 'with lines' 0 hi-store -q --rewind far u
is 'sets it' "$(stands u)" 'k|10 '

# --- a zombie: it began, was held up, and another went on
: >out # a mark of the stream before would be taken for its own
hi-store -q z <p >out 2>err & pid=$!
exec 3>p
{ mark 0 0 0; reading 0; reading 1; } >&3
until [ -s out ]; do sleep 0.05; done
stream 0 2 >whole
status 'another takes over' 0 hi-store -q whole z
mark 1 2 1 >&3
exec 3>&-
wait $pid
is 'the zombie ends with 6' $? 6
has 'and says why' "$(cat err)" '^hi-store: stdin:4: another pipeline has written from this source.*start the line again: k$'
is 'its mark does not come out' "$(wc -l <out)" 1
is 'nothing of it is kept' "$(values z)" '0 1 2 3 '
hi-store -q z </dev/null
ok 'the next writer clears up' segments_are_whole z

# --- four copies at once: exactly one goes on
four() { # STORE FROM TO: how many ended with 0, and with 6
	local i pids=() ends=''
	stream "$2" "$3" >copy
	for i in 1 2 3 4; do hi-store -q "$1" <copy >"out.$i" 2>"err.$i" & pids+=($!); done
	for i in "${pids[@]}"; do wait "$i"; ends="$ends$?"$'\n'; done
	sort <<<"$ends" | tr -d '\n'
}
bad=''
for round in 1 2 3 4 5 6; do
	rm -rf four
	[ "$(four four 0 20)" = 0666 ] || bad="$bad fresh:$round($(cat err.?))"
	[ "$(four four 20 40)" = 0666 ] || bad="$bad going on:$round($(cat err.?))"
	[ "$(values four)" = "$(seq -s ' ' 0 79) " ] || bad="$bad rows:$round"
	[ "$(stands four)" = 'k|40 ' ] || bad="$bad position:$round"
	hi-store -q four </dev/null && segments_are_whole four || bad="$bad left:$round"
done
is 'four copies, twelve times: one goes on, each line once' "$bad" ''

# --- the file of --cursor
stream 0 2 >a
status 'a cursor' 0 hi-store -q --cursor cur a x
is 'is the last mark' "$(cat cur)" '{"k":2}'
is 'of nobody else' "$(stat -c %a cur)" 600
stream 2 4 >b
status 'goes on' 0 hi-store -q --cursor cur b x
is 'with it' "$(cat cur)" '{"k":4}'
cp -p cur kept; touch -d 2001-01-01 cur
{ mark 0 0 4; mark 1 0 4; reading 1; mark 2 1 4; } | hi-store -q --cursor cur x >/dev/null
is 'where no position moved it stays' "$(stat -c %y cur | cut -c -4)" 2001
echo '{"k":2}' >cur # the crash came between the commit and the file
status 'one that is behind' 6 hi-store --cursor cur b x
has 'is put right' "$(cat .err)" 'cur says now where x stands'
is 'for the next start' "$(cat cur)" '{"k":4}'
printf '{"type":"mark","run":"a","seq":0,"n":0,"positions":{"k":4,"l":1}}\n' | hi-store -q --cursor cur x >/dev/null
is 'which goes on' $? 0
stream 4 5 >c
status 'a cursor that cannot be written' 4 hi-store -q --cursor none/cur c x
is 'its mark does not come out' "$(grep -c '"seq":1' .out)" 0
is 'though the store has it' "$(stands x)" 'k|5 '
status 'the next start sees it' 6 hi-store -q --cursor cur c x
is 'and puts it right' "$(cat cur)" '{"k":5}'
is 'no temporary file is left' "$(ls -d cur*)" cur
