#!/bin/bash
# hi-kafka-bridge consume --resume and a real broker: what is stored decides where it goes
# on, and what cannot be gone on with is told. Chaos is elsewhere: here each case is one.
. "$(dirname "$0")/broker.bash"
broker_need "resume from a real broker"
broker_start
cd "$T"
into() { bridge consume -q "${@:2}" --resume "$1" --until-end 2>err | hi-detect -q | hi-store -q "$1" >/dev/null; }
# from STORE TOPIC…: the bridge alone, its status and what it says; $T/.out and $T/.err.
from() { bridge consume --resume "$1" --until-end -t "$2" "${@:3}"; }
seqs() { hi-cat --raw --format ndjson --type reading "$1" | jq '.seq' | sort -n | xargs; }
# What came from the topic: not the preamble.
lines() { awk '/"resume":"end"/ { n = 0; next } !/"type":"mark"/ { n++ } END { print n + 0 }' "$1"; }
# A line that runs until it is told to end: live STORE TOPIC [OPTION]…; its bridge's pid is in $live.
live() {
	{ hi-kafka-bridge consume -q -b "$B" -t "$2" --resume "$1" "${@:3}" 2>"$1.err" & echo $! >"$1.pid"; wait $!; } |
		hi-detect -q | hi-store -q "$1" >/dev/null &
}

# --- the same line again ----------------------------------------------------------

client topic line 2
readings 1 30 | client send line
into w -t line
is "from the beginning where nothing is stored" "$(seqs w)" "$(seq 1 30 | xargs)"
has "said" "$(from new line 2>&1 >/dev/null)" 'from the beginning'
readings 31 60 | client send line
into w -t line
is "and on from there" "$(seqs w)" "$(seq 1 60 | xargs)"
into w -t line
is "nothing twice" "$(seqs w)" "$(seq 1 60 | xargs)"
is "the positions are the ends" "$(from w line -q | tail -n 1 | jq -r '.positions[]' | sed 's/:.*//' | sort | xargs)" \
	"$(client ends line | cut -d' ' -f3 | sort | xargs)"

# Killed again and again on its way, one of the three at a time.
client topic kill 3
at() { sqlite3 k/store.db 'SELECT group_concat(value) FROM positions' 2>/dev/null; }
moved() { [ "$(at)" != "$before" ]; }
n=0
for victim in bridge detect store bridge detect store; do
	readings $n $((n + 2999)) | client send kill
	n=$((n + 3000))
	before=$(at)
	{
		{ echo "$BASHPID" >pid.bridge; exec hi-kafka-bridge consume -q -b "$B" -t kill --resume k --mark 100; } |
			{ echo "$BASHPID" >pid.detect; exec hi-detect -q; } |
			{ echo "$BASHPID" >pid.store; exec hi-store -q k; }
	} >/dev/null 2>&1 &
	wait_for 20 moved
	kill -9 "$(cat pid.$victim)" 2>/dev/null
	kill "$(cat pid.bridge)" 2>/dev/null
	wait $! 2>/dev/null
done
into k -t kill
is "killed six times: each once" "$(seqs k)" "$(seq 0 17999 | xargs)"

# --- another message at a place -----------------------------------------------------

client topic anew 1
readings 1 5 | client send anew
into a -t anew
client delete anew
client topic anew 1
readings 101 110 | client send anew
status "a topic made anew" 5 from a anew
has "says so" "$(cat "$T/.err")" 'made anew or its messages replaced: anew/0'
is "nothing of it" "$(lines "$T/.out")" 0
from a anew -q --skip-lost 2>err | hi-detect -q 2>/dev/null | hi-store -q a >/dev/null
is "--skip-lost goes on behind a record" \
	"$(hi-cat --raw --format ndjson --type reject a | jq -r '.source' | grep -c '^anew/0')" 1
client delete anew
client topic anew 1
readings 201 202 | client send anew
status "a position above the end" 5 from a anew
has "says it" "$(cat "$T/.err")" 'above the end.*anew/0'

# --- what retention has taken ----------------------------------------------------------

