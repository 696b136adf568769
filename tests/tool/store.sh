#!/bin/bash
# hi-store: what was promised is there, exactly once, after every kind of end.
. "$(dirname "$0")/../lib.sh"

S=$T/ward
reading() { printf '{"patient_id":"%s","metric_name":"%s","value":%s,"unit":"%s","timestamp":"%s"}\n' "$@"; }

# --- a store is made, and refused where something else is
status 'no operand' 2 hi-store
out=$(reading P-001 heart_rate 72 bpm 2025-12-28T06:30:00Z | hi-store "$S/" 2>&1)
is 'a new store is told' "$out" "hi-store: $S/: a new store"
is 'folders 0700, files 0600' "$(find "$S" -type d ! -perm 700 -o -type f ! -perm 600)" ''
is 'the row' "$(tail -n +2 "$S"/readings/2025-12-28/06.*.csv)" '1,P-001,heart_rate,2025-12-28T06:30:00Z,72,bpm,'
is 'no message the second time' "$(reading P-001 heart_rate 73 bpm 2025-12-28T06:30:05Z | hi-store "$S" 2>&1)" ''
is 'both are there' "$(hi-cat --raw "$S" | wc -l)" 2
mkdir "$T/full" && touch "$T/full/thesis.txt"
status 'a folder of something else' 2 hi-store "$T/full" </dev/null
has 'says so' "$(cat "$T/.err")" 'not empty and no store'
is 'and leaves it alone' "$(ls "$T/full")" thesis.txt
mkdir "$T/empty"
status 'an empty folder becomes one' 0 hi-store -q "$T/empty" </dev/null
ok 'the parent must exist' test ! -e "$T/none"
status 'the parent must exist' 4 hi-store "$T/none/ward" </dev/null
status 'a file is no folder' 2 hi-store "$T/full/thesis.txt" </dev/null
status 'an hour cannot be written' 2 hi-store "$S/@2025-12-28T06" </dev/null
mkdir "$T/foreign" && sqlite3 "$T/foreign/store.db" 'CREATE TABLE t(x)'
status 'a foreign database' 2 hi-store "$T/foreign" </dev/null
mkdir "$T/begun" && echo x >"$T/begun/store.db-journal"
status 'a store whose making was cut short is made' 0 hi-store -q "$T/begun" </dev/null
mkdir "$T/foreign2" && cp "$T/foreign/store.db" "$T/foreign2" && echo x >"$T/foreign2/store.db-journal"
status 'but not in the place of a foreign one' 2 hi-store "$T/foreign2" </dev/null
cp -r "$S" "$T/newer" && sqlite3 "$T/newer/store.db" "UPDATE meta SET value=99 WHERE key='format'"
status 'a newer format is refused' 2 hi-store "$T/newer" </dev/null
has 'says so' "$(cat "$T/.err")" 'newer than this program'
status 'by the reader too' 2 hi-cat "$T/newer"

