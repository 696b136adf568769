#!/bin/bash
# README's first example is run, its matrix is the contract test's, and every
# option that it names is one.
. "$(dirname "$0")/../lib.sh"
readme=$ROOT/README.md

command=$(sed -n 's/^    \$ \(hi-gen.*\)/\1/p' "$readme" | head -n 1)
shown=$(awk '/^    \$ hi-gen/ { on = 1; next } on && /^    / { print substr($0, 5); next } { on = 0 }' "$readme")
has "README has a live example" "$shown" ACTIVE
is "README's live example" "$(eval "$command")" "$shown"

missing=
while read -r tool option; do
	"$tool" --help 2>/dev/null | grep -q -- "$option\b" || missing="$missing $tool $option"
done < <(grep -o 'hi-[a-z]* [^|`,]*' "$readme" | awk '{
	for (i = 2; i <= NF; i++) if ($i ~ /^--[a-z]/) { sub(/[^a-z-].*/, "", $i); print $1, $i } }' | sort -u)
is "every option in README is one of its tool's" "$missing" ""

tools=$(sed -n 's/^| probe |//p' "$readme" | tr -d ' ' | tr '|' '\n' | sed '/^$/d' | grep -o '^hi-[a-z]*' | sort -u | xargs)
is "the matrix has every tool" "$tools" "$(cd "$ROOT/cmd" && ls hi-*.c | sed 's/\.c$//' | xargs)"
