#!/usr/bin/env python3
"""hi-kafka-bridge with a real broker: rates, latency, memory, pipelines side by side.

    scripts/bench --only kafka          rates both ways, beside kcat and Python's clients
    tests/bench/bridge.py latency       reading -> alert at 10,000 readings/s, p50 p99 p99.9
    tests/bench/bridge.py memory        10,000,000 messages each way, the sink stopped meanwhile
    tests/bench/bridge.py stall         hi-store stopped in a live pipe: lag, age, watchdog
    tests/bench/bridge.py pipelines     4 partitions: one pipeline, two, into one store and two

The broker is that of `scripts/services kafka`, with a port and a folder of its own;
--broker HOST:PORT takes one that runs. Nothing here fails because it is slow; it fails
where a message is lost, doubled or out of order.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
PYTHON = CACHE / "health-insight" / "bench" / "bin" / "python"
PORT = 19492
PEER = f"{PYTHON} {HERE / 'kafka_peer.py'}"
SPACED = "sed -e 's/\":/\": /g' -e 's/,\"/, \"/g' -e 's/T\\([0-9:]*\\)Z/ \\1/'"


class Missing(Exception):
    """What cannot be had here: said loudly, and left out."""


def shell(command, **more):
    return subprocess.run(["bash", "-o", "pipefail", "-c", command], check=True, **more)


def have_clients():
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", "import confluent_kafka, kafka"],
                                              capture_output=True).returncode == 0


def check_needs():
    if not (BUILD / "bin" / "hi-kafka-bridge").exists():
        raise Missing("hi-kafka-bridge is not built (librdkafka-dev)")
    if not shutil.which("kcat"):
        raise Missing("no kcat; scripts/bench --install-peers fetches it")
    if not have_clients():
        raise Missing("no Python clients; scripts/bench --install-peers fetches them")


@contextlib.contextmanager
def broker(running=None):
    """A broker's address and the folder for what else is needed; both are gone afterwards."""
    base = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(prefix="hi-bench.", dir=base) as folder:
        if running:
            yield running, pathlib.Path(folder)
            return
        env = dict(os.environ, HI_KAFKA_PORT=os.environ.get("HI_KAFKA_PORT", str(PORT)),
                   HI_KAFKA_HEAP=os.environ.get("HI_KAFKA_HEAP", "1g"), HI_KAFKA_DATA=f"{folder}/kafka")
        services = [ROOT / "scripts" / "services", "kafka"]
        if subprocess.run([*services, "install"], env=env, stdout=sys.stderr).returncode != 0:
            raise Missing("scripts/services kafka install failed")
        try:
            if subprocess.run([*services, "start"], env=env, stdout=sys.stderr).returncode != 0:
                raise Missing("scripts/services kafka start failed")
            yield f"127.0.0.1:{env['HI_KAFKA_PORT']}", pathlib.Path(folder)
        finally:
            subprocess.run([*services, "stop"], env=env, stdout=sys.stderr)


class Topics:
    """Makes topics, and throws away what the last command wrote."""

    def __init__(self, address):
        self.address, self.made = address, 0

    def _admin(self, code):
        subprocess.run([PYTHON, "-c", "from confluent_kafka.admin import AdminClient, NewTopic\n"
                        f"a = AdminClient({{'bootstrap.servers': '{self.address}'}})\n{code}"],
                       check=True)

    def new(self, partitions=1):
        self.made += 1
        name = f"bench-{os.getpid()}-{self.made}"
        self._admin(f"[f.result() for f in a.create_topics([NewTopic('{name}', {partitions}, 1)]).values()]")
        return name

    def drop(self, name):
        self._admin(f"[f.result() for f in a.delete_topics(['{name}']).values()]")


def broker_pid(address):
    """The process that listens there, where it is one of this machine; else None."""
    port = int(address.rsplit(":", 1)[1])
    out = subprocess.run(["ss", "-ltnpH", f"sport = :{port}"], capture_output=True, text=True).stdout
    found = re.search(r"pid=(\d+)", out)
    return int(found.group(1)) if found else None


