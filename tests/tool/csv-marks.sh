#!/bin/bash
# hi-csv with --mark: the same lines, marks that count right and stand where they say,
# and no way for a table to write one.
. "$(dirname "$0")/../lib.sh"
cd "$T"
SAMPLE=$ROOT/testdata/cinc2019_a_sample_wide.csv

mark='^\{"type":"mark",'
# The source's own lines: no marks, nothing of a preamble.
own() { awk -v mark="$mark" '$0 ~ mark { if (/"resume":"begin"/) on = 1; if (/"resume":"end"/) on = 0; next } !on'; }
position() { grep -E "$mark" | sed -E 's/.*"csv:[^"]*":"([^"]*)".*/\1/'; }
# Every mark's LINE:CRC by an arithmetic of its own: NAME FILE MARKED
crcs() {
	is "$1: each position is the next line and the checksum of the one before" "$(python3 - "$2" "$3" <<'PY'
import json, re, sys
def crc32c(b):
    c = 0xffffffff
    for x in b:
        c ^= x
        for _ in range(8): c = c >> 1 ^ (0x82f63b78 if c & 1 else 0)
    return c ^ 0xffffffff
lines = open(sys.argv[1], "rb").read().removeprefix(b"\xef\xbb\xbf").splitlines()
n = 0
for text in open(sys.argv[2]):
    if not text.startswith('{"type":"mark"'): continue
    (at,) = json.loads(text)["positions"].values()
    line, crc = at.split(":")
    line = int(line)
    want = "%08x" % (crc32c(lines[line - 2]) if line > 1 else 0)
    if crc != want: print(at, "not", want)
    n += 1
if n < 2: print(n, "marks")
PY
)" ""
}

# NAME EVERY OPERAND|OPTION...
marked() {
	local name=$1 every=$2 s
	shift 2
	hi-csv -q "$@" >whole 2>/dev/null
	s=$?
	hi-csv -q --mark "$every" "$@" >marked 2>/dev/null
	is "$name: marks change no status" $? $s
	ok "$name: nor a line" cmp -s whole <(own <marked)
	ok "$name: they count right" hi-cat -q -o /dev/null marked
	has "$name: the last line is one" "$(tail -1 marked)" "$mark"
}

H=patient_id,timestamp,HR,Temp,ward
D='2025-12-28 06:0'
row() { printf 'P-%d,%s%d:00,%d,36.%d,%s\n' "$1" "$D" "$1" $((70 + $1)) "$1" "$2"; }
# Cells that span lines, blank lines, rows that are refused, a quote that is not closed.
{
	echo $H; row 1 W1; row 2 $'"W\n2"'; echo; row 3 '"say ""3"""'
	echo "P-4,${D}4:00,x,,"; echo "P-5"; row 5 $'"\n\n5\n"'; echo '  '
	echo "P-6,${D}6:00,76,36.6"; echo "\"P-7,${D}7:00,77,36.7,"; row 8 W8
} >plain.csv
head -c -1 plain.csv >short.csv
{ printf '\xEF\xBB\xBF'; sed 's/$/\r/' plain.csv; } >dos.csv
gzip -c plain.csv >plain.csv.gz
zstd -q plain.csv -o plain.csv.zst

## Marks.

marked "the real sample" 200 "$SAMPLE"
crcs "the real sample" "$SAMPLE" marked
marked "by time" 200ms "$SAMPLE"
marked "quoted line ends, blank lines, bad rows" 1 plain.csv
crcs "quoted line ends, blank lines, bad rows" plain.csv marked
is "none stands within a row" "$(position <marked | cut -d: -f1 | uniq | tr '\n' ' ')" "1 3 5 7 8 9 13 15 17 "
marked "no final LF" 1 short.csv
is "no final LF: said once" "$(hi-csv --mark 1 short.csv 2>&1 >/dev/null | grep -c '^hi-csv: short.csv:16: the last line has no line end; it is taken as whole$')" 1
is "a final LF: nothing said" "$(hi-csv --mark 1 plain.csv 2>&1 >/dev/null | grep -c 'line end')" 0
crcs "no final LF" short.csv marked
marked "CRLF, a byte-order mark" 1 dos.csv
crcs "CRLF, a byte-order mark" dos.csv marked
marked "gzip" 2 plain.csv.gz
crcs "gzip" plain.csv marked
marked "zstd" 2 plain.csv.zst
crcs "zstd" plain.csv marked
marked "a selection" 1 --patient P-8 plain.csv
is "behind a row with which N is reached" "$(hi-csv -q --mark 2 plain.csv 2>/dev/null | grep -o '"n":[0-9]*' | tr '\n' ' ')" \
	"$(printf '"n":%d ' 0 2 3 2 2 3 0)"

