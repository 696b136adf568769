# kafka: a real broker, Apache Kafka 4.1.1 in KRaft mode: one node, on 127.0.0.1 only.
#
#   install               fetches it (mvn, 54 jars) to the cache folder
#   start                 starts it and waits until it answers; a running one is left alone
#   stop                  stops what start has started, and nothing else
#   status                0 and a line where it runs
#   kill9                 kills it as a crash does; start brings it back
#   wait                  waits until a broker that is being started answers
#   topic NAME N [K=V]…   makes a topic of N partitions (or adds up to N), with settings
#   tool CLASS [ARG]…     runs one of Kafka's own programs (org.apache.kafka.tools.TopicCommand)
#   wipe                  stops it and removes its data
#
# Several run side by side, each with an environment of its own:
#
#   HI_KAFKA_PORT         19092; the next port is the controller's (HI_KAFKA_CONTROLLER_PORT)
#   HI_KAFKA_DATA         everything of this broker: topics, log, pid (CACHE/kafka/data)
#   HI_KAFKA_HEAP         256m
#   HI_KAFKA_JAVA         options for the JVM: -XX:TieredStopAtLevel=1 halves what a start
#                         costs, for a broker that lives a minute
#   HI_KAFKA_SETTINGS     further lines for server.properties, with \n between them
#   HI_KAFKA_SECURE=1     also SASL_PLAINTEXT (PLAIN and SCRAM-SHA-256), SSL and SASL_SSL on
#                         HI_KAFKA_PORT + 2, 3, 4, with certificates and a password made at
#                         the first start; HI_KAFKA_DATA/client/*.conf are what a client needs
#                         (hi-kafka-bridge --config), a line NAME=VALUE each. librdkafka before
#                         2.6.1 (Debian 12 has 2.0.2) cannot do SCRAM with Kafka 4.
#
# Kafka is run without its own scripts: the jars in the registry come without them.
verbs='kill9 wait topic tool wipe'

here=$parts/kafka
jars=$cache/kafka/4.1.1
data=${HI_KAFKA_DATA:-$cache/kafka/data}
port=${HI_KAFKA_PORT:-19092}
controller=${HI_KAFKA_CONTROLLER_PORT:-$((port + 1))}
sasl=$((port + 2)) tls=$((port + 3)) sasl_tls=$((port + 4))
secure=${HI_KAFKA_SECURE:-}
pidfile=$data/pid
brokerlog=$data/broker.log

# --- what is fetched -----------------------------------------------------------

ready() { cmp -s "$here/pom.xml" "$jars/pom.xml"; }
service_install() {
	command -v java >/dev/null || { say "kafka: no java: scripts/packages install kafka"; return 1; }
	ready && return
	command -v mvn >/dev/null || { say "kafka: no mvn: scripts/packages install kafka"; return 1; }
	say "kafka: jars to $jars"
	mkdir -p "$cache/kafka"
	new=$(mktemp -d "$cache/kafka/new.XXXXXX")
	if ! mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
		-DoutputDirectory="$new" >"$new/log" 2>&1; then
		cat "$new/log" >&2
		rm -rf "$new"
		return 1
	fi
	cp "$here/pom.xml" "$new/pom.xml"
	rm -rf "$jars"
	mv -T "$new" "$jars"
	ready
}

# java_of OPTION…: the JVM with Kafka's jars; the process becomes it.
java_of() { exec java -cp "$jars/*" "-Dlog4j2.configurationFile=file:$here/log4j2.properties" "$@"; }

# The classes of a broker as the JVM keeps them: half the work of a start. The first broker
# leaves them when it is stopped; a JVM that they do not fit does without them.
classes=$jars/broker.jsa
quiet='-Xlog:cds=off -Xlog:cds+dynamic=off'
use_classes() { [ ! -f "$classes" ] || echo "-XX:SharedArchiveFile=$classes $quiet"; }
make_classes() { [ -f "$classes" ] || echo "-XX:ArchiveClassesAtExit=$data/broker.jsa $quiet"; }
# A JVM that is gone in a second.
quick() { java_of -XX:TieredStopAtLevel=1 -XX:+UseSerialGC $(use_classes) "$@"; }
keep_classes() {
	[ -f "$data/broker.jsa" ] || return 0
	if [ ! -f "$classes" ] && cp "$data/broker.jsa" "$classes.$$"; then mv "$classes.$$" "$classes"; fi
	rm -f "$data/broker.jsa"
}

