#!/bin/bash
# The manual says what is: every page is clean, every page it names is there, and
# its examples, run in order of page in a folder with testdata/, give what they show.
. "$(dirname "$0")/../lib.sh"

# What a person sees: the rendered page, so that a quote that mdoc eats is found.
rendered() { mandoc -T utf8 -O width=900 "$1" | col -bx; }

# Writes N.cmd and, where output is shown, N.out. Output goes on until the next
# command, or a line further to the left; trailing white space is not seen.
examples() {
	awk -v dir="$2" '
	function flush_blank() { for (; blank > 0; blank--) print "" >out }
	/^[A-Z]/ { on = $0 == "EXAMPLES"; n0 = 0; next }
	!on { next }
	/^ *$/ { if (n0) blank++; next }
	match($0, /^ +\$ /) { n++; n0 = RLENGTH - 1; blank = 0
		cmd = dir "/" sprintf("%03d", n) ".cmd"; out = dir "/" sprintf("%03d", n) ".out"
		line = substr($0, n0); sub(/^\$ /, "", line); print line >cmd
		more = line ~ /\\$/; next }
	{ match($0, /^ */)
		if (!n0 || RLENGTH < n0 - 1) { n0 = 0; next }
		if (more) { print >cmd; more = $0 ~ /\\$/; next }
		flush_blank(); line = substr($0, n0); sub(/ +$/, "", line); print line >out }'
}

run_page() {
	local page=$1 name=${1##*/} cmd got want s
	mkdir -p "$T/$name.x" "$T/$name.d"
	cp -R "$ROOT/testdata" "$T/$name.d/testdata" 2>/dev/null
	rendered "$page" | examples - "$T/$name.x"
	for cmd in "$T/$name.x"/*.cmd; do
		[ -e "$cmd" ] || return 0
		(cd "$T/$name.d" && HOME=$PWD timeout 30 sh "$cmd") </dev/null >"$T/got" 2>&1
		s=$?
		# 1 answers no and 3 says that something was rejected: examples may show both.
		case $s in
		0 | 1 | 3) _pass "$name: runs" ;;
		*) _fail "$name: status $s: $(cat "$cmd")" "$(head -c 600 "$T/got")" ;;
		esac
		[ -e "${cmd%.cmd}.out" ] || continue
		is "$name: $(cat "$cmd")" "$(sed 's/ *$//' "$T/got")" "$(cat "${cmd%.cmd}.out")"
	done
}

lint() {
	# "Xr not found" asks for what is installed; what is ours is asked for below.
	is "${1##*/}: lint" "$(mandoc -Tlint "$1" 2>&1 | grep -v 'referenced manual not found')" ""
	sed -n 's/^\.Xr \(hi[a-z-]*\) \([1-8]\).*/\1.\2/p' "$1" | sort -u | while read -r x; do
		[ -e "$ROOT/man/$x" ] || echo "$x"
	done >"$T/lost"
	is "${1##*/}: pages it names" "$(cat "$T/lost")" ""
}

for tool in "$ROOT"/cmd/hi-*.c; do
	tool=${tool##*/}
	ok "${tool%.c} has a page" test -e "$ROOT/man/${tool%.c}.1"
done
for page in "$ROOT"/man/*.[1-8]; do
	[ -e "$page" ] || continue
	lint "$page"
	if [ "${page##*/}" = "${1:-${page##*/}}" ]; then run_page "$page"; fi
done
