#!/bin/bash
# Marks through any tool: checked on the way in, counted anew on the way out, and
# status 6 where a line or a mark was lost, doubled, moved or altered.
. "$(dirname "$0")/../lib.sh"
cd "$T"

mark() { # RUN SEQ N
	printf '{"type":"mark","run":"%s","seq":%d,"n":%d,"positions":{"gen:7":%d}}\n' "$1" "$2" "$3" "$2"
}
reading() { # SECOND VALUE
	printf '{"patient_id":"P-001","metric_name":"heart_rate","value":%d,"unit":"bpm","timestamp":"2025-12-28T06:30:%02dZ"}\n' "$2" "$1"
}
begin() { echo '{"type":"mark","resume":"begin","since":"2025-12-28T06:29:59Z","window":"1h"}'; }
end() { printf '{"type":"mark","resume":"end","n":%d,"positions":{"gen:7":0}}\n' "$1"; }
counts() { jq -c 'select(.type == "mark") | [.resume // .seq, .n]' "$@" | tr -d '\n'; }

{ mark a 0 0; reading 1 80; reading 2 130; mark a 1 2; reading 3 70; mark a 2 1; } >good
{ begin; reading 0 125; end 1; cat good; } >resumed

## What is right passes, and n is that of the output.

hi-detect <good >out
is "a filter's n counts its own lines" "$(counts out)" '[0,0][1,3][2,2]'
ok "what it writes is a stream again" hi-detect -q -o out2 out
is "which passes as it is" "$(grep -c mark out2)" 3
hi-detect --only-new <good >out
is "--only-new" "$(counts out)" '[0,0][1,1][2,1]'
hi-cat --metric spo2 good >out
is "a selection" "$(counts out)" '[0,0][1,0][2,0]'
hi-cat good >out
ok "a filter that adds nothing changes no byte" cmp -s out good
printf '%s\n' '{"broken' | cat <(mark a 0 0) - <(mark a 1 1) >bad
status "a bad line counts as a line" 3 hi-detect -q -o out bad
is "its reject too" "$(counts out)" '[0,0][1,1]'
sed 's/"n":2/"n" :  2/; s/,"seq"/ , "seq"/' good | hi-detect >out
has "only n changes in a mark" "$(sed -n 5p out)" '^\{"type":"mark","run":"a" , "seq":1,"n" :  3,"positions":\{"gen:7":1\}\}$'
is "a table has no marks" "$(hi-cat --format table good | grep -c mark)" 0
is "nor has CSV" "$(hi-cat --format csv good | grep -c mark)" 0
is "--last drops them" "$(hi-cat --last 1 good)" "$(reading 3 70)"

hi-detect <resumed >out
is "a preamble passes" "$(head -3 out)" "$(head -3 resumed)"
hi-detect --only-new <resumed >out
is "with --only-new too" "$(head -3 out)" "$(head -3 resumed)"
is "hi-agg does not count it" "$(hi-agg resumed | jq .count)" 3
is "hi-report does not draw it" "$(hi-report -q resumed | grep -c 'P-001')" "$(hi-report -q good | grep -c 'P-001')"
status "hi-store does not keep it" 0 hi-store resumed st
is "but what follows" "$(hi-cat --raw st | wc -l)" 3
cat resumed <(mark b 0 0) <(reading 5 80) <(mark b 1 1) >two
status "a second run right behind the first" 0 hi-detect -q -o out two

## What is not right: 6, and the bad mark does not pass.

broken() { # NAME PATTERN, the stream on standard input
	local s
	cat >stream
	hi-detect -q <stream >out 2>err
	s=$?
	is "$1: status" $s 6
	has "$1: message" "$(cat err)" "^hi-detect: stdin:[0-9]+: .*$2"
	is "$1: one line" "$(wc -l <err)" 1
	rm -rf st2
	hi-store -q st2 <stream >/dev/null 2>&1
	is "$1: hi-store too" $? 6
}
broken "a line lost" "lines before a mark were lost: 1 came, the mark says 2" < <(sed 2d good)
broken "a line doubled" "more lines before a mark" < <(sed 2p good)
broken "the opening mark lost" "the opening mark is missing" < <(sed 1d good)
broken "the opening mark doubled" "an opening mark twice" < <(sed 1p good)
broken "a mark lost" "a mark was lost: 2 after 0" < <(sed 4d good)
broken "a mark doubled" "a mark came twice or late: 1 after 1" < <(sed 4p good)
broken "a mark and a line swapped" "more lines before a mark" < <(sed '4{h;d};5{G}' good)
broken "a mark of another run" "a mark of another run" < <(sed '4s/"a"/"b"/' good)
broken "the last mark lost" "the input ends without its last mark: 1 lines" < <(sed '6d' good)
broken "lines before it all" "lines stand before the first mark" < <({ reading 0 1; cat good; })
broken "a torn mark" "a mark is not whole" < <(sed '4s/.$//' good)
broken "a mark without n" "a mark without an n" < <(sed '4s/,"n":2//' good)
broken "a preamble's begin lost" "a preamble ends that has not begun" < <(sed 1d resumed)
broken "a preamble's end lost" "a preamble without an end" < <(sed 3d resumed)
broken "a preamble's line lost" "lines before a mark were lost" < <(sed 2d resumed)
broken "the mark behind the preamble lost" "the mark after the preamble is missing" < <(sed 4d resumed)
broken "a bad line in the preamble" "a line of the preamble is no record" < <(sed '2s/^{/{{/' resumed)
broken "cut in the preamble" "the input ends within its preamble" < <(head -2 resumed)
broken "cut behind the preamble" "the input ends behind its preamble" < <(head -3 resumed)


hi-detect -q <<<'{"type":"mark","run":"a","seq":1,"n":3,"positions":{}}' >out 2>/dev/null
is "a mark that is refused does not pass" "$(cat out)" '{"type":"mark","refused":true}'
hi-store -q st3 <out 2>err
is "what it says instead is refused by all" "$? $(cat err)" "6 hi-store: stdin:1: a tool before this one has refused the stream"

## The first mark is lost before a filter: what it has passed by then is no stream without marks.

sed 1d resumed >stream
hi-detect -q <stream 2>err | hi-store -q st4 2>>err
is "both refuse it" "${PIPESTATUS[*]}" "6 6"
is "nothing is kept" "$(hi-cat -q --raw st4)" ""
printf '{"type":"ma' >torn
status "a stream that is cut within its first mark" 6 hi-store -q torn st4
printf '{"type":"ma\n' >torn
status "which a line may begin like" 3 hi-store -q torn st4

## A foreign filter in between.

grep -v '"value":130' good >fewer
status "lines left out by a foreign filter" 6 hi-detect -q -o out fewer
status "--uncounted accepts it" 0 hi-detect -q --uncounted -o out fewer
is "and counts right again" "$(counts out)" '[0,0][1,1][2,1]'
sed 3d fewer >nomark
status "but not that a mark is lost" 6 hi-detect -q --uncounted -o out nomark

## End by a signal is no broken stream.

mkfifo p
hi-detect -q <p >out &
pid=$!
exec 3>p
head -3 good >&3
for _ in $(seq 50); do [ "$(wc -l <out)" -ge 4 ] && break; sleep 0.1; done
kill -TERM $pid
wait $pid
is "ended by a signal before its last mark" $? 0
exec 3>&-