# --- its process ---------------------------------------------------------------

# When a process was started, in ticks since boot: a pid alone may be somebody else's by now.
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
running() {
	[ -f "$pidfile" ] || return 1
	read -r pid since <"$pidfile" || return 1
	[ -n "$since" ] && [ "$(started "$pid")" = "$since" ]
}
gone() { # gone SECONDS: waits for the end of $pid
	tries=$(($1 * 20))
	while running; do
		[ $tries -gt 0 ] || return 1
		tries=$((tries - 1))
		sleep 0.05
	done
}

# Ports on which somebody listens, as /proc/net/tcp has them; no program is needed for it.
taken() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		awk -v want="$(printf '%04X' "$1")" '$4 == "0A" && substr($2, length($2) - 3) == want { n++ }
			END { exit !n }'
}
free_ports() {
	for p in "$port" "$controller" ${secure:+"$sasl" "$tls" "$sasl_tls"}; do
		! taken "$p" || { say "kafka: port $p is taken; HI_KAFKA_PORT chooses another"; return 1; }
	done
}

# --- its settings --------------------------------------------------------------

# A certificate authority, the broker's certificate from it, and another authority that
# has nothing to do with it.
certificates() {
	d=$data/tls
	mkdir -p "$d"
	for ca in ca other-ca; do
		openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=health-insight test $ca" \
			-keyout "$d/$ca.key" -out "$d/$ca.pem" 2>/dev/null
	done
	openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$d/broker.key" -out "$d/broker.csr" 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >"$d/broker.ext"
	openssl x509 -req -in "$d/broker.csr" -CA "$d/ca.pem" -CAkey "$d/ca.key" -CAcreateserial \
		-days 3650 -extfile "$d/broker.ext" -out "$d/broker.crt" 2>/dev/null
	cat "$d/broker.key" "$d/broker.crt" "$d/ca.pem" >"$d/broker.pem"
}
# client NAME LINE…: what a client has to say to one of the listeners.
client() {
	f=$data/client/$1.conf
	shift
	printf '%s\n' "$@" >"$f"
}
make_secure() {
	[ ! -f "$data/password" ] || return 0
	command -v openssl >/dev/null || { say "kafka: no openssl: scripts/packages install test"; return 1; }
	mkdir -p "$data/client"
	certificates
	secret=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
	ca=ssl.ca.location=$data/tls/ca.pem
	user=sasl.username=hi password=sasl.password=$secret
	client plain security.protocol=SASL_PLAINTEXT sasl.mechanism=PLAIN $user $password
	client scram security.protocol=SASL_PLAINTEXT sasl.mechanism=SCRAM-SHA-256 $user $password
	client tls security.protocol=SSL "$ca"
	client tls-plain security.protocol=SASL_SSL sasl.mechanism=PLAIN $user $password "$ca"
	client tls-scram security.protocol=SASL_SSL sasl.mechanism=SCRAM-SHA-256 $user $password "$ca"
	echo "$secret" >"$data/password"
}

# The secure listeners' part of server.properties.
secure_settings() {
	secret=$(cat "$data/password")
	printf 'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256\n'
	for l in sasl_plaintext sasl_ssl; do
		printf 'listener.name.%s.plain.sasl.jaas.config=%s required user_hi="%s";\n' $l \
			org.apache.kafka.common.security.plain.PlainLoginModule "$secret"
		printf 'listener.name.%s.scram-sha-256.sasl.jaas.config=%s required;\n' $l \
			org.apache.kafka.common.security.scram.ScramLoginModule
	done
	printf 'ssl.keystore.type=PEM\nssl.keystore.location=%s\n' "$data/tls/broker.pem"
}

settings() {
	listeners=
	[ -z "$secure" ] || listeners=",SASL_PLAINTEXT://127.0.0.1:$sasl,SSL://127.0.0.1:$tls,SASL_SSL://127.0.0.1:$sasl_tls"
	sed -e "s|@PORT@|$port|g; s|@CONTROLLER@|$controller|g; s|@DATA@|$data|g" \
		-e "s|@LISTENERS@|$listeners|" "$here/server.properties"
	[ -z "$secure" ] || secure_settings
	[ -z "${HI_KAFKA_SETTINGS:-}" ] || printf '%b\n' "$HI_KAFKA_SETTINGS"
}

