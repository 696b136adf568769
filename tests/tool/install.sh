#!/bin/bash
# make install, a program against the installed library, make uninstall.
. "$(dirname "$0")/../lib.sh"

quiet_make() { make -s -C "$ROOT" BUILD="$BUILD" PREFIX=/usr DESTDIR="$T/root" "$@" >"$T/make" 2>&1; }
ok "make install" quiet_make install
is "all tools, and the runner of pipes" "$(ls "$T/root/usr/bin" | xargs)" \
	"$({ cd "$ROOT/cmd" && ls hi-*.c | sed 's/\.c$//'; echo hi-pipeline; } | sort | xargs)"
is "which has its version" "$("$T/root/usr/bin/hi-pipeline" --version)" \
	"hi-pipeline $("$T/root/usr/bin/hi-gen" --version | cut -d' ' -f2)"
ok "the seed rules" cmp "$ROOT/lib/rule/seed.rules" "$T/root/usr/share/health-insight/seed.rules"
is "every page" "$(find "$T/root/usr/share/man" -type f | wc -l)" "$(ls "$ROOT"/man/*.[1-8] | wc -l)"
is "an installed tool runs" "$("$T/root/usr/bin/hi-gen" --count 1 | jq -r .patient_id)" P-001

cat >"$T/heart.c" <<'C'
#include <stdio.h>
#include "vital/metric.h"
int main(void) { puts(hi_metric_find_option(HI_LIT("hr"))->label); return 0; }
C
export PKG_CONFIG_PATH=$T/root/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$T/root
flags=
! nm "$BUILD/libhi.a" | grep -q __asan_init || flags=-fsanitize=address,undefined
cc $flags -o "$T/heart" "$T/heart.c" $(pkg-config --cflags --libs --static hi) 2>"$T/cc"
is "a program against libhi by hi.pc" "$("$T/heart" 2>&1)" "Heart rate"
ok "make uninstall" quiet_make uninstall
is "nothing is left" "$(find "$T/root" -type f)" ""
