"""Each checker fails where it must: a build with a bug put in on purpose (tests/fault/seeds)."""
import os
import random
import time

import fault
import seeds

SOME = 6


class Skipped(Exception):
    """The checker cannot run here."""


def one(seed):
    folder = os.path.join(fault.T, seed.name)
    try:
        begun = time.monotonic()
        build = seed.build(folder)
        built = time.monotonic()
        caught, said = seed.caught(build)
        if caught:
            print('%s: built in %.0f s, caught in %.0f s: %s' % (
                seed.name, built - begun, time.monotonic() - built, said), flush=True)
    except ValueError as e:
        return str(e)
    finally:
        seeds.remove(folder)
    if caught is None:
        raise Skipped(said)
    return None if caught else 'NOT CAUGHT by %s: %s' % (' '.join(seed.checker), said)


def body():
    if fault.sanitized():
        return  # these are questions about the checkers, not about the build
    if not fault.strace_works():
        fault.skip('seeded bugs', 'no strace, or tracing is forbidden')
        return
    every = seeds.read()
    for seed in every:
        # A seed whose text has gone is noticed though it is not in the sample.
        try:
            seed.changed()
        except ValueError as e:
            fault.check(seed.name, e)
    some = every if fault.LONG else random.Random(fault.SEED).sample(every, SOME)
    for seed in some:
        name = '%s: caught by %s' % (seed.name, ' '.join(seed.checker))
        try:
            fault.check(name, one(seed))
        except Skipped as why:
            fault.skip(name, str(why))
    fault.tell('seeded bugs', caught=len(some), of=len(every))


fault.main(body)
