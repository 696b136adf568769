#!/bin/bash
# hi-kafka-bridge produce against a mock cluster: what comes into the topics, what comes
# out as marks, what is kept, and what is said.
. "$(dirname "$0")/../lib.sh"
[ -x "$BUILD/bin/hi-kafka-bridge" ] || { skip "produce" "built without librdkafka"; exit 0; }
[ -x "$BUILD/tests/mock_cluster" ] || { skip "produce" "no mock cluster: make unit"; exit 0; }

coproc MOCK { exec "$BUILD/tests/mock_cluster" 1 2>/dev/null; }
read -r B <&"${MOCK[0]}"
mock() { echo "$*" >&"${MOCK[1]}"; read -r answer <&"${MOCK[0]}"; [ "$answer" = ok ] || _fail "mock $*" "$answer"; }
produce() { hi-kafka-bridge produce -b "$B" "$@"; }
topic() { hi-kafka-bridge consume -q -b "$B" -t "$1" --from earliest --until-end; }
for t in vitals alerts types marked passed down again refused store follow stopped; do mock topic $t 4 1; done

# P-007, nobody may see, in messages.
canary() { if grep -q -e 'P-0' -e heart_rate "$2"; then _fail "$1: no data in messages" "$(cat "$2")"; else _pass "$1"; fi; }

hi-gen -n 1000 >"$T/in"
status "each line is taken" 0 produce -t vitals "$T/in"
is "nothing is said" "$(cat "$T/.err")" ""
is "nothing comes out" "$(cat "$T/.out")" ""
topic vitals >"$T/back"
is "byte for byte" "$(sort "$T/back" | cksum)" "$(sort "$T/in" | cksum)"
is "a patient's lines in order" "$(grep P-013 "$T/back" | cksum)" "$(grep P-013 "$T/in" | cksum)"
is "the key is the patient" "$(hi-kafka-bridge consume -q -b "$B" -t vitals --from earliest --until-end --keys |
	jq -r 'select(.kafka_key != .patient_id)' | wc -l)" 0

# Types: readings and alerts, and no other.
{
	head -n 3 "$T/in"
	echo '{"type":"alert","alert_id":"a-1","patient_id":"P-007","alert_type":"X","status":"ACTIVE","timestamp":"2025-12-28T06:00:00Z"}'
	echo '{"patient_id":"P-007","metric_name":"news2","value":7,"timestamp":"2025-12-28T06:00:00Z","tool":"hi-score"}'
	echo '{"type":"patient","patient_id":"P-007","version":1}'
	echo '{"type":"act","act_id":"c-1","alert_id":"a-1","act":"acknowledged"}'
	echo '{"type":"patient","patient_id":"P-008","version":1}'
	echo 'no record P-007'
} >"$T/types"
status "a bad line is status 3" 3 produce -t types --alerts-topic alerts "$T/types"
has "others are counted" "$(grep 'not sent' "$T/.err" | tr '\n' ' ')" 'act 1 .*patient 2 .*reject 1 '
canary "what is not sent" "$T/.err"
is "readings and scores" "$(topic types | wc -l)" 4
is "alerts have their topic" "$(topic alerts | jq -r .alert_id)" a-1
status "or none" 3 produce -t types "$T/types"
is "and then the same" "$(topic types | grep -c alert_id)" 1

# Marks: out as they came, each behind the acknowledgements.
hi-gen -n 3000 --mark 1000 >"$T/marked"
produce -t marked --cursor "$T/pos" <"$T/marked" >"$T/out" 2>"$T/err"
is "marks come out" "$(jq -c '[.seq,.n,.positions]' "$T/out")" \
	"$(grep '"mark"' "$T/marked" | jq -c '[.seq,0,.positions]')"
