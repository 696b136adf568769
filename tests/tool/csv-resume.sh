#!/bin/bash
# hi-csv --resume: cut at any mark, what follows the stored position is the rest, byte
# for byte; a file that is not what it was is status 6.
# A store a cut: in memory, where there is such a folder, for no disk is under test.
[ ! -w /dev/shm ] || export TMPDIR=/dev/shm
. "$(dirname "$0")/../lib.sh"
cd "$T"
SAMPLE=$ROOT/testdata/cinc2019_a_sample_wide.csv

mark='^\{"type":"mark",'
# The source's own lines: no marks, nothing of a preamble.
own() { awk -v mark="$mark" '$0 ~ mark { if (/"resume":"begin"/) on = 1; if (/"resume":"end"/) on = 0; next } !on'; }
# NAME EVERY STEP FILE OPTION...: at each STEP-th mark of --mark EVERY.
cuts() {
	local name=$1 every=$2 step=$3 file=$4 wrong='' n=0 s
	shift 4
	hi-csv -q "$@" "$file" >whole 2>/dev/null
	s=$?
	hi-csv -q --mark "$every" "$@" "$file" >marked 2>/dev/null
	is "$name: marks change no status" $? $s
	ok "$name: nor a line" cmp -s whole <(own <marked)
	ok "$name: they count right" hi-cat -q -o /dev/null marked
	while read -r line; do
		head -n "$line" marked >piece
		rm -rf st
		hi-store -q piece st >store.out 2>err || { wrong="$line: hi-store: $(cat err)"; break; }
		hi-csv -q --resume st "$@" "$file" 2>/dev/null >rest
		cat <(own <piece) <(own <rest) | cmp -s - whole || { wrong="after line $line: $(diff <(cat <(own <piece) <(own <rest)) whole | head -3)"; break; }
		hi-cat -q -o /dev/null rest 2>err || { wrong="after line $line: the rest: $(cat err)"; break; }
		n=$((n + 1))
	done < <(grep -nE "$mark" marked | cut -d: -f1 | awk -v step="$step" 'NR % step == 1 || step == 1 { print; last = 1; next } { keep = $0; last = 0 } END { if (!last) print keep }')
	is "$name: cut at each mark" "$wrong" ""
	ok "$name: there were some" test $n -ge 2
}

## Cut at each mark.

cuts "the real sample" 200 17 "$SAMPLE"
cuts "a ward's spreadsheet" 1 1 "$ROOT/testdata/odd-ward.csv" --map "$ROOT/testdata/odd-ward.map"

H=patient_id,timestamp,HR,Temp,ward
D='2025-12-28 06:0'
row() { printf 'P-%d,%s%d:00,%d,36.%d,%s\n' "$1" "$D" "$1" $((70 + $1)) "$1" "$2"; }
# Cells that span lines, blank lines, rows that are refused, a quote that is not closed.
{
	echo $H; row 1 W1; row 2 $'"W\n2"'; echo; row 3 '"say ""3"""'
	echo "P-4,${D}4:00,x,,"; echo "P-5"; row 5 $'"\n\n5\n"'; echo '  '
	echo "P-6,${D}6:00,76,36.6"; echo "\"P-7,${D}7:00,77,36.7,"; row 8 W8
} >plain.csv
cuts "quoted line ends, blank lines, bad rows" 1 1 plain.csv
cuts "the same, by three lines" 3 1 plain.csv
head -c -1 plain.csv >short.csv
cuts "no final LF" 1 1 short.csv
{ printf '\xEF\xBB\xBF'; sed 's/$/\r/' plain.csv; } >dos.csv
cuts "CRLF, a byte-order mark" 1 1 dos.csv
{ echo $H; row 1 W; row 2 W; row 3 W; } | tr '\n' '\r' >mac.csv
cuts "CR alone" 1 1 mac.csv
gzip -c plain.csv >plain.csv.gz
zstd -q plain.csv -o plain.csv.zst
cuts "gzip" 1 1 plain.csv.gz
cuts "zstd" 1 1 plain.csv.zst
cuts "a selection" 1 1 plain.csv --patient P-1 --patient P-8 --metric hr
cuts "no cell spans lines" 1 1 plain.csv --lines
sed 1d plain.csv >headless.csv
cuts "no header" 1 1 headless.csv --columns $H --set ward=W9
{ echo "patient,time,a,b"; for i in $(seq 10 59); do echo "P,2025-12-28 06:$i:00,36.$i,$((40 + i))"; done; } >guess.csv
cuts "--guess" 7 2 guess.csv --guess
{
	echo patient_id,timestamp,metric_name,value,unit
	echo "P,${D}1:00,temperature,98.6,F"; echo "P,${D}2:00,temperature,37,"
	echo "P,${D}3:00,temperature,98.7,F"; echo "P,${D}4:00,lactate,2,mmol/L"
	echo "P,${D}5:00,lactate,2,"; echo "P,${D}6:00,spo2,97,kPa"
} >narrow.csv
cuts "a narrow table" 1 1 narrow.csv
cuts "by time" 200ms 1 "$SAMPLE"

