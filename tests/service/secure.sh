#!/bin/bash
# Brokers that ask for a password and speak TLS: settings come from a file, wrong ones end
# with 5, and no secret is ever in a message, an argument or the environment.
. "$(dirname "$0")/broker.bash"
broker_need "SASL and TLS"
command -v openssl >/dev/null || { skip "SASL and TLS" "no openssl (scripts/packages install test)"; exit 0; }
export HI_KAFKA_SECURE=1
broker_start
cd "$T"
conf=$HI_KAFKA_DATA/client
secret=$(cat "$HI_KAFKA_DATA/password")
at() { echo "127.0.0.1:$((HI_KAFKA_PORT + $1))"; }
sasl=$(at 2) tls=$(at 3) both=$(at 4)
client topic t 1
readings 0 99 >sent
client send t <sent

get() { hi-kafka-bridge consume -b "$1" --config "$2" -t t --from earliest --until-end --wait "${3:-30s}"; }
n=0
right() { # right NAME SERVER CONFIG
	client topic "put$((++n))" 1
	status "$1: consume" 0 get "$2" "$3"
	ok "$1: what was sent" cmp -s sent "$T/.out"
	status "$1: produce" 0 hi-kafka-bridge produce -b "$2" --config "$3" -t "put$n" sent
	is "$1: it is there" "$(kcat -C -q -b "$B" -e -t "put$n" | wc -l)" 100
	ok "$1: no secret is told" test "$(grep -c "$secret" "$T/.err")" = 0
}
wrong() { # wrong NAME SERVER CONFIG PATTERN
	status "$1: consume, status 5" 5 get "$2" "$3" 2s
	has "$1: says why" "$(cat "$T/.err")" "$4"
	is "$1: nothing is given" "$(cat "$T/.out")" ""
	ok "$1: no secret is told" test "$(grep -c "$secret\|not-the-one" "$T/.err")" = 0
	status "$1: produce, status 5" 5 hi-kafka-bridge produce -b "$2" --config "$3" -t t --wait 2s sent
	has "$1: says why" "$(cat "$T/.err")" "$4"
	ok "$1: no secret is told" test "$(grep -c "$secret\|not-the-one" "$T/.err")" = 0
}
# changed FILE SED: a settings file with a change, closed to others.
changed() { (umask 077; sed "$2" "$conf/$1.conf" >"$T/changed.conf"); echo "$T/changed.conf"; }

right "SASL PLAIN" "$sasl" "$conf/plain.conf"
right "TLS" "$tls" "$conf/tls.conf"
right "TLS and PLAIN" "$both" "$conf/tls-plain.conf"
wrong "a wrong password" "$sasl" "$(changed plain 's/^sasl.password=.*/sasl.password=not-the-one/')" '[Aa]uthenticat|password|credential'
wrong "a wrong password over TLS" "$both" "$(changed tls-plain 's/^sasl.password=.*/sasl.password=not-the-one/')" '[Aa]uthenticat|password|credential'
wrong "a certificate of somebody else" "$tls" "$(changed tls 's|tls/ca.pem|tls/other-ca.pem|')" '[Cc]ertificate|TLS|SSL'
wrong "no TLS where it is asked for" "$tls" "$(changed plain '/^sasl/d; s/SASL_PLAINTEXT/PLAINTEXT/')" "$tls|127.0.0.1"
if [ "$(printf '%s\n' 2.6.1 "$(pkg-config --modversion rdkafka)" | sort -V | head -n 1)" = 2.6.1 ]; then
	right "SASL SCRAM" "$sasl" "$conf/scram.conf"
else # its librdkafka cannot do it with Kafka 4: told as any failed authentication
	wrong "SASL SCRAM of an older librdkafka" "$sasl" "$conf/scram.conf" '[Aa]uthenticat'
fi

# A secret in a file that others may read is warned of, and used.
cp "$conf/plain.conf" open.conf
chmod 644 open.conf
status "a file that others may read" 0 get "$sasl" open.conf
has "is warned of" "$(cat "$T/.err")" 'open.conf'
ok "without what is in it" test "$(grep -c "$secret" "$T/.err")" = 0
status "settings that exactly-once stands on are refused" 2 get "$sasl" "$(changed plain '$aenable.auto.commit=true')"
status "a setting that there is not" 2 get "$sasl" "$(changed plain '$ano.such.name=1')"
status "a file that is not there" 4 get "$sasl" nowhere.conf

# While it runs: nothing in its arguments or its environment, and no core.
mkfifo pipe
hi-kafka-bridge produce -q -b "$sasl" --config "$conf/plain.conf" -t t <pipe &
pid=$!
exec 7>pipe
head -n 1 sent >&7
more() { [ "$(client ends t | cut -d' ' -f3)" -gt 100 ]; }
ok "it has sent" wait_for 20 more
is "no secret in its arguments" "$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep -c "$secret")" 0
is "no secret in its environment" "$(tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null | grep -c "$secret")" 0
exec 7>&-
wait $pid
is "and it ends well" $? 0
