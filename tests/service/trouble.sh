#!/bin/bash
# A broker that is away, at the start and in the middle, for consume and for produce: one
# message, a wait as long as --wait says, and nothing lost or twice when it is back.
. "$(dirname "$0")/broker.bash"
broker_need "a broker that goes away"
broker_start
cd "$T"
seqs() { hi-cat --raw --format ndjson --type reading "$1" | jq '.seq' | sort -n | uniq -c | awk '{ print $1 }' | sort | uniq -c | xargs; }
stored() { [ "$(hi-cat --raw --format ndjson --type reading "$1" 2>/dev/null | wc -l)" -ge "$2" ]; }
said() { grep -q "$2" "$1"; }

client topic t 2
readings 0 999 | client send t

# --- away in the middle, longer than it takes to notice, and back ------------------

{ hi-kafka-bridge consume -b "$B" -t t --resume w --wait 60s 2>in.err & echo $! >in.pid; wait $!; } |
	hi-detect -q | hi-store -q w >/dev/null &
ok "consume runs" wait_for 20 stored w 1000
# A producer with a pipe that stays open.
mkfifo pipe
hi-kafka-bridge produce -b "$B" -t t --wait 60s <pipe 2>out.err &
producer=$!
exec 7>pipe
readings 1000 1499 >&7
ok "produce runs" wait_for 20 stored w 1500
broker kill9
readings 1500 1999 >&7
ok "consume says that it waits" wait_for 20 said in.err .
ok "produce says that it waits" wait_for 20 said out.err .
sleep 2
broker start >/dev/null
readings 2000 2499 >&7
exec 7>&-
wait $producer
is "produce ends well" $? 0
ok "consume goes on" wait_for 30 stored w 2500
kill "$(cat in.pid)"
wait
is "each once" "$(seqs w)" "2500 1"
ok "no flood of messages (consume: $(wc -l <in.err))" test "$(wc -l <in.err)" -le 8
ok "no flood of messages (produce: $(wc -l <out.err))" test "$(wc -l <out.err)" -le 8
ok "none has a payload" test "$(cat in.err out.err | grep -c 'P-0\|heart_rate')" = 0

# --- away for longer than --wait ------------------------------------------------------

readings 3000 3010 >first
readings 3011 3020 >rest
hi-kafka-bridge produce -q -b "$B" -t t --wait 1s --undelivered left <pipe 2>out.err &
producer=$!
exec 7>pipe
cat first >&7
arrived() { [ "$(client ends t | awk '{ n += $3 } END { print n }')" = "$1" ]; }
ok "a producer that has sent something" wait_for 20 arrived 2511
broker stop
cat rest >&7
wait $producer
is "produce: a broker that goes away for longer: status 5" $? 5
exec 7>&-
has "says which" "$(cat out.err)" '127.0.0.1'
ok "none has a payload" test "$(grep -c 'P-0\|heart_rate' out.err)" = 0
is "what was not acknowledged is kept" "$(cat left)" "$(cat rest)"

status "produce: a broker that is not there" 5 bridge produce -t t --wait 1s first
has "says which" "$(cat "$T/.err")" '127.0.0.1'
status "consume: a broker that is not there" 5 bridge consume -t t --from earliest --wait 1s
has "says which" "$(cat "$T/.err")" '127.0.0.1'
is "and nothing on standard output" "$(cat "$T/.out")" ""
status "consume --resume too" 5 bridge consume -t t --resume w --until-end --wait 1s
# Comes while they wait.
bridge consume -t t --resume w --until-end --wait 60s 2>late.err | hi-detect -q | hi-store -q w >/dev/null &
ok "consume says at once that it waits" wait_for 10 said late.err .
broker start >/dev/null
wait
is "consume began when it came" "$(seqs w)" "2511 1"
bridge produce -q -t t left
bridge consume -q -t t --resume w --until-end | hi-detect -q | hi-store -q w >/dev/null
is "what was left is sent later" "$(seqs w)" "2521 1"

# --- killed while it was written to: what it has answered for is there ---------------------

client topic k 1
readings 0 49999 >many
bridge produce -q -t k --wait 60s many &
producer=$!
some() { [ "$(client ends k | awk '{ print $3 }')" -gt 500 ]; }
wait_for 20 some
broker kill9
broker start >/dev/null
wait $producer
is "produce survives a killed broker" $? 0
bridge consume -q -t k --from earliest --until-end >back
ok "each line once, in order" cmp -s many back