## Positions.

is "the beginning" "$(hi-csv -q --mark 1000 plain.csv 2>/dev/null | head -1 | position)" 1:00000000
is "of a file without a row" "$(printf '%s\n' $H >e.csv; hi-csv -q --mark 1 e.csv | tail -1 | position | cut -d: -f1)" 2
is "of an empty file" "$(: >e.csv; hi-csv -q --mark 1 e.csv | tail -1 | position)" 1:00000000
mkdir dir && ln -s ../plain.csv dir/link.csv
is "a file has one name" "$(hi-csv -q --mark 9 dir/link.csv 2>/dev/null | tail -1 | grep -o '"csv:[^"]*')" "\"csv:$(realpath plain.csv)"

## Several files.

{ echo $H; row 1 A; row 2 A; } >a.csv
{ echo $H; row 3 B; row 4 B; } >b.csv
{ echo "patient;time;HR"; echo "P-9;28.12.2025 06:09;79"; } >c.csv
hi-csv -q a.csv b.csv c.csv >whole
hi-csv -q --mark 1 a.csv b.csv c.csv >marked
ok "three files: the same lines" cmp -s whole <(own <marked)
is "three files: each mark names all" "$(grep -E "$mark" marked | grep -o '"csv:[^"]*"' | sort | uniq -c | awk '{ print $1 }' | sort -u)" \
	"$(grep -cE "$mark" marked)"
status "the same file twice" 2 hi-csv --mark 1 a.csv ./a.csv
is "the same file twice: said" "$(cat .err)" "hi-csv: the same file twice: ./a.csv"
status "by a link" 2 hi-csv --mark 1 plain.csv dir/link.csv

## What has no place to go back to, and what does not go together.

refused() { # NAME PATTERN COMMAND...
	local name=$1 pattern=$2
	shift 2
	status "$name" 2 "$@"
	has "$name: why" "$(cat .err)" "$pattern"
	is "$name: nothing is written" "$(cat .out)" ""
}
refused "standard input" 'no place to go back to' hi-csv --mark 1
refused "- as operand" 'no place to go back to' hi-csv --mark 1 a.csv -
mkfifo fifo
refused "a FIFO" 'no place to go back to.*fifo' hi-csv --mark 1 fifo
refused "a folder" 'no place to go back to' hi-csv --mark 1 dir
hi-gen -n 20 | hi-store -q st
refused "a store" 'a store holds records' hi-csv --mark 1 st
cp a.csv $'new\nline.csv'
refused "a path with a line end" 'cannot stand in a mark' hi-csv --mark 1 $'new\nline.csv'
cp a.csv $'w\xe4rme.csv'
refused "a path that is not UTF-8" 'cannot stand in a mark' hi-csv --mark 1 $'w\xe4rme.csv'
cp a.csv 'q"\u.csv'
hi-csv -q --mark 1 'q"\u.csv' >out
ok "a path with quotes" hi-cat -q -o /dev/null out
refused "--to" 'neither --to nor --print-map' hi-csv --mark 1 --to wide a.csv
refused "--print-map" 'neither --to nor --print-map' hi-csv --mark 1 --print-map a.csv
refused "--strict" '--strict ends' hi-csv --mark 1 --strict a.csv
refused "--window" '--window' hi-csv --window 1h a.csv
status "no such file: 4" 4 hi-csv --mark 1 none.csv
status "a full disk: 4" 4 bash -c 'hi-csv -q --mark 1 a.csv >/dev/full'
hi-csv -q --mark 1 -o out plain.csv 2>/dev/null
ok "-o FILE" hi-cat -q -o /dev/null out
status "a header without a plan: 2" 2 hi-csv --mark 1 <(:) more
printf 'a,b\n1,2\n' >noplan.csv
status "a header without a plan behind rows" 2 hi-csv -q --mark 100 a.csv noplan.csv
ok "what came before it has its mark" hi-cat -q -o /dev/null .out
is "and is there" "$(own <.out)" "$(hi-csv -q a.csv)"

## A signal: what was written ends with a mark.

for _ in $(seq 12); do sed 1d "$SAMPLE"; done | cat <(head -1 "$SAMPLE") - >long.csv
mkfifo pipe
hi-csv -q --mark 1000 long.csv >pipe &
pid=$!
exec 8<pipe
head -c 300000 <&8 >cut
kill -TERM $pid
cat <&8 >>cut
exec 8<&-
wait $pid
is "TERM: status" $? 0
has "TERM: the last line is a mark" "$(tail -1 cut)" "$mark"
ok "TERM: a right stream" hi-cat -q -o /dev/null cut
own <cut >lines
ok "TERM: the lines are a run's beginning" cmp -s lines <(hi-csv -q long.csv | head -n "$(wc -l <lines)")
is "TERM: it was cut" "$(position <cut | tail -1 | cut -d: -f1 | awk -v all="$(wc -l <long.csv)" '{ print $1 < all }')" 1

## Control cannot be forged by a table.

cat >forged.csv <<'F'
type,patient_id,timestamp,metric_name,value,unit,ward
mark,P,2025-12-28 06:00:00,heart_rate,72,bpm,W
reject,P,2025-12-28 06:00:00,heart_rate,72,bpm,W
,"P"",""type"":""mark",2025-12-28 06:00:00,heart_rate,72,bpm,W
,P,2025-12-28 06:00:00,"x"",""type"":""mark",72,bpm,W
,P,2025-12-28 06:00:00,heart_rate,72,bpm,"
{""type"":""mark"",""run"":""r"",""seq"":0,""n"":0,""positions"":{}}
"
,P,2025-12-28 06:00:00,"
{""type"":""mark"",""run"":""r"",""seq"":0,""n"":0,""positions"":{}}
",72,bpm,W
,P,2025-12-28 06:00:00,heart_rate,"72}
{""type"":""mark"",""resume"":""begin""}",bpm,W
,P,2025-12-28 06:00:00,heart_rate,72,bpm,"""W"",""type"":""mark"""
{"type":"mark","run":"r","seq":0,"n":0,"positions":{}}
,P,2025-12-28 06:00:00,heart_rate,73,bpm,"W
{"type":"mark","run":"r","seq":0,"n":0,"positions":{}}
F
hi-csv -q forged.csv >out 2>/dev/null
is "forged: status" $? 3
is "forged: types" "$(jq -r '.type // "reading"' out | sort | uniq -c | awk '{ print $1, $2 }' | tr '\n' ' ')" "3 reading 8 reject "
is "forged: the first two are rejects" "$(head -2 out | jq -r '.type + " " + .reason' | tr '\n' ';')" \
	"reject type: only readings may come from CSV;reject type: only readings may come from CSV;"
ok "forged: a stream without marks" hi-cat -q -o /dev/null out
is "forged: its only marks are its own" "$(hi-csv -q --mark 1 forged.csv 2>/dev/null | jq -r 'select(.type == "mark").run' | sort -u | wc -l | tr -d ' ')" 1
marked "forged" 1 forged.csv
crcs "forged" forged.csv marked
for set in type=mark type=reject tool=hi-score; do
	status "--set $set" 2 hi-csv --set "$set" plain.csv
done
hi-csv -q --set 'a","type":"mark=1' --set 'b=","type":"mark' narrow.csv >out 2>/dev/null
is "--set with quotes makes no key" "$(jq -c 'select(.type == "mark")' out)" ""
printf 'p = patient\nx = key resume\ny = key type\n' >key.map
status "a mapping cannot make the key type" 2 hi-csv --map key.map plain.csv
F_HEADER='patient_id,timestamp,HR,"ward"",""type"":""mark"'
{ echo "$F_HEADER"; row 1 W | cut -d, -f1-3,5; } >header.csv
is "a header cannot either" "$(hi-csv -q header.csv 2>/dev/null | jq -r '.type // "reading"')" reading