## A file that has grown.

grown() { # NAME TEXT-BEFORE TEXT-AFTER
	printf '%s' "$2" >g.csv
	rm -rf st
	hi-csv -q --resume st g.csv 2>/dev/null | hi-store -q st >store.out
	is "$1: the first part is stored" $? 0
	printf '%s' "$3" >>g.csv
	hi-csv -q --resume st g.csv >rest 2>err
	is "$1: goes on: status, message" "$? $(cat err)" "0 "
	hi-store -q st <rest >store.out
	is "$1: nothing lost or doubled" "$(hi-cat --raw st)" "$(hi-csv -q g.csv)"
	hi-csv -q --resume st g.csv | own >rest
	is "$1: and then there is no more" "$(cat rest)" ""
}
grown "grown" "$(echo $H; row 1 W)"$'\n' "$(row 2 W; row 3 W)"$'\n'
grown "grown, no final LF before" "$(echo $H; row 1 W)" $'\n'"$(row 2 W)"
grown "grown, CRLF, no final line end before" "$(echo $H; row 1 W)" $'\r\n'"$(row 2 W)"$'\r\n'
grown "grown from a header" "$H"$'\n' "$(row 1 W)"$'\n'
grown "grown from nothing" "" "$(echo $H; row 1 W)"$'\n'
grown "grown by blank lines" "$(echo $H; row 1 W)"$'\n' $'\n \n\n'"$(row 2 W)"
# What was taken for a whole line, and was none, is noticed.
printf '%s\n%s' "$H" "P-1,${D}1:00,7" >g.csv
printf '2,36.6,W\n' >more
rm -rf st
hi-csv -q --resume st g.csv 2>/dev/null | hi-store -q st >store.out
cat more >>g.csv
status "a last line that was not whole" 6 hi-csv -q --resume st g.csv

## A file that is not what it was.

changed() { # NAME LINE WHAT COMMAND: over a copy of plain.csv that is stored whole, or half
	cp half c.csv
	rm -rf st
	hi-csv -q --resume st c.csv 2>/dev/null | hi-store -q st >store.out
	eval "$4"
	status "$1: status 6" 6 hi-csv -q --resume st c.csv
	is "$1: the message" "$(cat .err)" "hi-csv: c.csv:$2: the file is not what it was$3"
	ok "$1: the stream is one" hi-cat -q -o /dev/null .out
	is "$1: nothing of it" "$(own <.out)" ""
}
{ echo $H; row 1 W; row 2 W; } >half
at=' at this line' ends=': it ends before this line'
changed "another value" 3 "$at" "sed -i 3s/72/73/ c.csv"
changed "a line less before it" 3 "$ends" "sed -i 2d c.csv"
changed "cut" 3 "$ends" "head -n 2 half >c.csv"
changed "cut within the line" 3 "$at" "head -c -3 half >c.csv"
changed "empty" 3 "$ends" ": >c.csv"
changed "a header of more lines" 3 "$at" "{ printf 'patient_id,timestamp,HR,\"Te\n\n\nmp\"\n'; row 1 W; } >c.csv"
changed "compressed, and another" 3 "$at" "sed 3s/W/V/ half | gzip >c.csv"
cp half c.csv
rm -rf st
hi-csv -q --resume st c.csv 2>/dev/null | hi-store -q st >store.out
sed -i 2s/71/171/ c.csv
status "what is not the line before is not looked at" 0 hi-csv -q --resume st c.csv
gzip -c half >c.csv
status "compressed meanwhile: what counts is what it holds" 0 hi-csv -q --resume st c.csv