is "the file says where" "$(cat "$T/pos")" '{"gen:7":3000}'
is "nothing is said of marks" "$(cat "$T/err")" ""
status "a stream that begins elsewhere" 6 produce -t marked --cursor "$T/pos" "$T/marked"
has "says so" "$(cat "$T/.err")" 'does not begin where'
is "and leaves the file" "$(cat "$T/pos")" '{"gen:7":3000}'
rm "$T/pos"
{
	sed -n '/"seq":1,/q;p' "$T/marked"
	echo '{"gen:7":77}' >"$T/pos"
	sed -n '/"seq":1,/,$p' "$T/marked"
} | produce -t marked --cursor "$T/pos" >"$T/out" 2>"$T/err"
is "another run with the same file: status" ${PIPESTATUS[1]} 6
has "is told" "$(cat "$T/err")" 'another run has moved the positions|does not begin where'

status "every line passes" 0 produce -t passed --pass "$T/marked"
is "in its order" "$(cksum <"$T/.out")" "$(cksum <"$T/marked")"

# Broker away: nothing is lost, nothing is said twice, no mark passes.
mock down 1
status "no broker at the start" 5 produce -t down --wait 300ms "$T/in"
has "says what it waits for" "$(cat "$T/.err")" 'refused.*; waiting for it, 300ms at most.*does not answer'
canary "no broker" "$T/.err"
mock up 1
# away INPUT TOPIC WAIT [MORE]: 1500 lines are taken, the broker goes, the rest is read, and
# the input ends after MORE seconds.
away() {
	{ head -n 1500 "$1"; until [ -e "$T/gone" ]; do sleep 0.05; done; tail -n +1501 "$1"; sleep "${4:-0}"; } |
		hi-kafka-bridge produce -b "$B" -t "$2" --wait "$3" --undelivered "$T/lost.$2" >"$T/out" 2>"$T/err" &
	sink=$!
	want=$(head -n 1500 "$1" | grep -vc '"type":"mark"')
	for ((i = 0; i < 300; i++)); do [ "$(topic "$2" | wc -l)" = "$want" ] && break; sleep 0.1; done
	mock down 1
	: >"$T/gone"
}
back() { wait $sink; sink_status=$?; rm "$T/gone"; mock up 1; }
hi-gen -n 3000 >"$T/in3"
away "$T/in3" down 2s
back
is "the broker goes: status" $sink_status 5
has "is told" "$(cat "$T/err")" 'has acknowledged nothing any more'
has "and how much" "$(cat "$T/err")" 'lines: acknowledged 1500, refused 0, come back 1500'
canary "the broker goes" "$T/err"
is "what was not taken is kept as it was" "$(cksum <"$T/lost.down")" "$(tail -n +1501 "$T/in3" | cksum)"
is "for nobody else" "$(stat -c %a "$T/lost.down")" 600
status "it cannot be read and written" 2 produce -t down --undelivered "$T/lost.down" "$T/lost.down"
status "nor by standard input" 2 sh -c "hi-kafka-bridge produce -b $B -t down --undelivered '$T/lost.down' <'$T/lost.down'"
status "it is sent again" 0 produce -t down "$T/lost.down"
topic down >"$T/back"
is "and then all is there" "$(sort "$T/back" | cksum)" "$(sort "$T/in3" | cksum)"
is "in order" "$(grep P-013 "$T/back" | cksum)" "$(grep P-013 "$T/in3" | cksum)"

hi-gen -n 3000 --mark 500 >"$T/marked3"
away "$T/marked3" again 2s
back
is "marks and the broker goes: status" $sink_status 5
acked=$(topic again | wc -l)
last=$(tail -n 1 "$T/out" | jq '.positions["gen:7"]')
ok "no mark before what stands before it" [ "$last" -le "$acked" ]
ok "and not all" [ "$last" -lt 3000 ]
is "what comes again is not kept" "$(wc -c <"$T/lost.again")" 0

# Refused for itself: the others go on.
mock errors Produce 1 10
status "a line is refused" 5 produce -t refused --undelivered "$T/lost" "$T/in"
has "is counted" "$(cat "$T/.err")" 'lines: acknowledged [0-9]+, refused [0-9]+, come back 0'
is "each is here or there" "$(topic refused | sort - "$T/lost" | cksum)" "$(sort "$T/in" | cksum)"
mock errors Produce 1 10
status "or the run ends" 5 produce -t refused "$T/in"
has "and says what to do" "$(cat "$T/.err")" 'Message size too large; the topic.s max.message.bytes'
canary "refused" "$T/.err"

