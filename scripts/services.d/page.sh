# page: playwright-core with its node, and axe-core, from two wheels (pip).
#
#   install, status       nothing runs: start and stop do nothing
#
# Debian's npm would bring some 400 packages with it for these two.
verbs=

wheels='playwright==1.65.2 axe-playwright-python==0.1.8'
ready() {
	[ -x "$cache/page/node" ] && [ "$(cat "$cache/page/wheels" 2>/dev/null)" = "$wheels" ]
}
service_install() {
	ready && return
	say "page: $wheels to $cache/page"
	rm -rf "$cache/page"
	mkdir -p "$cache/page/node_modules/axe-core"
	python3 -m venv "$cache/page/venv" >&2
	"$cache/page/venv/bin/pip" -q --disable-pip-version-check install $wheels >&2
	site=$("$cache/page/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
	ln -s "$site/playwright/driver/package" "$cache/page/node_modules/playwright-core"
	ln -s "$site/axe_playwright_python/axe.min.js" "$cache/page/node_modules/axe-core/axe.min.js"
	ln -s "$site/playwright/driver/node" "$cache/page/node"
	echo "$wheels" >"$cache/page/wheels"
	ready
}
service_start() { :; }
service_stop() { :; }
service_status() {
	if ready; then echo "page: ready in $cache/page"; else echo "page: not installed"; return 1; fi
}
