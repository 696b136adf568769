#!/bin/bash
# hi-cat as a resumable source: files, a store, the file of --cursor; killed anywhere.
. "$(dirname "$0")/../lib.sh"
cd "$T"
marks() { jq -c 'select(.type == "mark")' "$@"; }
no_marks() { grep -v '"type":"mark"' "$@"; }
position() { jq -r "select(.type == \"mark\").positions[]" "$@" | tail -n 1; }
raw() { hi-cat -q --raw --type reading,alert,act,patient,stat,void --derived "$@" | sort | md5sum; }

# Waits for a process. One that was killed before it opened the pipe between them leaves
# the other waiting there: opening it both ways lets that one go on.
end_of() { # PID FIFO
	while kill -0 $1; do : 8<>"$2"; sleep 0.02; done 2>/dev/null
	wait $1
}

## Files

hi-gen --patients 3 --duration 10m >day.ndjson # 2,160 lines
F=file:$T/day.ndjson
hi-cat --mark 500 day.ndjson >out
is 'a mark at each 500 lines, and the last' "$(marks out | jq -c '[.seq, .n]' | tr -d '\n')" '[0,0][1,500][2,500][3,500][4,500][5,160]'
is 'the key is the real path' "$(marks out | jq -r '.positions | keys[]' | sort -u)" "$F"
is 'the opening mark stands at the beginning' "$(head -n 1 out | position)" 1:00000000
has 'the last one behind the last line' "$(position out)" '^2161:[0-9a-f]{8}$'
ok 'lines pass byte for byte' cmp -s day.ndjson <(no_marks out)
gzip -k day.ndjson; zstd -q day.ndjson
mkdir other; ln -s ../day.ndjson other/link.ndjson
hi-cat --mark 500 other/link.ndjson >got
is 'a link has the key of its file' "$(position got)" "$(position out)"
for f in day.ndjson.gz day.ndjson.zst; do
	ok "$f: the same lines" cmp -s <(no_marks out) <(hi-cat --mark 500 $f | no_marks)
	is "$f: the same position" "$(hi-cat --mark 500 $f | position)" "$(position out)"
done
hi-cat --mark 500 day.ndjson other/link.ndjson >got 2>err
is 'the same file twice: status' $? 2
has 'the same file twice: message' "$(cat err)" 'the same file twice'
is 'the same file twice: nothing is written' "$(cat got)" ''
for m in 1 7 2160 5000 10ms; do
	ok "--mark $m is a right stream" hi-cat -q --mark $m -o marked day.ndjson
	hi-cat marked >got 2>err
	is "--mark $m is one for the next tool" "$?$(cat err)" 0
	ok "--mark $m: whole" cmp -s day.ndjson <(no_marks got)
done

# Marks in a file are those of another pipe.
hi-cat --mark 1000 out >got
ok 'marks of a file are left out' cmp -s day.ndjson <(no_marks got)
is 'and count as lines of the file alone' "$(marks got | jq -r '.n, .positions[]' | paste -sd ' ')" \
	"$(printf '0 1:00000000 1000 1003:%s 1000 2005:%s 160 %s' \
		"$(marks got | sed -n 2p | position | cut -d: -f2)" \
		"$(marks got | sed -n 3p | position | cut -d: -f2)" "$(position got)")"
{ echo '{"type":"mark","resume":"begin","window":"1h"}'; head -n 3 day.ndjson
	echo '{"type":"mark","resume":"end","n":3,"positions":{}}'; cat out; } >resumed
ok 'and so are preambles' cmp -s day.ndjson <(hi-cat --mark 1000 resumed | no_marks)
sed 700d out >lost
hi-cat --mark 100 lost >got 2>err
is 'a line that the file has lost: status' $? 6
has 'a line that the file has lost: message' "$(cat err)" 'hi-cat: lost:1002: lines before a mark were lost'
ok 'what came before is right' hi-cat -q -o got2 got
is '--uncounted' "$(hi-cat --uncounted --mark 100 lost | no_marks | wc -l)" 2159

{ head -n 3 day.ndjson; echo '{"type":"reject","tool":"x","source":"y","line":1,"reason":"z","text":"t"}'
	echo '{bad'; sed -n 4,6p day.ndjson; } >odd
