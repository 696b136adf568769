#!/usr/bin/env python3
"""Episodes worked out a second way, to compare hi-detect with.

episodes.py RULES < READINGS > EPISODES

Looks at the whole series of a patient and metric at once, where hi-detect goes
reading by reading. Readings must be in order of time for each patient, whole
seconds, one a moment and metric. One line an alert: patient, rule, onset,
status, value at onset, and for CLEARED the end and the worst value.
"""
import json
import operator
import sys
from collections import defaultdict
from datetime import datetime, timezone

OPS = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


def rules_of(path):
    for line in open(path):
        w = line.split("#")[0].split()
        if not w:
            continue
        r = {"name": w[0], "metric": w[2], "op": w[3], "v": float(w[4]), "for": 0,
             "clear": None, "clear_for": 0}
        rest = w[5:]
        while rest:
            if rest[0] == "for":
                r["clear_for" if r["clear"] else "for"] = int(rest[1].rstrip("s"))
                rest = rest[2:]
            else:
                r["clear"] = (rest[1], float(rest[2]))
                rest = rest[3:]
        yield r


def seconds(text):
    return int(datetime.fromisoformat(text.replace("Z", "").replace(" ", "T"))
               .replace(tzinfo=timezone.utc).timestamp())


def text_of(t):
    return datetime.fromtimestamp(t, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def held(series, i, j, since, need, end):
    """True where what began at since, with readings i to j - 1, lasted for need seconds."""
    if any(t - since >= need for t, _, _ in series[i:j]):
        return True
    return (series[j][0] if j < len(series) else end) - since > need


def episodes(series, rule, end):
    def out(k):
        return OPS[rule["op"]](series[k][1], rule["v"])

    def back(k):
        if rule["clear"]:
            return OPS[rule["clear"][0]](series[k][1], rule["clear"][1])
        return not out(k)

    def run(k, what):
        while k < len(series) and what(k):
            k += 1
        return k

    i = 0
    while i < len(series):
        if not out(i):
            i += 1
            continue
        onset = series[i][0]
        j = run(i, out)
        if not held(series, i, j, onset, rule["for"], end):
            i = j
            continue
        m = j
        ended = None
        while m < len(series) and ended is None:
            if not back(m):
                m += 1
                continue
            n = run(m, back)
            if held(series, m, n, series[m][0], rule["clear_for"], end):
                ended = m
            else:
                m = n
        stop = len(series) if ended is None else ended
        worst = (max if rule["op"][0] == ">" else min)(
            (series[k] for k in range(i, stop) if out(k)), key=lambda s: s[1])
        yield onset, series[i][2], None if ended is None else (series[ended][0], worst[2])
        i = stop


def main():
    rules = list(rules_of(sys.argv[1]))
    data = defaultdict(lambda: defaultdict(list))
    clock = {}
    for line in sys.stdin:
        r = json.loads(line, parse_float=str, parse_int=str)
        t = seconds(r["timestamp"])
        clock[r["patient_id"]] = t
        data[r["patient_id"]][r["metric_name"]].append((t, float(r["value"]), r["value"]))
    for patient, metrics in data.items():
        for rule in rules:
            series = metrics.get(rule["metric"], [])
            for onset, value, ended in episodes(series, rule, clock[patient]):
                head = (patient, rule["name"], text_of(onset))
                print(*head, "ACTIVE", value)
                if ended:
                    print(*head, "CLEARED", value, text_of(ended[0]), ended[1])


main()