client topic gone 1
readings 0 99 | client send gone
into g -t gone
readings 100 299 | client send gone
client forget gone 0 100
into g2 -t gone # from the beginning that there is
is "from the beginning that there is" "$(seqs g2)" "$(seq 100 299 | xargs)"
cp -r g kept
into kept -t gone
is "the message before it is gone, none is lost: it goes on" "$(seqs kept)" "$(seq 0 299 | xargs)"
client forget gone 0 250
status "retention has passed us" 5 from g gone
has "says which" "$(cat "$T/.err")" 'gone/0.* 100 to 249'
is "nothing is read" "$(lines "$T/.out")" 0
bridge consume -q --resume g --until-end -t gone --skip-lost >skipped 2>err
is "--skip-lost: status 3" $? 3
hi-detect -q <skipped | hi-store -q g >/dev/null
is "--skip-lost: goes on with what there is" "$(seqs g)" "$(seq 0 99 | xargs) $(seq 250 299 | xargs)"
is "--skip-lost: a record of it" "$(hi-cat --raw --format ndjson --type reject g | jq -r '.source' | cut -d/ -f1,2)" "gone/0"
has "--skip-lost: what is lost" "$(hi-cat --raw --format ndjson --type reject g | jq -r '.text')" ' 100 to 249'
status "after it no word is needed" 0 from g gone

# --- another cluster --------------------------------------------------------------------

client topic other 1
readings 1 5 | client send other
into o -t other
broker stop
HI_KAFKA_DATA=$T/kafka2 broker start >/dev/null
client topic other 1
readings 1 9 | client send other
status "the same name in another cluster" 5 from o other
has "says so" "$(cat "$T/.err")" 'cluster'
is "nothing of it" "$(lines "$T/.out")" 0
bridge consume -q --resume o --until-end -t other --skip-lost 2>err | hi-detect -q | hi-store -q o >/dev/null
is "--skip-lost: this cluster's from its beginning" "$(seqs o | wc -w)" 14
HI_KAFKA_DATA=$T/kafka2 broker stop
broker start >/dev/null

# --- lag for those who watch it ------------------------------------------------------------

client topic lag 2
readings 0 99 | client send lag
live l lag --monitor-group ward7
all_seen() { [ "$(client committed ward7 | awk '{ n += $2 } END { print n }')" = "${1:-100}" ]; }
ok "--monitor-group: the broker knows what the store has" wait_for 20 all_seen
readings 100 149 | client send lag
ok "--monitor-group: and goes on" wait_for 20 all_seen 150
is "a partition each" "$(client committed ward7 | cut -d' ' -f1 | xargs)" "lag/0 lag/1"
kill "$(cat l.pid)"
wait
client topic stuck 1
readings 0 99 | client send stuck
bridge consume -q -t stuck --resume s --monitor-group ward8 --until-end >/dev/null
is "not what no store has committed" "$(client committed ward8 | awk '$2 > 0')" ""

# --- partitions and topics that come later ------------------------------------------------------

client topic grow 1
readings 1 5 | client send grow
stored() { [ "$(hi-cat --raw --format ndjson --type reading "$1" 2>/dev/null | wc -l)" -ge "$2" ]; }
live grown grow
live latest grow --from latest
ok "one partition" wait_for 20 stored grown 5
# Before anything came: a restart must not begin at a later end.
ready() { [ -n "$(sqlite3 latest/store.db 'SELECT value FROM positions' 2>/dev/null)" ]; }
ok "--from latest: where it began is kept" wait_for 20 ready
has "--from latest: said" "$(bridge consume --resume none -t grow --from latest --until-end 2>&1 >/dev/null)" 'from what comes from now on'
client partitions grow 3
readings 6 65 | client send grow
ok "partitions added while it runs" wait_for 30 stored grown 65
ok "--from latest: those from their beginning" wait_for 30 stored latest 60
kill "$(cat grown.pid)" "$(cat latest.pid)"
wait
is "each once" "$(seqs grown)" "$(seq 1 65 | xargs)"
is "--from latest: nothing of before" "$(seqs latest)" "$(seq 6 65 | xargs)"
client partitions grow 4
readings 66 105 | client send grow
into grown -t grow
is "partitions added while it was away: from their beginning" "$(seqs grown)" "$(seq 1 105 | xargs)"

live later later --wait 60s
sleep 1
client topic later 2
readings 1 10 | client send later
ok "a topic that comes later" wait_for 30 stored later 10
kill "$(cat later.pid)"
wait
status "a topic that does not come: status 5" 5 bridge consume -t never --from earliest --wait 1s
has "says which" "$(cat "$T/.err")" 'never'