# A store and the file of --cursor, killed in between and gone on with: each line is there,
# in order, and a kill brings at most the lines between two marks again.
hi-gen -n 6000 | hi-store -q "$T/gw"
status "a store" 0 produce -t store "$T/gw"
is "has its readings" "$(topic store | wc -l)" 6000
mock rtt 1 20
for round in 1 2 3 4; do
	mkfifo "$T/pipe.$round"
	: >"$T/out.$round"
	hi-cat --cursor "$T/up.pos" --mark 100 "$T/gw" >"$T/pipe.$round" 2>/dev/null &
	source=$!
	hi-kafka-bridge produce -b "$B" -t follow --cursor "$T/up.pos" <"$T/pipe.$round" >>"$T/out.$round" 2>/dev/null &
	sink=$!
	while [ "$(wc -l <"$T/out.$round")" -lt 5 ] && kill -0 $sink 2>/dev/null; do sleep 0.02; done
	kill -9 $sink
	wait $source $sink 2>/dev/null
done
mock rtt 1 0
hi-cat --cursor "$T/up.pos" --mark 100 "$T/gw" | produce -t follow --cursor "$T/up.pos" >/dev/null
is "the last one goes to the end" "${PIPESTATUS[*]}" "0 0"
topic follow >"$T/back"
is "each line is there" "$(sort -u "$T/back" | cksum)" "$(topic store | sort -u | cksum)"
is "in order" "$(grep P-013 "$T/back" | awk '!seen[$0]++' | cksum)" "$(hi-gen -n 6000 | grep P-013 | cksum)"
twice=$(($(wc -l <"$T/back") - 6000))
ok "a kill brings at most the lines between two marks again ($twice)" [ "$twice" -le 400 ]

# A signal while the broker is away, and the input has no end.
away "$T/in3" stopped 10m 20
for ((i = 0; i < 300; i++)); do grep -q 'nothing is acknowledged; waiting' "$T/err" && break; sleep 0.1; done
kill $sink
back
is "a signal ends the waiting: status" $sink_status 5
has "and why" "$(cat "$T/err")" 'has acknowledged nothing any more: [^ ]* 1500 lines'
is "what was on its way is kept" "$(cksum <"$T/lost.stopped")" "$(tail -n +1501 "$T/in3" | cksum)"

# The command line, and the file of settings.
status "no broker" 2 hi-kafka-bridge produce -t vitals
status "no topic" 2 hi-kafka-bridge produce -b "$B"
status "no such compression" 2 produce -t vitals --compression rar
printf 'security.protocol=SSL\nsasl.pasword=hunter2\n' >"$T/conf"
status "a wrong name" 2 produce -t vitals --config "$T/conf"
is "is named by its place" "$(cat "$T/.err")" \
	"hi-kafka-bridge: $T/conf:2:1: no setting of librdkafka has this name: did you mean sasl.password?"
printf 'acks=0\n' >"$T/conf"
status "a name of ours" 2 produce -t vitals --config "$T/conf"
status "a file that is not there" 4 produce -t vitals --config "$T/nowhere"
printf 'linger.ms=0\nsasl.password=hunter2\n' >"$T/conf"
chmod 644 "$T/conf"
status "settings are taken" 0 produce -t vitals --config "$T/conf" --compression none "$T/in"
is "a secret that others may read is told" "$(cat "$T/.err")" \
	"hi-kafka-bridge: the file of --config has a secret, and everybody may read it"
mock refuse types 3
status "no such topic" 5 produce -t types --wait 300ms "$T/in"
has "says what to do" "$(cat "$T/.err")" 'no such topic: types: .*kafka-topics.sh --create'

exec {MOCK[1]}>&-
