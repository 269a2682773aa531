"""Seeds of randomised tests: those that are asked for, and others at random, which are printed by their users."""

import random
import time


def add_arguments(parser):
    parser.add_argument("--seed", type=int, action="append", default=[], help="may be given several times")
    parser.add_argument("--random", type=int, metavar="COUNT", help="so many seeds at random (default: 1 without --seed)")
    parser.add_argument("--duration", type=float, default=0, help="go on with seeds at random for so many seconds")


def seeds(options, has_failed):
    """One seed after the other; after the first failure no more at random."""
    count = options.random if options.random is not None else 0 if options.seed else 1
    end = time.monotonic() + options.duration
    yield from options.seed
    while count > 0 or time.monotonic() < end:
        if has_failed():
            return
        count -= 1
        yield random.SystemRandom().randrange(1 << 32)