def cpu_of(pid):
    if pid is None:
        return 0.0
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- rates: scripts/bench --only kafka ---------------------------------------


def make_lines(folder, n):
    """The replaced system's form; keyed: the key and a tab before it; tenth: its first lines."""
    files = {k: folder / f"{k}.ndjson" for k in ("file", "tenth", "keyed")}
    shell(f"{BUILD}/bin/hi-gen --patients 1000 --count {n} | {SPACED} > {files['file']}")
    shell(f"head -n {n // 10} {files['file']} > {files['tenth']}")
    shell(f"sed 's/^{{\"patient_id\": \"\\([^\"]*\\)/\\1\\t&/' {files['file']} > {files['keyed']}")
    return files


def produce_row(n):
    kcat = "kcat -P -b {b} -t {topic}"
    ours = "-K '\t' -z lz4 -X enable.idempotence=true -X topic.partitioner=murmur2_random"
    return ("kafka: lines to a topic, acknowledged by all", "> 0.5 M/s", [
        ("hi-kafka-bridge produce", "hi-kafka-bridge produce -q -b {b} -t {topic} < {file}", 1),
        ("kcat", kcat + " < {file}", 1),
        ("kcat with our settings", kcat + f" {ours} < {{keyed}}", 1),
        ("Python, confluent-kafka", PEER + " confluent produce {b} {topic} < {file}", 1),
        ("Python, kafka-python", PEER + " kafka-python produce {b} {topic} < {tenth}", 10)])


def consume_row(n, packed):
    return (f"kafka: a topic to lines, messages {packed}", "> 0.5 M/s", [
        ("hi-kafka-bridge consume",
         "hi-kafka-bridge consume -q -b {b} -t {topic} --from earliest --until-end > {out}", 1),
        ("kcat", "kcat -C -q -b {b} -t {topic} -o beginning -e > {out}", 1),
        ("Python, confluent-kafka", PEER + f" confluent consume {{b}} {{topic}} {n} > {{out}}", 1),
        ("Python, kafka-python", PEER + f" kafka-python consume {{b}} {{topic}} {n // 10} > {{out}}", 10)])


def whole_row(n):
    return ("kafka: a topic through hi-detect to a durable store", "", [
        ("consume --resume, hi-detect, hi-store",
         "rm -rf {dir}/s; hi-kafka-bridge consume -q -b {b} -t {topic} --resume {dir}/s --from earliest "
         "--until-end | hi-detect -q | hi-store -q {dir}/s", 1),
        ("kcat, hi-detect, hi-store, without marks",
         "rm -rf {dir}/s; kcat -C -q -b {b} -t {topic} -o beginning -e | hi-detect -q | "
         "hi-store -q {dir}/s", 1)])