hi-cat --mark 4 odd >got 2>/dev/null
is 'a bad line: status' $? 3
is 'a bad line becomes a reject, a reject passes' "$(no_marks got | jq -r '.type // "reading"' | uniq -c | paste -sd ' ' | tr -s ' ')" \
	' 3 reading 2 reject 3 reading'
is 'each is a line' "$(marks got | jq -c .n | paste -sd ' ')" '0 4 4 0'
hi-cat --strict --mark 100 odd >got 2>/dev/null
is '--strict: status' $? 3
is '--strict: the last mark stands before the bad line' "$(position got | cut -d: -f1)" 5
is '--strict: the bad line is not given' "$(no_marks got | wc -l)" 4
is 'a selection' "$(hi-cat --mark 100 --metric spo2 --patient P-002 day.ndjson | no_marks | wc -l)" 120
is 'a selection: the position is that of the file' "$(hi-cat --mark 100 --metric spo2 day.ndjson | position)" "$(position out)"
is '--set' "$(hi-cat --mark 100 --set ward=W7 day.ndjson | grep -c '"ward":"W7"')" 2160
printf '%s' "$(cat day.ndjson)" >no-lf.ndjson
is 'a last line without its end has the same position' "$(hi-cat --mark 100 no-lf.ndjson | position)" "$(position out)"

mkfifo fifo up
usage() { # NAME PATTERN OPTION...
	local name=$1 pattern=$2 s; shift 2
	hi-cat "$@" >got 2>err </dev/null
	s=$?
	is "$name: status" $s 2
	has "$name: message" "$(cat err)" "$pattern"
	is "$name: nothing is written" "$(cat got)" ''
}
usage 'standard input' 'no position to go on from' --mark 100
usage 'standard input by name' 'no position to go on from' --mark 100 day.ndjson -
usage 'a fifo' 'no position to go on from: fifo' --mark 100 fifo
usage 'a device' 'no position to go on from: /dev/null' --mark 100 /dev/null
usage '--tick of a file' '--tick is for a store' --mark 100 --tick day.ndjson
usage '--last' '--last and marks' --mark 100 --last 5 day.ndjson
usage '--pace' '--pace and marks' --mark 100 --pace 1x day.ndjson
usage 'a table' 'format ndjson only' --mark 100 --format table day.ndjson
usage '--cursor of a file' '--cursor takes one store' --cursor up.pos day.ndjson
status 'a file that is not there' 4 hi-cat --mark 100 day.ndjson nix
odd=$(printf 'a\tb'); cp odd "$odd"
usage 'a path that is no key' 'cannot stand in a mark' --mark 100 "$odd"

# A signal: the last mark is written.
for i in 1 2 3 4 5 6 7 8; do cat day.ndjson day.ndjson day.ndjson day.ndjson; done >big.ndjson
hi-cat --mark 10ms big.ndjson >fifo & cat_pid=$!
{ head -c 300000; sleep 0.1; kill -TERM $cat_pid; cat; } <fifo >got
wait $cat_pid
is 'a signal: status' $? 0
ok 'a signal: a right stream' hi-cat -q -o got2 got
lines=$(no_marks got | wc -l)
ok 'a signal: the last mark says how far it came' test "$(position got | cut -d: -f1)" -eq $((lines + 1))
ok 'a signal: it did end before the end' test $lines -lt 69120

## A store

head -n 1000 day.ndjson | hi-store -q gw
sed -n '1001,$p' day.ndjson | hi-detect | hi-store -q gw
hi-cat --mark 400 --type reading,alert gw >out
is 'in order of arrival' "$(no_marks out | md5sum)" "$(hi-cat --raw --type reading,alert gw | md5sum)"
has 'the key is the id' "$(marks out | jq -r '.positions | keys[]' | sort -u)" "^store:$(sqlite3 gw/store.db "SELECT value FROM meta WHERE key='id'")\$"
is 'the positions' "$(marks out | jq -r '.positions[]' | sed '5,$d' | paste -sd ' ')" '0; 1;1:400 1;1:800 2;2:200'
is 'the last one says that both are read' "$(position out)" '2;'
is 'readings alone by default' "$(hi-cat --mark 400 gw | no_marks | wc -l)" 2160
is 'a selection' "$(hi-cat --mark 400 --patient P-002 --metric spo2 gw | no_marks | md5sum)" \
	"$(hi-cat --raw --patient P-002 --metric spo2 gw | md5sum)"
