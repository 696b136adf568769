# Sourced by every shell test: one line a check, a count at the end.
#
#   is NAME GOT WANT         the two texts are equal
#   ok NAME COMMAND...       the command succeeds
#   status NAME N COMMAND... it exits with N
#   has NAME TEXT PATTERN    the text matches the extended regular expression
#   skip NAME WHY            told loudly; in CI (CI=true) a skip is a failure
#   more FILE                the larger real data lie beside the tree (../shared/data), which a
#                            clone has not: the same is tested on testdata/ in any case
#
# $T is an empty folder of this test, removed at its end. The tools under test
# come first in PATH ($BUILD/bin).
set -u
export LC_ALL=C TZ=UTC
unset HI_TZ HI_SCAN
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$ROOT/$BUILD ;; esac
[ -x "$BUILD/bin/hi-detect" ] || { echo "lib.sh: build first: make" >&2; exit 1; }
export PATH=$BUILD/bin:$PATH
T=$(mktemp -d "${TMPDIR:-/tmp}/hi-test.XXXXXX")
passed=0 failed=0 skipped=0

_pass() { passed=$((passed + 1)); [ -z "${VERBOSE:-}" ] || echo "ok - $1"; }
_fail() { failed=$((failed + 1)); echo "not ok - ${0##*/}: $1"; shift; [ $# -eq 0 ] || printf '    %s\n' "$@"; }
is() { if [ "$2" = "$3" ]; then _pass "$1"; else _fail "$1" "got:  ${2:0:600}" "want: ${3:0:600}"; fi; }
has() { if [[ $2 =~ $3 ]]; then _pass "$1"; else _fail "$1" "text:    ${2:0:600}" "pattern: $3"; fi; }
ok() { local n=$1; shift; if "$@"; then _pass "$n"; else _fail "$n" "status $?: $*"; fi; }
status() {
	local n=$1 want=$2 got; shift 2
	"$@" >"$T/.out" 2>"$T/.err"; got=$?
	if [ "$got" = "$want" ]; then _pass "$n"; else _fail "$n" "status $got, want $want: $*" "$(head -c 400 "$T/.err")"; fi
}
skip() {
	if [ "${CI:-}" = true ]; then _fail "$1" "skipped in CI: $2"; else
		skipped=$((skipped + 1)); echo "SKIPPED - ${0##*/}: $1: $2" >&2; fi
}
more() {
	[ -r "$ROOT/../shared/data/$1" ] || { echo "${0##*/}: on testdata/ alone, without $1" >&2; return 1; }
}
_end() {
	local s=$?
	# A child that a signal ends before it is its program runs the trap too.
	[ "$BASHPID" = $$ ] || return
	rm -rf "$T"
	[ $s -eq 0 ] || { failed=$((failed + 1)); echo "not ok - ${0##*/}: ended early with status $s"; }
	echo "${0##*/}: $passed passed, $failed failed, $skipped skipped"
	trap - EXIT
	exit $((failed > 0))
}
trap _end EXIT