# --- nothing of a record is lost
rm -rf "$S"
cat >"$T/odd.ndjson" <<'END'
{"patient_id":"A, \"B\"","metric_name":"temperature","value":98.6,"unit":"F","timestamp":"2025-12-28T06:30:00.250+01:00","device_id":"gw,3","n":[1, {"a": "b c"}]}
{"patient_id":" x ","metric_name":"own, metric","value":"a \"b\", c","timestamp":"2025-12-28 05:00:00"}
{"patient_id":"P","metric_name":"consciousness","value":"V","timestamp":"2025-12-28T05:00:00Z"}
{"patient_id":"P","metric_name":"heart_rate","value":null,"absent":"off","unit":"bpm","timestamp":"2025-12-28T05:00:00Z"}
{"patient_id":"P","metric_name":"heart_rate","value":72.50,"unit":"bpm","timestamp":"2025-12-28T05:00:01Z","type":"reading"}
{"patient_id":"P","metric_name":"mine","value":1e2,"unit":"kg","timestamp":"1801-01-01T00:00:00Z"}
END
hi-store -q "$S" <"$T/odd.ndjson"
cat >"$T/odd.want" <<'END'
{"patient_id":"P","metric_name":"mine","value":1e2,"unit":"kg","timestamp":"1801-01-01T00:00:00Z"}
{"patient_id":" x ","metric_name":"own, metric","value":"a \"b\", c","timestamp":"2025-12-28T05:00:00Z"}
{"patient_id":"P","metric_name":"consciousness","value":"V","unit":"ACVPU","timestamp":"2025-12-28T05:00:00Z"}
{"patient_id":"P","metric_name":"heart_rate","value":null,"unit":"bpm","timestamp":"2025-12-28T05:00:00Z","absent":"off"}
{"patient_id":"P","metric_name":"heart_rate","value":72.50,"unit":"bpm","timestamp":"2025-12-28T05:00:01Z"}
{"patient_id":"A, \"B\"","metric_name":"temperature","value":37,"unit":"C","timestamp":"2025-12-28T05:30:00.250Z","device_id":"gw,3","n":[1,{"a":"b c"}],"written":{"value":98.6,"unit":"F"}}
END
is 'odd readings come back whole' "$(hi-cat "$S")" "$(cat "$T/odd.want")"
hi-cat "$S" | hi-store -q "$T/again"
is 'and again through a second store' "$(hi-cat "$T/again")" "$(cat "$T/odd.want")"

# --- read without our tools
is 'sqlite3 knows every segment' "$(sqlite3 "$S/store.db" 'SELECT sum(rows), sum(length) FROM segments')" \
	"6|$(cat "$S"/readings/*/*.csv | wc -c)"
is 'python reads the rows' "$(python3 -c '
import csv, glob, json, sys
for f in glob.glob(sys.argv[1] + "/readings/*/*.csv"):
    for r in csv.DictReader(open(f, newline="")):
        print(r["patient_id"], r["metric_name"], r["value"], r["unit"], (json.loads(r["extra"] or "{}")).get("device_id", "-"), sep="|")
' "$S" | sort)" ' x |own, metric|"a \"b\", c"||-
A, "B"|temperature|37|C|gw,3
P|consciousness|"V"|ACVPU|-
P|heart_rate|72.50|bpm|-
P|heart_rate||bpm|-
P|mine|1e2|kg|-'

# --- records of the database: kept whole, a later one of the same identity in place
rm -rf "$S"
cat >"$T/kept.ndjson" <<'END'
{"type":"alert","alert_id":"a1","patient_id":"P","metric_name":"spo2","alert_type":"HYPOXIA","priority":"high","status":"ACTIVE","observed_value":88,"timestamp":"2025-12-28T06:00:00Z"}
{"type":"alert","alert_id":"a1","patient_id":"P","metric_name":"spo2","alert_type":"HYPOXIA","priority":"low","status":"ACTIVE","observed_value":87,"timestamp":"2025-12-28T06:00:00Z"}
{"type":"alert","alert_id":"a1","patient_id":"P","metric_name":"spo2","alert_type":"HYPOXIA","status":"CLEARED","timestamp":"2025-12-28T06:00:00Z","ended":"2025-12-28T06:10:00Z"}
{"type":"patient","patient_id":"P","version":1,"ward":"W7","at":"2025-12-01T00:00:00Z"}
{"type":"patient","patient_id":"P","version":2,"ward":"W8","at":"2025-12-02T00:00:00Z"}
{"type":"patient","patient_id":"P","version":2,"ward":"W9","at":"2025-12-02T00:00:00Z"}
{"type":"act","act_id":"x","alert_id":"a1","act":"acknowledged","by":"n7","at":"2025-12-28T06:05:00Z"}
{"type":"stat","from":"2025-12-28T00:00:00Z","every":"1d","tz":"UTC","metric_name":"spo2","count":5}
{"type":"stat","from":"2025-12-28T00:00:00Z","every":"1d","tz":"UTC","metric_name":"spo2","count":6}
{"type":"void","void_id":"v","patient_id":"P","since":"2025-12-28T00:00:00Z","until":"2025-12-28T01:00:00Z","by":"n7","at":"2025-12-28T02:00:00Z","reason":"r"}
{"type":"picture","of":"the sea"}
not a record
{"patient_id":"P","metric_name":"spo2","value":88,"unit":"%","timestamp":"2025-12-28T06:00:00Z"}
END
status 'a reject is kept, status 3' 3 hi-store -q "$S" <"$T/kept.ndjson"
has 'and named' "$(cat "$T/.err")" 'stdin:12:1: '
is 'kept in order of time' "$(hi-cat --type all "$S" | jq -r '[.type//"reading",.version//.status//.count//.of//.line//""]|map(tostring)|join(" ")')" \
'patient 1
patient 2
stat 6
void 
reading 
alert ACTIVE
act 
alert CLEARED
reject 12
picture the sea'
is 'the later one counts' "$(hi-cat --type alert,patient "$S" | jq -r 'select(.status=="ACTIVE" or .version==2)|.priority//.ward')" 'W9
low'
is 'lines are kept as they came' "$(hi-cat --type act "$S")" "$(sed -n 7p "$T/kept.ndjson")"
is 'sqlite3 finds by column' "$(sqlite3 "$S/store.db" "SELECT status FROM alerts WHERE patient_id='P' ORDER BY at_us")" 'ACTIVE
CLEARED'

