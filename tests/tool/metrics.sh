#!/bin/bash
# The file of --metrics: as a monitor reads it, and written also while nobody takes the output.
. "$(dirname "$0")/../lib.sh"
read_file() { python3 "$ROOT/tests/tool/exposition.py" "$@"; }

(cd "$T" && hi-gen --count 10 --metrics gen >10.ndjson && { cat 10.ndjson; echo bad; } >11.ndjson
hi-detect --metrics detect 11.ndjson >out 2>err)
bytes=$(wc -c <"$T/10.ndjson")
is 'a source' "$(read_file "$T/gen")" "hi_bytes_written_total{tool=hi-gen} $bytes
hi_lines_written_total{tool=hi-gen} 10
hi_records_total{tool=hi-gen} 10
hi_rejects_total{tool=hi-gen} 0"
is 'a filter' "$(read_file "$T/detect" | sed 's/.*{tool=hi-detect}//' | sort -n | tr '\n' ' ')" \
	" 1  10  11  $(wc -c <"$T/out") "

# The check sees what is wrong.
bad() { printf "$2" >"$T/bad"; read_file "$T/bad" >"$T/.out" 2>&1; is "told: $1" $? 1; }
bad 'no TYPE' 'x_total 1\n'
bad 'no HELP' '# TYPE x_total counter\nx_total 1\n'
bad 'a counter that is called otherwise' '# HELP x X\n# TYPE x counter\nx 1\n'
bad 'a label with a quote in it' '# HELP x X\n# TYPE x gauge\nx{a="b"c"} 1\n'
bad 'the last line cut' '# HELP x X\n# TYPE x gauge\nx 1'
bad 'buckets that fall' '# HELP x X\n# TYPE x histogram\nx_bucket{le="1"} 2\nx_bucket{le="+Inf"} 1\nx_sum 1\nx_count 1\n'

# Held back: a pipe that nobody reads. The file is written anew all the same.
mkfifo "$T/pipe"
exec 3<>"$T/pipe"
hi-gen --count 100000000 --metrics "$T/held" >"$T/pipe" 3>&- &
gen=$!
for _ in $(seq 300); do [ -s "$T/held" ] && break; sleep 0.1; done
first=$(stat -c %i "$T/held")
for _ in $(seq 300); do [ "$(stat -c %i "$T/held" 2>/dev/null)" != "$first" ] && break; sleep 0.1; done
is 'held: written anew' "$([ "$(stat -c %i "$T/held")" != "$first" ] && echo yes)" yes
written=$(read_file "$T/held" | sed -n 's/^hi_bytes_written_total.* //p')
holds=$(python3 -c 'import fcntl; print(fcntl.fcntl(3, 1032))') # F_GETPIPE_SZ
is 'held: what was written is what the pipe holds' "$written" "$holds"
exec 3>&-
wait "$gen"
is 'held: a reader that leaves ends it' $? 141