usage 'rejects' 'rejects and unknown types have no position: gw' --mark 100 --type all gw
usage 'an hour' 'an hour of a store has no position' --mark 100 gw@2025-12-28T06
usage 'two stores' 'one store, or for files' --mark 100 gw gw
usage 'a store and a file' 'one store, or for files' --mark 100 gw day.ndjson
usage '--hours' '--hours reads no records' --mark 100 --hours gw

up() { # what is in gw to central
	hi-cat --cursor up.pos --type reading,alert,patient "$@" gw 2>up.err | hi-store -q --cursor up.pos central >up.marks 2>up.said
}
up
has 'a cursor that is not there yet is said' "$(cat up.err)" 'up.pos: not there yet: from the beginning'
is 'the first time: all' "$(raw central)" "$(raw gw)"
is 'the file of --cursor is the last mark' "$(cat up.pos)" "$(marks out | tail -n 1 | jq -c .positions)"
up
is 'again: nothing' "$(marks up.marks | jq -c .n | paste -sd ' ')" '0 0'
hi-gen --seed 3 --duration 1m | hi-detect | hi-store -q gw
echo '{"type":"patient","patient_id":"P-001","version":1}' | hi-store -q gw
up
is 'what is new, once' "$(raw central)" "$(raw gw)"
echo '{"store:0123456789abcdef0123456789abcdef":"2;"}' >alien.pos
usage "another store's cursor" "another store's: gw" --cursor alien.pos gw
echo 'x' >bad.pos
status 'a file that is no cursor' 6 hi-cat --cursor bad.pos gw
sed 's/"[0-9]*;.*"/"99;"/' up.pos >ahead.pos
hi-cat --cursor ahead.pos gw >got 2>err
is 'a store that is older than its cursor: status' $? 6
has 'a store that is older than its cursor: message' "$(cat err)" 'an older copy'
rm up.pos
up
is 'a cursor that was lost: the sink says where to go on' "$(cat up.pos)" "$(sqlite3 central/store.db 'SELECT json_object(key, json(value)) FROM positions')"
up
is 'and then it goes on' "$(raw central)" "$(raw gw)"

# The clock goes into a mark once the store has been read to its end.
hi-cat --follow --mark 100ms --tick --cursor up.pos gw >got & cat_pid=$!
for i in $(seq 300); do [ "$(marks got | wc -l)" -ge 4 ] && break; sleep 0.1; done
before=$(date +%s)
kill -TERM $cat_pid; wait $cat_pid
is '--follow ends with a signal: status' $? 0
ok '--tick: the wall clock' test "$(marks got | jq -r 'select(.time).time | sub("\\.[0-9]+"; "") | fromdate' | awk -v t="$before" '$1 > t - 3600 && $1 < t + 3600' | wc -l)" -ge 2
is '--tick: not in the opening mark' "$(head -n 1 got | jq -c .time)" null

## --resume: cut at each mark, the rest comes of itself

hi-gen --patients 20 --interval 60s --duration 1h >shift.ndjson # 7,200 lines, alarms that last
hi-cat --mark 900 shift.ndjson | hi-detect | hi-store -q whole >/dev/null
ok 'there are alerts' test "$(hi-cat --type alert whole | wc -l)" -gt 10
for k in 0 1 2 3 4 5 6 7 8; do
	rm -rf cut
	hi-cat -q --resume cut --mark 900 shift.ndjson 2>/dev/null | hi-detect -q |
		awk -v k=$k '{ print } /^{"type":"mark","run"/ && n++ == k { exit }' | hi-store -q cut >/dev/null
	is "cut at mark $k: so far" "$(hi-cat -q --raw cut | wc -l)" "$((900 * k))"
	hi-cat -q --resume cut --mark 900 shift.ndjson | hi-detect | hi-store -q cut >/dev/null
	is "cut at mark $k: all of it" "$(raw cut)" "$(raw whole)"