# A new data folder gets a cluster id of its own (22 digits of base64, 16 bytes).
format() {
	[ ! -f "$data/log/meta.properties" ] || return 0
	id=A$(od -An -N15 -tx1 /dev/urandom | tr -d ' \n' | cut -c1-20)g
	(quick kafka.tools.StorageTool format -t "$id" -c "$data/server.properties" \
		${secure:+--add-scram "SCRAM-SHA-256=[name=hi,password=$(cat "$data/password")]"}) \
		>"$data/format.log" 2>&1 || { cat "$data/format.log" >&2; return 1; }
}

# --- verbs ---------------------------------------------------------------------

service_start() {
	fetch
	umask 077
	mkdir -p "$data"
	data=$(cd "$data" && pwd)
	# Two that start the same broker at once: the second finds it running.
	exec 8>"$data/lock"
	flock 8
	if running; then
		service_wait
		return
	fi
	free_ports
	[ -z "$secure" ] || make_secure
	settings >"$data/server.properties"
	format
	: >"$brokerlog"
	(
		# What the caller has open (a pipe to somebody) is not for the broker to keep open.
		for fd in /proc/self/fd/*; do
			case ${fd##*/} in [012]) ;; [3-9]) eval "exec ${fd##*/}>&-" ;; esac
		done
		cd "$data"
		# Its own session: an interrupt that is meant for the caller is not for the broker.
		exec setsid java -Xms64m "-Xmx${HI_KAFKA_HEAP:-256m}" -XX:+UseSerialGC \
			$(use_classes) $(make_classes) ${HI_KAFKA_JAVA:-} -cp "$jars/*" "-Dlog4j2.configurationFile=file:$here/log4j2.properties" \
			kafka.Kafka "$data/server.properties"
	) >>"$brokerlog" 2>&1 </dev/null &
	echo "$! $(started $!)" >"$pidfile"
	service_wait
}

service_wait() {
	tries=1200
	until grep -q 'Kafka Server started' "$brokerlog" 2>/dev/null; do
		if ! running; then
			grep -E 'FATAL|ERROR|Exception' "$brokerlog" | head -n 5 >&2 || :
			say "kafka: it ended; all of it: $brokerlog"
			return 1
		fi
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { say "kafka: not ready after a minute: $brokerlog"; return 1; }
		sleep 0.05
	done
	service_status
}

service_status() {
	if ! running; then
		echo "kafka: not running (127.0.0.1:$port)"
		return 1
	fi
	echo "kafka: ready on 127.0.0.1:$port, pid $pid, data in $data"
}

service_stop() {
	running || { rm -f "$pidfile"; return 0; }
	kill "$pid" 2>/dev/null || :
	gone 60 || { say "kafka: it does not stop: killed"; kill -9 "$pid" 2>/dev/null || :; gone 5; }
	rm -f "$pidfile"
	keep_classes
}

service_kill9() {
	running || { say "kafka: not running"; return 1; }
	kill -9 "$pid"
	gone 5
	rm -f "$pidfile"
}

service_wipe() {
	service_stop
	# Only what this script has made there.
	rm -rf "$data/log" "$data/tls" "$data/client"
	rm -f "$data/password" "$data/server.properties" "$data/format.log" "$brokerlog" "$data/lock"
	rmdir "$data" 2>/dev/null || :
}

service_tool() {
	fetch
	quick "$@"
}

topic_command() {
	(quick org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$port" "$@")
}
service_topic() {
	[ $# -ge 2 ] || { say "kafka: topic NAME PARTITIONS [SETTING=VALUE]..."; return 2; }
	topic=$1 n=$2
	shift 2
	for s; do set -- "$@" --config "$s"; shift; done
	out=$(topic_command --create --topic "$topic" --partitions "$n" "$@" 2>&1) && return
	case $out in
	*TopicExistsException*) ;;
	*) echo "$out" >&2; return 1 ;;
	esac
	out=$(topic_command --alter --topic "$topic" --partitions "$n" 2>&1) && return
	case $out in
	*already*"$n"*) ;; # it has as many
	*) echo "$out" >&2; return 1 ;;
	esac
}