# --- marks
m='{"type":"mark","run":"r","seq":%d,"n":%d,"positions":{"x":%d}}\n'
is 'a mark comes out when what stood before it is there' \
	"$( (printf "$m" 0 0 0; reading P spo2 97 % 2025-12-28T07:00:00Z; printf "$m" 1 1 1) | hi-store -q "$T/marked")" \
	"$(printf "$m" 0 0 0 1 0 1)"

# --- corruption is found, told from a torn tail, and never mended
cp -r "$S" "$T/bad"
f=$(echo "$T"/bad/readings/*/*.csv)
sed -i 's/88,%/89,%/' "$f"
status 'a changed byte' 4 hi-cat "$T/bad"
has 'is named' "$(cat "$T/.err")" 'bad/readings/.*csv.*checksum|checksum.*bad/readings/.*csv'
status 'in raw reading, too' 4 hi-cat --raw "$T/bad"
truncate -s -1 "$f"
status 'a short file' 4 hi-cat "$T/bad"
rm "$f"
status 'a missing file' 4 hi-cat "$T/bad"
cp "$S/store.db" "$T/bad/old.db"
touch "$T/bad/readings/2025-12-28/09.000099.csv"
status 'a catalogue older than a file' 4 hi-store "$T/bad" </dev/null
ok 'removes nothing' test -e "$T/bad/readings/2025-12-28/09.000099.csv"
echo tail >>"$(echo "$S"/readings/*/*.csv)"
is 'bytes behind the committed length are not read' "$(hi-cat "$S" | wc -l)" 1
touch "$S/readings/2025-12-28/09.000005.csv" "$S/readings/2025-12-28/notes.txt"
hi-store -q "$S" </dev/null
ok 'an unknown segment goes' test ! -e "$S/readings/2025-12-28/09.000005.csv"
ok 'what is not ours stays' test -e "$S/readings/2025-12-28/notes.txt"

# --- a disk that fails below what SQLite maps into memory
mkfifo "$T/open"
ASAN_OPTIONS=handle_sigbus=0 hi-store -q "$T/bus" <"$T/open" 2>"$T/.err" &
pid=$!
exec 9>"$T/open"
until [ -d "$T/bus/other" ]; do sleep 0.01; done
kill -BUS $pid
exec 9>&-
wait $pid
is 'SIGBUS is status 4' $? 4
is 'and said' "$(cat "$T/.err")" 'hi-store: the disk failed while a mapped file was read (SIGBUS)'