done
hi-cat --resume cut shift.ndjson >out
is 'nothing is left: n' "$(jq -c 'select(.type == "mark" and .seq).n' out | paste -sd ' ')" '0 0'
hi-gen --patients 3 --start 2025-12-28T06:10:00Z --duration 1m >more
cp day.ndjson grown
hi-cat -q --resume g day.ndjson | hi-store -q g >/dev/null
hi-cat -q --resume g2 grown | hi-store -q g2 >/dev/null
cat more >>grown
hi-cat -q --resume g2 grown | hi-store -q g2 >/dev/null
is 'lines that are added to a file come' "$(raw g2)" "$(cat day.ndjson more | sort | md5sum)"
sed 's/"value":[0-9.]*/"value":1/' day.ndjson >grown
hi-cat -q --resume g2 grown >got 2>err
is 'another file: status' $? 6
has 'another file: message' "$(cat err)" 'not the file that was read before: grown'
head -n 100 day.ndjson >grown
status 'a shorter file' 6 hi-cat -q --resume g2 grown
head -n 1000 day.ndjson >bad-line; echo '{oops' >>bad-line; tail -n 1160 day.ndjson >>bad-line
hi-cat -q --strict --resume g3 bad-line 2>/dev/null | hi-store -q g3 >/dev/null
is '--strict: up to the bad line' "$(hi-cat --raw g3 | wc -l)" 1000
sed -i '1001d' bad-line
hi-cat -q --strict --resume g3 bad-line | hi-store -q g3 >/dev/null
is '--strict: it is put right, and goes on' "$(raw g3)" "$(raw g)"

usage '--resume and the operand' 'are the same store' --resume cut cut/
usage '--cursor and --resume' '--cursor and --resume' --resume cut --cursor x.pos gw
usage '--window without marks' '--window and --tick go with' --window 2h gw

## The preamble for a foreign source

hi-cat --resume nix >out 2>err
is 'no store yet: status' $? 0
has 'no store yet: message' "$(cat err)" '^hi-cat: nix: .*: from the beginning'
is 'no store yet: an empty preamble' "$(jq -r '.resume' out | paste -sd ' ')" 'begin end'
foreign() { # STORE N: N lines of shift.ndjson from where the store stands
	local at
	hi-cat -q --resume "$1" >preamble
	at=$(tail -n 1 preamble | jq '.positions["ext:1"] // 0')
	cat preamble
	printf '{"type":"mark","run":"%s","seq":0,"n":0,"positions":{"ext:1":%d}}\n' $RANDOM "$at" | tee opening
	sed -n "$((at + 1)),$((at + $2))p" shift.ndjson
	sed "s/\"seq\":0,\"n\":0/\"seq\":1,\"n\":$2/; s/\"ext:1\":$at/\"ext:1\":$((at + $2))/" opening
}
for i in 1 2 3 4; do foreign ward 1800 | hi-detect | hi-store -q ward >/dev/null; done
is 'a foreign source' "$(raw ward)" "$(raw whole)"
is 'its preamble ends with the positions of the store' "$(tail -n 1 preamble | jq -c .positions)" '{"ext:1":5400}'
ok 'its preamble has readings' test "$(wc -l <preamble)" -gt 500
hi-cat --resume ward --window 1m >out
ok '--window' test "$(wc -l <out)" -lt "$(wc -l <preamble)"
is '--window is said' "$(head -n 1 out | jq -r .window)" 1m

## A store to another, with filters in between

rm -rf far
hi-cat -q --resume far gw | hi-detect -q | hi-store -q far >/dev/null
hi-gen --seed 5 --start 2025-12-28T08:00:00Z --duration 2m | hi-store -q gw
hi-cat -q --resume far --follow gw >up & cat_pid=$!
hi-detect -q <up | hi-store -q far >marks & store_pid=$!
for i in $(seq 300); do grep -q '"n":[1-9]' marks && break; sleep 0.1; done
kill -TERM $cat_pid; wait $cat_pid $store_pid
is '--resume of a store' "$(hi-cat --raw far | sort | md5sum)" "$(hi-cat --raw gw | sort | md5sum)"

## Killed anywhere: a file, line by line the same command