class Rates:
    """One table, each row's commands in turn; run is scripts/bench's."""

    def __init__(self, address, folder, n, rounds, run, log, only):
        self.address, self.folder, self.n, self.rounds = address, folder, n, rounds
        self.run, self.log, self.only = run, log, only
        self.topics, self.pid = Topics(address), broker_pid(address)
        self.files = make_lines(folder, n)

    def once(self, command, topic):
        places = {"b": self.address, "topic": topic, "dir": self.folder, "out": self.folder / "out",
                  **self.files}
        for key, value in places.items():
            command = command.replace("{" + key + "}", str(value))
        before = cpu_of(self.pid)
        cpu, wall, mb = self.run(command)
        return wall, cpu, cpu_of(self.pid) - before, mb

    def row(self, row, topic=None):
        name, goal, entries = row
        if self.only not in name:
            return
        got = {e[0]: [] for e in entries}
        for _ in range(self.rounds):
            for label, command, factor in entries:
                t = topic or self.topics.new()
                wall, cpu, theirs, mb = self.once(command, t)
                got[label].append((wall * factor, cpu * factor, theirs * factor, mb))
                if topic:
                    self.compare(label, factor)
                else:
                    self.count(t, self.n // factor)
                    self.topics.drop(t)
        self.tell(name, goal, entries, got)

    def count(self, topic, n):
        """Nothing is taken for fast because it lost something."""
        out = shell(f"kcat -Q -b {self.address} -t {topic}:0:-1", capture_output=True, text=True).stdout
        if int(out.split()[-1]) != n:
            raise SystemExit(f"bench: {topic}: {n} messages are due: {out}")

    def compare(self, label, factor):
        out = self.folder / "out"
        if out.exists() and subprocess.run(["cmp", "-s", out, self.files["tenth" if factor > 1 else "file"]]
                                           ).returncode != 0:
            raise SystemExit(f"bench: {label}: what came out is not what went in")
        out.unlink(missing_ok=True)
        store = self.folder / "s"
        if store.exists() and int(shell(f"{rows(store)} | wc -l", capture_output=True).stdout) != self.n:
            raise SystemExit(f"bench: {label}: the store does not hold all rows")
        shutil.rmtree(store, ignore_errors=True)

    def tell(self, name, goal, entries, got):
        middle = {k: [statistics.median(x[i] for x in v) for i in range(3)] for k, v in got.items()}
        ours = middle[entries[0][0]][0]
        for i, (label, _command, factor) in enumerate(entries):
            wall, cpu, theirs = middle[label]
            self.log(f"| {name if i == 0 else ''} | {label} | {wall:.2f} | {cpu:.2f} | {theirs:.2f} | "
                     f"{self.n / wall / 1e6:.2f} | {max(x[3] for x in got[label]):.0f} | "
                     f"{f'{wall / ours:.1f} x' if i else ''} | "
                     f"{goal if i == 0 else 'a tenth, x 10' if factor > 1 else ''} |")

    def filled(self, settings):
        topic = self.topics.new()
        shell(f"kcat -P -b {self.address} -t {topic} {settings} < {self.files['file']}")
        self.count(topic, self.n)
        return topic


def rates(address, folder, n, rounds, run, log, only=""):
    r = Rates(address, folder, n, rounds, run, log, only)
    for _ in range(2):  # the broker's code is compiled as it runs
        r.topics.drop(r.filled("-z lz4"))
    log(f"\n{n:,} messages of {os.path.getsize(r.files['file']) // n - 1} bytes on average, one partition, a broker "
        f"on the same {os.cpu_count()} CPUs, its log in memory; load before {os.getloadavg()[0]:.1f}")
    log("\n| work | command | s | CPU s | broker's CPU s | M messages/s | peak MB | beside ours | goal |")
    log("|---|---|---|---|---|---|---|---|---|")
    r.row(produce_row(n))
    for packed, settings in (("packed with lz4", "-z lz4"), ("not packed", "")):
        topic = r.filled(settings)
        r.row(consume_row(n, packed), topic)
        if settings:
            r.row(whole_row(n), topic)
        r.topics.drop(topic)
    log(f"\nload after {os.getloadavg()[0]:.1f}")


# --- latency -----------------------------------------------------------------


def before_all_others(pid):
    """This process, what it starts, and the broker get a processor before any other program."""
    tasks = [0] + [int(t) for t in os.listdir(f"/proc/{pid}/task")] if pid else [0]
    for t in tasks:
        os.sched_setscheduler(t, os.SCHED_RR, os.sched_param(10))


def latency(address, folder, o):
    probe = folder / "latency"
    subprocess.run(["cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-o", probe, HERE / "latency.c"], check=True)
    if o.realtime:
        before_all_others(broker_pid(address))
    topics = Topics(address)
    detect = "hi-detect -q --only-new"

    def bridge(t):
        consume = f"hi-kafka-bridge consume -q -b {address} -t {t} --from latest"
        return [f"{consume} | {detect}", f"hi-kafka-bridge produce -q -b {address} -t {t}"]

    def kcat(t):
        consume = f"kcat -C -q -u -b {address} -t {t} -o end"
        return [f"{consume} | {detect}", f"kcat -P -b {address} -t {t} -X linger.ms=1"]

    print(f"{o.rate:,} readings/s for {o.seconds} s after {o.warm} s; one in ten raises an alert"
          f"{', SCHED_RR' if o.realtime else ''}; from the reading's moment to the alert's arrival")
    for _ in range(o.rounds):
        for label, commands in (("pipe: hi-detect", lambda t: [detect]),
                                ("broker: produce | consume | hi-detect", bridge),
                                ("broker: kcat | kcat | hi-detect", kcat)):
            if o.only not in label:
                continue
            topic, load = topics.new(), os.getloadavg()[0]
            before, pid = time.monotonic(), broker_pid(address)
            broker_cpu = cpu_of(pid)
            out = subprocess.run([probe, "-r", str(o.rate), "-s", str(o.seconds), "-w", str(o.warm),
                                  *commands(topic)], capture_output=True, text=True)
            if out.returncode != 0:
                raise SystemExit(f"bridge: {label}: {out.stdout}{out.stderr}")
            print(f"{label}: {out.stdout.strip()}, the broker's {cpu_of(pid) - broker_cpu:.2f} in "
                  f"{time.monotonic() - before:.0f} s; load {load:.1f} to {os.getloadavg()[0]:.1f}",
                  flush=True)
            topics.drop(topic)


# --- memory ------------------------------------------------------------------


class Watch(threading.Thread):
    """Resident memory of a process each 50 ms, until it ends."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.samples = pid, []
        self.start()

    def run(self):
        begin = time.monotonic()
        with contextlib.suppress(OSError):
            while (kb := re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.pid}/status").read())):
                self.samples.append((time.monotonic() - begin, int(kb.group(1)) / 1024))
                time.sleep(0.05)

    def peak(self, since, until):
        return max((mb for t, mb in self.samples if since <= t < until), default=0)

    def now(self):
        return self.samples[-1][0]


def stopped(pid, seconds):
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def watched(what, bridge, others, stop, n, stop_s):
    """Lets it run, stops the process named stop at about a third for stop_s, tells the peaks."""
    w = Watch(bridge.pid)
    time.sleep(3)
    cut = w.now()
    if stop is not None and bridge.poll() is None:
        stopped(stop, stop_s)
    on = w.now()
    statuses = [p.wait() for p in (bridge, *others)]
    if any(statuses):
        raise SystemExit(f"bridge: {what}: status {statuses}")
    end = w.now()
    print(f"{what}: {n:,} messages in {end - (on - cut):.1f} s and {on - cut:.1f} s stopped; peak MB: "
          f"first second {w.peak(0, 1):.1f}, until the stop {w.peak(1, cut):.1f}, "
          f"stopped {w.peak(cut, on):.1f}, after {w.peak(on, end / 2 + on / 2):.1f}, "
          f"at the end {w.peak(end / 2 + on / 2, end + 1):.1f}", flush=True)


def memory(address, _folder, o):
    topics = Topics(address)
    topic = topics.new(4)
    pipe = subprocess.PIPE
    gen = subprocess.Popen(["hi-gen", "--patients", "1000", "--count", str(o.count), "--mark", "200ms"],
                           stdout=pipe)
    produce = subprocess.Popen(["hi-kafka-bridge", "produce", "-q", "-b", address, "-t", topic],
                               stdin=gen.stdout, stdout=subprocess.DEVNULL)
    gen.stdout.close()
    watched("produce, the broker stopped", produce, [gen], broker_pid(address), o.count, o.stop)

    consume = subprocess.Popen(["hi-kafka-bridge", "consume", "-q", "-b", address, "-t", topic,
                                "--from", "earliest", "--until-end"], stdout=pipe)
    count = subprocess.Popen(["grep", "-c", "patient_id"], stdin=consume.stdout, stdout=pipe, text=True)
    consume.stdout.close()
    watched("consume, its reader stopped", consume, [count], count.pid, o.count, o.stop)
    lines = int(count.stdout.read())
    if lines != o.count:
        raise SystemExit(f"bridge: {lines} lines came out, {o.count} went in")
    topics.drop(topic)


# --- a sink that stands still ------------------------------------------------


class Watchdog:
    """What a service manager would hear from the pipe."""

    def __init__(self, folder):
        self.path = str(folder / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def heard(self):
        n = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                n += b"WATCHDOG=1" in self.socket.recv(4096)
        return n


def metric(path, name):
    """The sum over all labels, None where the file is not there yet."""
    if not path.exists():
        return None
    values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", path.read_text(), re.M)
    return sum(float(v) for v in values)


def live_pipe(address, folder, topic):
    """hi-gen into the topic; consume, hi-detect and hi-store out of it; and who hears it."""
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    dog = Watchdog(folder)
    store, prom = folder / "ward", folder / "consume.prom"
    gen = subprocess.Popen(["hi-gen", "--patients", "1000", "--interval", "1s", "--live"], stdout=pipe)
    produce = subprocess.Popen(["hi-kafka-bridge", "produce", "-q", "-b", address, "-t", topic],
                               stdin=gen.stdout, stdout=null)
    consume = subprocess.Popen(["hi-kafka-bridge", "consume", "-q", "-b", address, "-t", topic,
                                "--resume", store, "--metrics", prom], stdout=pipe)
    detect = subprocess.Popen(["hi-detect", "-q"], stdin=consume.stdout, stdout=pipe)
    keep = subprocess.Popen(["hi-store", "-q", store], stdin=detect.stdout, stdout=null,
                            env=dict(os.environ, NOTIFY_SOCKET=dog.path))
    for p in (gen, consume, detect):
        p.stdout.close()
    return [gen, produce, consume, detect, keep], store, prom, dog


def watch(label, seconds, prom, dog, seen):
    """A line each 5 s, as often as the file of --metrics is written."""
    for _ in range(seconds // 5):
        time.sleep(5)
        seen.append((label, metric(prom, "hi_kafka_lag_messages"),
                     metric(prom, "hi_commit_age_seconds"), dog.heard()))
        print(f"{label}: lag {seen[-1][1]:.0f} messages, commit age {seen[-1][2]:.1f} s, "
              f"watchdog fed {seen[-1][3]} times", flush=True)


def stall(address, folder, o):
    topics = Topics(address)
    topic, seen = topics.new(4), []
    parts, store, prom, dog = live_pipe(address, folder, topic)
    gen, produce, consume, detect, keep = parts
    time.sleep(5)
    dog.heard()
    watch("running", 10, prom, dog, seen)
    os.kill(keep.pid, signal.SIGSTOP)
    try:
        watch("hi-store stopped", max(o.stop, 15), prom, dog, seen)
    finally:
        os.kill(keep.pid, signal.SIGCONT)
    watch("running again", 15, prom, dog, seen)
    gen.terminate()
    produce.wait()
    time.sleep(2)
    consume.terminate()
    statuses = [p.wait() for p in parts]
    due = sum(int(x.rsplit(" ", 1)[1]) for x in shell(
        "kcat -Q -b " + address + "".join(f" -t {topic}:{p}:-1" for p in range(4)),
        capture_output=True, text=True).stdout.splitlines())
    there = int(shell(f"{rows(store)} | wc -l", capture_output=True).stdout)
    print(f"{due:,} messages, {there:,} rows; status {statuses}")
    stopped_lag = [x[1] for x in seen if x[0] == "hi-store stopped"]
    if due != there or any(statuses[1:]):
        raise SystemExit("bridge: not every message is there once")
    if stopped_lag != sorted(stopped_lag) or stopped_lag[-1] <= seen[0][1] or seen[-1][1] > stopped_lag[-1]:
        raise SystemExit("bridge: the lag does not rise and fall with the stop")
    if sum(x[3] for x in seen if x[0] == "hi-store stopped") > 1 or seen[-1][3] == 0:
        raise SystemExit("bridge: the watchdog does not see the stop")
    topics.drop(topic)


# --- pipelines side by side --------------------------------------------------


def pipelines(address, folder, o):
    topics = Topics(address)
    topic = topics.new(4)
    file, direct = folder / "lines", folder / "direct"
    shell(f"hi-gen --patients 1000 --count {o.count} | {SPACED} > {file}")
    shell(f"hi-kafka-bridge produce -q -b {address} -t {topic} < {file}")
    shell(f"hi-store -q {direct} < {file} && {rows(direct)} > {folder}/due")
    print(f"{o.count:,} messages in 4 partitions; consume --resume | hi-detect | hi-store, {o.rounds} rounds "
          f"in turn; load {os.getloadavg()[0]:.1f}")

    def line(partitions, store):
        return (f"hi-kafka-bridge consume -q -b {address} -t {topic} --partitions {partitions} --resume {store} "
                f"--from earliest --until-end | hi-detect -q | hi-store -q {store}")

    a, b = folder / "a", folder / "b"
    ways = {"one pipeline": ([line("0-3", a)], [a]),
            "two pipelines, one store": ([line("0-1", a), line("2-3", a)], [a]),
            "two pipelines, two stores": ([line("0-1", a), line("2-3", b)], [a, b])}
    took = {k: [] for k in ways}
    for _ in range(o.rounds):
        for label, (lines, stores) in ways.items():
            for store in (a, b):
                shutil.rmtree(store, ignore_errors=True)
            took[label].append(side_by_side(lines))
            shell(f"({'; '.join(rows(s) for s in stores)}) | sort > {folder}/got")
            if shell(f"sort {folder}/due | cmp - {folder}/got; echo $?", capture_output=True,
                     text=True).stdout.strip() != "0":
                raise SystemExit(f"bridge: {label}: the stores do not hold each message once")
    for label, times in took.items():
        s = statistics.median(times)
        print(f"{label}: {s:.2f} s, {o.count / s / 1e6:.2f} M messages/s; all rows there, each once")
    topics.drop(topic)


def rows(store):
    return f"hi-cat -q --raw --type reading {store}"


def side_by_side(lines):
    begin = time.monotonic()
    running = [subprocess.Popen(["bash", "-o", "pipefail", "-c", l], stdout=subprocess.DEVNULL) for l in lines]
    statuses = [p.wait() for p in running]
    if any(statuses):
        raise SystemExit(f"bridge: status {statuses}: {lines}")
    return time.monotonic() - begin


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("what", choices=["latency", "memory", "stall", "pipelines"])
    a.add_argument("--broker", help="HOST:PORT of one that runs")
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--rate", type=int, default=10_000)
    a.add_argument("--seconds", type=int, default=60)
    a.add_argument("--warm", type=int, default=10)
    a.add_argument("--realtime", action="store_true",
                   help="latency: before all else that runs on this machine (SCHED_RR; root)")
    a.add_argument("--only", default="", help="latency: those whose name holds it")
    a.add_argument("--count", type=int, help="messages (memory 10,000,000; pipelines 2,000,000)")
    a.add_argument("--stop", type=int, default=10, help="memory, stall: seconds that the sink is stopped")
    o = a.parse_args()
    o.count = o.count or (10_000_000 if o.what == "memory" else 2_000_000)
    os.environ.update(PATH=f"{BUILD / 'bin'}:{os.environ['PATH']}", LC_ALL="C", TZ="UTC")
    try:
        check_needs()
        with broker(o.broker) as (address, folder):
            {"latency": latency, "memory": memory, "stall": stall,
             "pipelines": pipelines}[o.what](address, folder, o)
    except Missing as e:
        print(f"SKIPPED {o.what}: {e}", file=sys.stderr)


if __name__ == "__main__":
    main()