# --- kill -9: what a mark confirmed is there, all of it once, in order, nothing torn
hi-gen --patients 20 --count 30000 | awk '
	function mark(seq, n) { printf "{\"type\":\"mark\",\"run\":\"r\",\"seq\":%d,\"n\":%d,\"positions\":{\"x\":%d}}\n", seq, n, seq }
	NR == 1 { mark(0, 0) }
	{ print }
	NR % 500 == 0 { printf "{\"type\":\"alert\",\"alert_id\":\"a%d\",\"patient_id\":\"P-001\",\"status\":\"ACTIVE\",\"timestamp\":\"2025-12-28T06:00:00Z\"}\n", NR
		mark(NR / 500, 501) }' >"$T/in"
grep -v '"mark"' "$T/in" >"$T/want"
bad='' kills=0
for round in $(seq 36); do
	[ $((round % 6)) != 1 ] || { rm -rf "$T/k"; before=0; }
	sed "s/P-0/R$round-/;s/\"a\([0-9]\)/\"a$round-\1/;s/\"x\"/\"x$round\"/" "$T/in" >"$T/in.r"
	: >"$T/marks" # those of the round before, where it is killed before it begins
	# Its input stays open, so that it cannot be done before it is killed.
	hi-store -q "$T/k" < <(cat "$T/in.r"; exec sleep 1) >"$T/marks" &
	pid=$!
	sleep "0.0$((RANDOM % 9))$((RANDOM % 10))"
	kill -9 $pid 2>/dev/null && kills=$((kills + 1))
	wait $pid 2>/dev/null
	[ -e "$T/k/store.db" ] || continue
	# First a reader as the crash left it, then a writer that recovers, then a reader again.
	hi-cat --raw --type reading,alert "$T/k" >"$T/got0" 2>"$T/e" || grep -q 'not a store' "$T/e" || bad="$bad $round:read($(cat "$T/e"))"
	hi-store -q "$T/k" </dev/null || bad="$bad $round:recover"
	hi-cat --raw --type reading,alert "$T/k" >"$T/got" 2>/dev/null || bad="$bad $round:reread"
	cmp -s "$T/got0" "$T/got" || bad="$bad $round:changed"
	tail -n +$((before + 1)) "$T/got" | sed "s/R$round-/P-0/;s/\"a$round-/\"a/" >"$T/new"
	n=$(wc -l <"$T/new") confirmed=$((501 * $(grep -vc '"seq":0' "$T/marks")))
	head -n "$n" "$T/want" | cmp -s - "$T/new" || bad="$bad $round:rows"
	[ "$n" -ge $confirmed ] || bad="$bad $round:lost"
	before=$((before + n))
	# Nothing is left behind committed lengths, and every file is known.
	sqlite3 "$T/k/store.db" 'SELECT path, length FROM segments' | while IFS='|' read -r p l; do
		[ "$(stat -c %s "$T/k/$p")" = "$l" ] || echo torn; done | grep -q torn && bad="$bad $round:torn"
	[ "$(find "$T/k/readings" -name '*.csv' | wc -l)" = "$(sqlite3 "$T/k/store.db" 'SELECT count(*) FROM segments')" ] || bad="$bad $round:files"
done
is 'kill -9 loses, doubles and tears nothing' "$bad" ''
ok "kills happened ($kills of 36)" test $kills -ge 34

# --- writers side by side, a reader beside them sees whole commits only
rm -rf "$S"; hi-store -q "$S" </dev/null
for w in 1 2 3; do
	sed "s/P-0/W$w-/;s/\"a\([0-9]\)/\"a$w-\1/;s/\"x\"/\"x$w\"/" "$T/in" >"$T/in.$w"
	hi-store -q "$S" <"$T/in.$w" >/dev/null &
done
torn='' reads=0
while [ -n "$(jobs -rp)" ] && [ $reads -lt 40 ]; do
	hi-cat --raw --type reading,alert "$S" 2>/dev/null >"$T/got" || torn="$torn status"
	a=$(grep -c '"alert"' "$T/got") n=$(wc -l <"$T/got")
	[ $((a * 501)) = "$n" ] || torn="$torn $a/$n"
	reads=$((reads + 1))
