#!/bin/bash
# hi-pipeline@.service as it is installed: systemd reads it without a word, and finds little
# that it could do to the system.
. "$(dirname "$0")/../lib.sh"

if ! command -v systemd-analyze >/dev/null; then
	skip "hi-pipeline@.service" "no systemd-analyze (scripts/packages install test)"
	exit 0
fi
make -s -C "$ROOT" BUILD="$BUILD" PREFIX="$T/usr" install >"$T/make" 2>&1 ||
	_fail "make install" "$(tail "$T/make")"
units=$T/usr/lib/systemd/system
[ -e "$units/hi-pipeline@.service" ]; is "it is installed" $? 0
cp "$units/hi-pipeline@.service" "$units/hi-pipeline@ward.service"

# What came with systemd 254 is a warning before it.
export MANPATH=$T/usr/share/man:
systemd-analyze verify --man=no "$units/hi-pipeline@ward.service" >"$T/said" 2>&1
is "verify" "$? $(grep -vE "Unknown key '?(name )?'?(RestartSteps|RestartMaxDelaySec)'" "$T/said")" "0 "
systemd-analyze security --no-pager --offline=yes --threshold=15 "$units/hi-pipeline@ward.service" \
	>"$T/security" 2>"$T/said"
is "security: an exposure of 1.5 at most" $? 0
exposure=$(sed -n 's/.*exposure level.*: \([0-9.]*\) .*/\1/p' "$T/security")
has "the exposure" "$exposure" '^[01]\.[0-9]$'
echo "hi-pipeline@.service: exposure $exposure"
sed -i '/^CapabilityBoundingSet\|^NoNewPrivileges\|^SystemCallFilter/d' "$units/hi-pipeline@ward.service"
systemd-analyze security --no-pager --offline=yes --threshold=15 "$units/hi-pipeline@ward.service" >/dev/null 2>&1
is "a unit with less is found" $? 1

# The examples are pipes, and the unit's own command reads them.
for pipe in "$T"/usr/share/health-insight/pipelines/*; do
	case $pipe in *.env) continue ;; esac
	[ -x "$BUILD/bin/hi-kafka-bridge" ] || continue
	status "${pipe##*/}: --check" 0 "$T/usr/bin/hi-pipeline" --check "$pipe"
	ok "${pipe##*/} has settings" grep -q '^HI_BROKER=' "$pipe.env"
done
exec_start=$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$units/hi-pipeline@.service")
is "what the unit starts is there" "$("$exec_start" --version)" "$("$BUILD/bin/hi-pipeline" --version)"
if command -v systemd-sysusers >/dev/null; then
	status "its user" 0 systemd-sysusers --dry-run "$T/usr/lib/sysusers.d/health-insight.conf"
fi
