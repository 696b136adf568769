#!/bin/bash
# tests/page/run.sh: the report in a real browser (page.mjs says what is looked at).
# tests/page/run.sh --picture testdata/report.png: the light screenshot that README
# shows, and no test; needs ImageMagick.
. "$(dirname "$0")/../lib.sh"

cache=${HI_SERVICES:-${XDG_CACHE_HOME:-$HOME/.cache}/health-insight}
export HI_PAGE_MODULES=$cache/page CHROMIUM
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
sample=$ROOT/testdata/cinc2019_a_sample_wide.csv

why=
[ -n "$CHROMIUM" ] || why="no chromium (scripts/packages install test)"
[ -n "$why" ] || "$ROOT/scripts/services" page install >"$T/log" 2>&1 || why="no modules: $(tail -n 1 "$T/log")"
if [ -n "$why" ]; then
	skip "the report in a browser" "$why"
	exit 0
fi

# The ward at a moment of the real sample when three alarms are active.
moment() {
	hi-csv -q "$sample" 2>/dev/null |
		hi-detect --since 2025-01-06T17:00:00Z --until 2025-01-07T17:05:00Z |
		hi-report -q --title 'Intensive care: one day of real stays (CinC 2019)' -o "$1"
}

if [ "${1:-}" = --picture ]; then
	moment "$T/moment.html"
	"$HI_PAGE_MODULES/node" "$ROOT/tests/page/page.mjs" picture "$T/moment.html" "$T/full.png" || exit 1
	# README's picture is small: 64 colours are enough for it (Debian: imagemagick).
	convert "$T/full.png" +dither -colors 64 -strip -define png:compression-level=9 "png8:${2:?a file to write}"
	exit
fi

hi-csv -q "$sample" 2>/dev/null | hi-detect | hi-report -q -o "$T/sample.html"
moment "$T/moment.html"
hi-gen --patients 70 --interval 60s | hi-detect | hi-report -q -o "$T/many.html"
: | hi-report -q -o "$T/none.html"
{
	printf '{"patient_id":"%s","metric_name":"heart_rate","value":70,"timestamp":"2025-12-28T06:00:00Z"}\n' \
		'<script>document.title=1</script>' '<img src=//x.invalid/ onerror=document.title=1>' '\\\"><a href=javascript:1>'
	printf '{"patient_id":"%s","metric_name":"heart_rate","value":70,"timestamp":"2025-12-28T06:01:00Z"}\n' \
		"$(head -c 64 /dev/zero | tr '\0' W)" '\u05d0\u05d1 \u202ex'
} | hi-report -q -o "$T/hostile.html"

# Each answer is a line "ok NAME" or "not ok NAME: WHY".
while IFS= read -r line; do
	case $line in
	"ok "*) _pass "${line#ok }" ;;
	*) _fail "${line#not ok }" ;;
	esac
done < <("$HI_PAGE_MODULES/node" "$ROOT/tests/page/page.mjs" test "$T" 2>&1; echo "ok ran to its end ($?)")

# Paper: A4, the board, the alarms, each patient on a page of its own, and no more.
pages=$(pdfinfo "$T/sample.pdf" | awk '/^Pages/ { print $2 }')
has "printed on A4" "$(pdfinfo "$T/sample.pdf")" 'A4'
own=$(pdftotext "$T/sample.pdf" - | awk 'BEGIN { RS = "\f" } /^p[0-9]+ / { n++ } END { print n + 0 }')
is "each of 28 patients begins a page" "$own" 28
ok "28 patients, a board, alarms and statistics on $pages pages" [ "$pages" -ge 32 -a "$pages" -le 40 ]