# A position that is none of a line's, and one behind which there is nothing.
bad_position() {
	local p='{"type":"mark","run":"r","seq":%d,"n":0,"positions":{"csv:'$(realpath c.csv)'":%s}}\n'
	rm -rf st
	printf "$p" 0 '"1:00000000"' 1 "$2" | hi-store -q st >store.out || echo "hi-store: $?"
	status "$1" 6 hi-csv -q --resume st c.csv
	is "$1: nothing is written" "$(cat .out)" ""
}
cp half c.csv
for p in 3 '"3"' '"3:zzzzzzzz"' '"0:00000000"' '"1:12345678"' '" 3:12345678"' '"99999999999999999999:12345678"'; do
	bad_position "the position $p" "$p"
done

## Several files.

{ echo $H; row 1 A; row 2 A; } >a.csv
{ echo $H; row 3 B; row 4 B; } >b.csv
{ echo "patient;time;HR"; echo "P-9;28.12.2025 06:09;79"; } >c.csv
hi-csv -q a.csv b.csv c.csv >whole
hi-csv -q --mark 1 a.csv b.csv c.csv >marked
wrong=
for line in $(grep -nE "$mark" marked | cut -d: -f1); do
	rm -rf st
	head -n "$line" marked >piece
	hi-store -q piece st >store.out
	cat <(own <piece) <(hi-csv -q --resume st a.csv b.csv c.csv | own) | cmp -s - whole || wrong="$wrong $line"
done
is "three files: cut at each mark" "$wrong" ""
row 5 A >>a.csv
hi-csv -q --resume st a.csv b.csv c.csv | own >rest
is "three files at their end, the first has grown" "$(jq -r .patient_id rest | sort -u)" P-5
{ echo $H; row 7 N; } >new.csv
hi-csv -q --resume st new.csv a.csv | own >rest
is "a file that is new, one that is left out" "$(jq -r .patient_id rest | uniq | tr '\n' ' ')" "P-7 P-5 "
hi-csv -q --resume st new.csv a.csv | hi-store -q st >store.out
is "a new file and a known one are stored" $? 0
sed -i 3s/B/C/ b.csv
hi-csv -q --resume st a.csv b.csv new.csv >out 2>err
is "one at its end that is another: 6" $? 6
has "one at its end that is another: which" "$(cat err)" '^hi-csv: b\.csv:3: the file is not what it was at this line$'
row 6 A >>a.csv
hi-csv -q --resume st a.csv b.csv 2>/dev/null >out
ok "what came before it has its mark" hi-cat -q -o /dev/null out
has "and is there" "$(own <out)" '"P-6"'

status "standard input with --resume" 2 hi-csv --resume st
has "standard input with --resume: why" "$(cat .err)" 'no place to go back to'
status "--print-map with --resume" 2 hi-csv --resume st --print-map a.csv

## A pipeline that dies again and again.

cp "$SAMPLE" crash.csv
hi-csv -q crash.csv >whole
rm -rf st
runs=0
while [ $runs -lt 60 ]; do
	runs=$((runs + 1))
	# The store's side sees a stream that ends anywhere, torn lines too.
	hi-csv -q --mark 150 --resume st crash.csv 2>/dev/null | head -c $((30000 + 7919 * runs)) | hi-store -q st >store.out 2>&1
	[ "${PIPESTATUS[2]}" -ne 0 ] || break
done
is "a store by many broken pipes: as of one" "$(hi-cat --raw st | sha256sum)" "$(sha256sum <whole)"
ok "it took several" test $runs -ge 5

## A signal: the next start goes on.

for _ in $(seq 12); do sed 1d "$SAMPLE"; done | cat <(head -1 "$SAMPLE") - >long.csv
rm -rf st
mkfifo pipe
hi-csv -q --mark 1000 long.csv >pipe &
pid=$!
exec 8<pipe
head -c 300000 <&8 >cut
kill -TERM $pid
cat <&8 >>cut
exec 8<&-
wait $pid
hi-store -q cut st >store.out
hi-csv -q --resume st long.csv | own >rest
ok "TERM: it goes on" cmp -s <(cat <(own <cut) rest) <(hi-csv -q long.csv)
ok "TERM: it was cut" test "$(wc -l <rest)" -gt 0

