#!/bin/bash
# A tool's page and its --help have the same options, the shared ones are told in
# hi(7), and the pages are built alike.
. "$(dirname "$0")/../lib.sh"

rendered() { mandoc -T utf8 -O width=900 "$1" | col -bx; }

# The options of --help: "-o, --output" or "--output", a line each.
of_help() { "$@" --help | sed -nE 's/^  (    |(-[A-Za-z]), )--([a-z-]+).*/\2 --\3/p' | sort; }

# The same of the tags in section $1 of a rendered page on stdin, at indent $2.
of_page() {
	awk -v section="$1" -v indent="$2" '
	/^ ? ? ?[A-Za-z]/ { name = $0; sub(/^ +/, "", name); on = name == section }
	on && match($0, /^ +-/) && RLENGTH == indent + 1 {
		letter = ""
		n = split($0, word, /[ ,]+/)
		for (i = 1; i <= n; i++) {
			if (word[i] ~ /^-[A-Za-z]$/) letter = word[i]
			else if (word[i] ~ /^--[a-z-]+$/) { print letter " " word[i]; letter = "" }
		}
	}' | sort -u
}

# What --help is asked of: "-" is the tool itself.
verbs_of() { case $1 in hi-kafka-bridge) echo consume produce ;; *) echo - ;; esac; }

sections='NAME SYNOPSIS DESCRIPTION OPTIONS MEMORY EXIT_STATUS EXAMPLES SEE_ALSO'
rendered "$ROOT/man/hi.7" >"$T/hi.7"
of_page 'Shared options' 5 <"$T/hi.7" >"$T/shared"
ok "hi(7) has shared options" test "$(wc -l <"$T/shared")" -ge 15

for source in "$ROOT"/cmd/hi-*.c; do
	tool=${source##*/} tool=${tool%.c} page=$ROOT/man/$tool.1
	[ -e "$page" ] || { _fail "$tool has no page"; continue; }
	[ -x "$BUILD/bin/$tool" ] || { skip "$tool's options" "not built"; continue; }
	rendered "$page" >"$T/page"
	: >"$T/helps"
	# A tool of several verbs has options of each, under a heading of its own.
	for verb in $(verbs_of "$tool"); do
		verb=${verb#-} section=OPTIONS
		[ -z "$verb" ] || section="Options of $verb"
		of_help "$tool" $verb >"$T/help"
		of_page "$section" 5 <"$T/page" >"$T/told"
		ok "$tool $verb: --help lists options" grep -q -- --help "$T/help"
		is "$tool $verb: options of --help that its page lacks" "$(comm -23 "$T/help" "$T/told")" ""
		is "$tool $verb: options of its page that --help lacks" "$(comm -13 "$T/help" "$T/told")" ""
		cat "$T/help" >>"$T/helps"
	done
	sort -u "$T/helps" >"$T/help"
	# What many tools have is told once; a tool's own stands in its synopsis.
	sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' "$T/page" >"$T/synopsis"
	comm -13 "$T/shared" "$T/help" | while read -r a b; do
		grep -qE -- "(^|[^-a-z])($a${b:+|$b})([^-a-z]|\$)" "$T/synopsis" || echo "$a $b"
	done >"$T/lost"
	is "$tool: own options that its synopsis lacks" "$(cat "$T/lost")" ""
	# Sections of its own may stand in between.
	is "$tool: sections in order" "$(grep '^[A-Z]' "$T/page" | sed 's/ /_/g' |
		grep -xE "${sections// /|}" | tr '\n' ' ')" "$sections "
	cat "$T/help" >>"$T/all"
done
is "options of hi(7) that no tool has" "$(sort -u "$T/all" | comm -13 - "$T/shared")" ""
# One that three tools or more have, hi(7) tells.
is "options of many tools that hi(7) lacks" \
	"$(sort "$T/all" | uniq -c | awk '$1 > 2 { print $2, $3 }' | sed 's/^\(--.*\) $/ \1/' |
		sort | comm -23 - "$T/shared")" ""

for page in "$ROOT"/man/*.[1-8]; do
	rendered "$page" >"$T/page"
	is "${page##*/}: says what it is not" "$(tr -s ' \n' ' ' <"$T/page" |
		grep -ciE 'not a medical device')" 1
done