for i in 1 2 3 4 5 6 7 8; do
	(
		hi-cat -q --resume killed --mark 10ms shift.ndjson >up & cat_pid=$!
		hi-detect -q <up | hi-store -q killed >/dev/null & store_pid=$!
		sleep 0.0$((RANDOM % 9 + 1))
		[ $((i % 2)) = 0 ] && kill -9 $store_pid || kill -9 $cat_pid
		kill -TERM $cat_pid
		end_of $cat_pid up
		end_of $store_pid up
	) 2>/dev/null
done
hi-cat -q --resume killed shift.ndjson | hi-detect -q | hi-store -q killed >/dev/null
is 'a file, killed anywhere: each row once' "$(raw killed)" "$(raw whole)"

## Killed anywhere: three writers of the gateway, the reader, the sink.

writer() { # SEED: killed now and then, until the time is over
	local end=$((SECONDS + 6)) pid gen_pid n=0
	RANDOM=$1
	mkfifo w$1
	while [ $SECONDS -lt $end ]; do
		hi-gen --seed $((100 * n + $1)) --patients 2 --interval 1s --pace 100x --duration 2m >w$1 2>/dev/null & gen_pid=$!
		hi-store -q --commit 10ms gw <w$1 & pid=$!
		sleep 0.$((RANDOM % 9 + 1))
		if [ $((RANDOM % 2)) = 0 ]; then kill -9 $pid; fi
		end_of $pid w$1
		end_of $gen_pid w$1
		n=$((n + 1))
	done
}
RANDOM=11
for i in 1 2 3; do writer $i 2>/dev/null & writers[i]=$!; done
kills=0
end=$((SECONDS + 7))
while [ $SECONDS -lt $end ]; do
	hi-cat -q --follow --mark 20ms --cursor up.pos gw >up 2>/dev/null & cat_pid=$!
	hi-store -q --cursor up.pos central <up >/dev/null 2>err & store_pid=$!
	sleep 0.$((RANDOM % 5 + 1))
	case $((RANDOM % 3)) in
	0) kill -9 $cat_pid && kills=$((kills + 1)) ;;
	1) kill -9 $store_pid && kills=$((kills + 1)) ;;
	2) kill -9 $cat_pid $store_pid && kills=$((kills + 1)) ;;
	esac 2>/dev/null
	kill -TERM $cat_pid
	end_of $cat_pid up
	end_of $store_pid up
done 2>/dev/null
wait "${writers[@]}"
up || up
is 'killed anywhere: each row once' "$(hi-cat -q --raw --metric hr,spo2,rr,temp,sbp,dbp central | sort | md5sum)" \
	"$(hi-cat -q --raw --metric hr,spo2,rr,temp,sbp,dbp gw | sort | md5sum)"
ok 'killed anywhere: more than a few times' test $kills -ge 5
ok 'killed anywhere: much came through' test "$(hi-cat --raw central | wc -l)" -gt 3000
echo x | hi-store -q gw 2>/dev/null # buries the dead
up
has 'in the end no writer is at work' "$(jq -r '.[]' up.pos)" '^[0-9]+;$'

# A commit that nobody saw, for its writer was killed while SQLite synced its log,
# may show itself when the last who had the database open is gone.
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	for n in 1 2 3 4 5 6; do
		rm -rf g c c.pos; head -n 100 day.ndjson | hi-store -q g
		(
			hi-cat --follow g >/dev/null & holder=$!
			sleep 0.1
			head -n 200 day.ndjson | tail -n 100 | strace -f -o /dev/null -e trace=fdatasync,fsync \
				-e inject=fdatasync,fsync:signal=KILL:when=$n hi-store -q g
			hi-cat -q --cursor c.pos g | hi-store -q --cursor c.pos c >/dev/null
			kill -9 $holder; wait $holder
			hi-cat -q --cursor c.pos g | hi-store -q --cursor c.pos c >/dev/null
		) 2>/dev/null
		is "a writer killed in its sync $n: each row once" "$(raw c)" "$(raw g)"
		hi-gen --duration 1m | hi-store -q g
		hi-cat -q --cursor c.pos g | hi-store -q --cursor c.pos c >/dev/null
		is "a writer killed in its sync $n: and what came later" "$(raw c)" "$(raw g)"
	done
else
	skip 'a commit that nobody saw' 'no strace'
fi
