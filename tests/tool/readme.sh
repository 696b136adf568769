#!/bin/bash
# README's first example is run, its matrix is the contract test's, and every
# option that it names is one.
. "$(dirname "$0")/../lib.sh"
readme=$ROOT/README.md

command=$(sed -n 's/^    \$ \(hi-gen.*\)/\1/p' "$readme" | head -n 1)
shown=$(awk '/^    \$ hi-gen/ { on = !seen++; next } on && /^    / { print substr($0, 5); next } { on = 0 }' "$readme")
has "README has a live example" "$shown" ACTIVE
is "README's live example" "$(eval "$command")" "$shown"

# The line that is killed and typed again: here hi-store dies once its store has positions.
block=$(awk '/^    \$ hi-gen.*--resume/ { on = 1 } on && /^    / { print substr($0, 5); next } { on = 0 }' "$readme")
line=$(sed -n '1s/^\$ //p' <<<"$block")
ok "hi(7) shows the same" grep -qF -- "$block" <(cat "$ROOT/man/hi.7")
is "the second line is the first" "$(sed -n '5s/^\$ //p' <<<"$block")" "$line"
cd "$T"
# shellcheck disable=SC2016 # the pid is the inner shell's
eval "${line/hi-store/{ echo \$BASHPID >pid; exec hi-store}; }" >/dev/null 2>said &
for _ in $(seq 600); do
	[ "$(sqlite3 ward/store.db 'SELECT count(*) FROM positions' 2>/dev/null)" = 1 ] && break
	sleep 0.02
done
kill -9 "$(cat pid)"; wait 2>/dev/null
is "what is said at the first start" "$(grep '^hi-' said | sort)" "$(sed -n '2,3p' <<<"$block")"
n=$(hi-cat --raw ward/ | wc -l)
ok "killed on its way ($n readings)" test "$n" -gt 0 -a "$n" -lt 2000000
eval "$line" >/dev/null 2>said
is "the second start" "$? $(cat said)" "0 "
for i in 6 8; do
	is "README: $(sed -n "${i}p" <<<"$block")" "$(eval "$(sed -n "${i}s/^\$ //p" <<<"$block")")" "$(sed -n "$((i + 1))p" <<<"$block")"
done
cd "$ROOT"

missing=
while read -r tool option; do
	{
		"$tool" --help
		[ "$tool" != hi-kafka-bridge ] || { "$tool" consume --help && "$tool" produce --help; }
	} 2>/dev/null | grep -q -- "$option\b" || missing="$missing $tool $option"
done < <(grep -o 'hi-[a-z-]* [^|`,]*' "$readme" | awk '{
	for (i = 2; i <= NF; i++) if ($i ~ /^--[a-z]/) { sub(/[^a-z-].*/, "", $i); print $1, $i } }' | sort -u)
is "every option in README is one of its tool's" "$missing" ""

tools=$(sed -n 's/^| probe |//p' "$readme" | tr '|' '\n' | grep -o '^ hi-[a-z-]*' | sort -u | xargs)
is "the matrix has every tool" "$tools" "$(cd "$ROOT/cmd" && ls hi-*.c | sed 's/\.c$//' | xargs)"
