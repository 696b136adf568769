# kafka-client: Python's kafka client (kafka-python) and its codecs, by pip.
#
#   install, status       nothing runs: start and stop do nothing
#   path                  the Python that has it
#
# What the replaced system's producers use: tests ask that what it writes is read.
verbs=path

wheels='kafka-python==2.3.2 lz4==4.4.5 zstandard==0.25.0 python-snappy==0.7.3'
folder=$cache/kafka-client
ready() {
	[ -x "$folder/bin/python" ] && [ "$(cat "$folder/wheels" 2>/dev/null)" = "$wheels" ]
}
service_install() {
	ready && return
	say "kafka-client: $wheels to $folder"
	rm -rf "$folder"
	mkdir -p "$cache"
	python3 -m venv "$folder" >&2
	"$folder/bin/pip" -q --disable-pip-version-check install $wheels >&2
	echo "$wheels" >"$folder/wheels"
	ready
}
service_start() { :; }
service_stop() { :; }
service_status() {
	if ready; then echo "kafka-client: ready in $folder"; else echo "kafka-client: not installed"; return 1; fi
}
service_path() {
	ready || { say "kafka-client: not installed"; return 1; }
	echo "$folder/bin/python"
}
