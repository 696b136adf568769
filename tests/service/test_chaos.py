"""Chaos with a real broker: each message is in the store once, in order, as it was sent.

200,000 numbered readings through 40 events and more (chaos.py); then what the store holds is
compared with what the broker holds, byte for byte, on committed rows, and alarms with those of an
undisturbed run. A line without marks is disturbed in the same ways, and must fail the comparison.

    HI_FAULT=long       2,000,000 readings, 300 events
"""
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'fault'))
import broker
import chaos
import fault
import history
import lines
import ward

READINGS, EVENTS, PER_S = (2000000, 300, 20000) if fault.LONG else (200000, 40, 8000)
if fault.sanitized():
    READINGS, PER_S = READINGS // 5, PER_S // 5
PATIENTS = 100 if fault.LONG else 20
CONTROL_EVENTS = 6


def tell(c, log, again, n_alarms, seconds):
    fault.tell('chaos', readings=len(c.feed), messages=sum(map(len, log.values())),
               sent_again=again, alarm_lines=n_alarms, events=c.events,
               starts=sum(role.starts for role in c.roles.values()), seconds=seconds)
    for what, n in sorted(c.counts.items()):
        print('  %4d  %s' % (n, what))


def group_wrong(kafka, log):
    """What a lag monitor sees: GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG ..."""
    r = kafka.services('tool', 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
                       '--bootstrap-server', kafka.address, '--describe', '--group', ward.GROUP)
    rows = [line.split() for line in r.said().splitlines() if ward.TOPIC in line]
    told = {int(row[2]): row[3] for row in rows}
    want = {p: str(of[-1][0] + 1) for p, of in log.items()}
    return '' if told == want else '%s, not %s: %s' % (told, want, r.said()[-500:])


def disturbed(kafka, look):
    """Gives the broker's log; look(name, why): as fault.check."""
    begun = time.monotonic()
    # A few may befall nothing, where what they are drawn for does not run.
    c = chaos.Chaos(kafka, ward.make_feed(READINGS, PATIENTS), EVENTS * 5 // 4, PER_S)
    try:
        c.run()
    finally:
        c.kill_all()
    look('every part ends as it should, and says why', '\n'.join(c.wrong))
    look('%d events' % c.events, '' if c.events >= EVENTS else 'fewer than %d' % EVENTS)
    log = broker.read_log(kafka.address, ward.TOPIC)
    why, again = history.produced(c.feed, log, order=False)
    look('produced: each reading at least once', '\n'.join(why))
    found, n = ward.findings(log, c.ward)
    for what, wrong in found.items():
        look('the store: ' + what, wrong)
    look('the group for lag monitors is told the same', group_wrong(kafka, log))
    tell(c, log, again, n, int(time.monotonic() - begun))
    return log


def has_read(p):
    """How many bytes a process has read so far."""
    try:
        with open('/proc/%d/io' % p.pid) as f:
            return int(f.readline().split()[1])
    except OSError:
        return 0


def disturb(line, draw, most):
    """Stops and kills one of its processes in the midst of its work."""
    enough = draw.uniform(0.2, 1) * most
    store = line.parts[-1].p
    until = time.monotonic() + fault.WAIT_S
    while not line.has_ended() and has_read(store) < enough and time.monotonic() < until:
        time.sleep(0.01)
    part = draw.choice(line.parts)
    if draw.random() < 0.3:
        part.send(signal.SIGSTOP)
        time.sleep(draw.uniform(0.1, 0.5))
        part.send(signal.SIGCONT)
    part.send(signal.SIGKILL)


def naive(name, commands, log, store, look):
    """A line without marks, started again until it has come to its end; it must not pass."""
    draw = random.Random(fault.SEED)
    most = sum(len(value) for of in log.values() for _, value in of) / (CONTROL_EVENTS + 1)
    for i in range(CONTROL_EVENTS + 1):
        line = lines.Line(commands, name)
        if i < CONTROL_EVENTS:
            disturb(line, draw, most)
        line.wait()
        line.close()
    found = history.readings(log, ward.TOPIC, ward.rows_of(store, 'reading'))
    print('control: %s: %s' % (name, '; '.join(line.split(', first')[0] for line in found)))
    wrong = [line for line in found if line.startswith(('LOST', 'TWICE'))]
    look('control: %s does not pass' % name, '' if wrong else
                'nothing was lost and nothing came twice: this test can see nothing')


def controls(kafka, log, look):
    store = os.path.join(fault.T, 'naive')
    naive('from the beginning each time', [
        ['hi-kafka-bridge', 'consume', '-q', '-b', kafka.address, '-t', ward.TOPIC, '--meta',
         '--from', 'earliest', '--until-end'], ['hi-detect', '-q'], ['hi-store', '-q', store]],
          log, store, look)
    store = os.path.join(fault.T, 'committed')
    naive('from the offsets that a client commits', [
        ['kcat', '-C', '-q', '-b', kafka.address, '-t', ward.TOPIC, '-o', 'stored', '-e',
         '-X', 'group.id=naive', '-X', 'auto.commit.interval.ms=50',
         '-X', 'topic.auto.offset.reset=earliest', '-f', '%p %o %s\n'],
        ['sed', r's/^\([0-9]*\) \([0-9]*\) \(.*\)}$/\3,"kafka_topic":"' + ward.TOPIC +
         r'","kafka_partition":\1,"kafka_offset":\2}/'],
        ['hi-detect', '-q'], ['hi-store', '-q', store]], log, store, look)


def body():
    why = broker.missing()
    if why:
        return fault.skip('chaos', why)
    kafka, seen = broker.Kafka(), []
    try:
        r = kafka.services('start')
        if r.status:
            return fault.skip('chaos', 'no broker: ' + r.said()[-300:])
        r = kafka.services('topic', ward.TOPIC, str(chaos.PARTITIONS))
        assert r.status == 0, r.said()
        log = disturbed(kafka, lambda *result: seen.append(result))
        controls(kafka, log, lambda *result: seen.append(result))
    finally:
        # A check may be the end (HI_FAULT=first), and nothing is to outlive it.
        kafka.wipe()
        for result in seen:
            fault.check(*result)


fault.main(body)