done
wait
is "a reader sees whole commits only ($reads reads)" "$torn" ''
is 'three writers side by side: all rows' "$(hi-cat --raw "$S" | wc -l)" 90000
is 'each writer in its order' "$(hi-cat --raw --type reading,alert "$S" | grep -E 'W2-|a2-' | sed 's/W2-/P-0/;s/"a2-/"a/' | cmp - <(grep -v '"mark"' "$T/in") && echo same)" same

# --- a full disk: status 4, the path named, nothing half done; with room again it goes on
if mkdir "$T/disk" && mount -t tmpfs -o size=1500k none "$T/disk" 2>/dev/null; then
	status 'disk full' 4 hi-store -q "$T/disk/ward" <"$T/want"
	has 'the path is named' "$(cat "$T/.err")" "$T/disk/ward/.*No space left"
	n=$(hi-cat --raw --type reading,alert "$T/disk/ward" 2>/dev/null | wc -l)
	is 'whole commits only' "$(hi-cat --raw --type reading,alert "$T/disk/ward" 2>/dev/null)" "$(head -n "$n" "$T/want")"
	mount -o remount,size=64m "$T/disk"
	tail -n +$((n + 1)) "$T/want" | hi-store -q "$T/disk/ward"
	is 'going on heals' "$(hi-cat --raw --type reading,alert "$T/disk/ward" | cmp - "$T/want" && echo same)" same
	umount "$T/disk"
else
	skip 'disk full' 'mounting a tmpfs needs root'
fi

# --- a backfill over many hours: bounded descriptors, every row once
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "{\"patient_id\":\"P%d\",\"metric_name\":\"heart_rate\",\"value\":%d,\"timestamp\":\"20%02d-%02d-%02dT%02d:00:00Z\"}\n", i % 7, 40 + i % 99, 10 + i % 10, 1 + i * 7 % 12, 1 + i * 13 % 28, i * 5 % 24 }' >"$T/many"
(ulimit -n 128; hi-store -q "$T/backfill" <"$T/many")
is 'a backfill over 6,720 hours' "$(hi-cat --raw "$T/backfill" | wc -l) $(find "$T/backfill/readings" -name '*.csv' | wc -l)" "20000 $(hi-cat --hours "$T/backfill" | wc -l)"

# Who may not write in the folder reads what is there, as of a backup or a read-only disk.
bound() { if [ "$(id -u)" = 0 ]; then setpriv --bounding-set=-dac_override,-dac_read_search "$@"; else "$@"; fi; }
R="$T/a%20 b?c#d"
hi-gen --patients 2 --duration 1m | hi-detect | hi-store -q "$R"
hi-cat --type all "$R" >"$T/want"
chmod 500 "$R" # rights to the files, not to the folder
bound hi-cat --type all "$R" >"$T/got" 2>"$T/err"
is 'read in a folder without the right to write' "$? $(cat "$T/err") $(md5sum <"$T/got")" "0  $(md5sum <"$T/want")"
chmod 400 "$R/store.db"
bound hi-cat --type all "$R" >"$T/got" 2>"$T/err"
is 'and a database that may only be read' "$? $(cat "$T/err") $(md5sum <"$T/got")" "0  $(md5sum <"$T/want")"
: >"$R/store.db-wal" 2>/dev/null || skip 'a log that cannot be read' 'no right to make it'
printf 'x' >"$R/store.db-wal"
status 'not beside a log: that would be a part of it' 4 bound hi-cat "$R"
chmod 700 "$R"; rm -f "$R/store.db-wal"; chmod 600 "$R/store.db"

# A catalogue that is damaged is no reason to remove what it does not name any more.
hi-gen --patients 2 --duration 1m | hi-store -q "$T/damaged"
file=$(cd "$T/damaged" && ls readings/*/*.csv)
sqlite3 "$T/damaged/store.db" "UPDATE segments SET path=path||'x'"
status 'a file under another number: status 4' 4 hi-store -q "$T/damaged" </dev/null
is 'and it is named' "$(cat "$T/.err")" "hi-store: store.db has another file under this number: $T/damaged/$file"
ok 'and it stays' test -s "$T/damaged/$file"
