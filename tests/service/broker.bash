# Sourced by the tests that need a real broker: a broker of this test, with its data in
# $T, on ports that are free, stopped at the end. Brings tests/lib.sh with it.
#
#   broker_need NAME     the script ends here, told loudly, where none can be had
#   broker_start         starts it; $B is its HOST:PORT
#   broker VERB…         scripts/services kafka VERB…
#   client VERB…         tests/service/client.py on $B
#   bridge VERB…         hi-kafka-bridge VERB -b $B …
#   readings FROM TO     readings, one a second, as Python's json.dumps writes them; each has
#                        its number as "seq"
#   wait_for SECONDS COMMAND…   until it succeeds; fails when it does not in time
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
HERE=$ROOT/tests/service
export HI_KAFKA_DATA=$T/kafka HI_KAFKA_JAVA=-XX:TieredStopAtLevel=1

broker_need() {
	local why=
	command -v kcat >/dev/null || why="no kcat (scripts/packages install test)"
	[ -x "$BUILD/bin/hi-kafka-bridge" ] || why="built without librdkafka"
	[ -n "$why" ] || "$ROOT/scripts/services" kafka install >"$T/log" 2>&1 || why="no broker: $(tail -n 1 "$T/log")"
	[ -n "$why" ] || "$ROOT/scripts/services" kafka-client install >"$T/log" 2>&1 ||
		why="no Python client: $(tail -n 1 "$T/log")"
	[ -z "$why" ] || { skip "$1" "$why"; exit 0; }
	PYTHON=$("$ROOT/scripts/services" kafka-client path)
}

broker() { "$ROOT/scripts/services" kafka "$@"; }
_broker_end() {
	local s=$?
	[ "$BASHPID" = $$ ] || return # as _end
	broker stop >/dev/null 2>&1
	(exit $s)
	_end
}
trap _broker_end EXIT

# Below the ports that the kernel gives to anybody, ten for each test.
broker_start() {
	local try
	for try in 0 1 2 3 4 5 6 7; do
		export HI_KAFKA_PORT=${HI_KAFKA_PORT:-$((20000 + ($$ + try * 251) % 1200 * 10))}
		if broker start >"$T/broker.out" 2>&1; then
			B=127.0.0.1:$HI_KAFKA_PORT
			return 0
		fi
		grep -q 'is taken' "$T/broker.out" || break
		unset HI_KAFKA_PORT
	done
	_fail "a broker starts" "$(tail -n 5 "$T/broker.out")"
	exit 1
}

client() { "$PYTHON" -B "$HERE/client.py" "$B" "$@"; }
bridge() { local verb=$1; shift; hi-kafka-bridge "$verb" -b "$B" "$@"; }
readings() {
	awk -v from="$1" -v to="$2" 'BEGIN { for (i = from; i <= to; i++)
		printf "{\"patient_id\": \"P-%03d\", \"metric_name\": \"heart_rate\", \"value\": %d.5, \"unit\": \"bpm\", \"timestamp\": \"2025-12-28T%02d:%02d:%02dZ\", \"seq\": %d}\n",
			i % 20 + 1, 60 + i % 30, i / 3600 % 24, i / 60 % 60, i % 60, i }'
}
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}
