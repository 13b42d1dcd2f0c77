import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { Failure } from '#core/failure.ts';
import { HOUR, MINUTE, SECOND, instant } from '#core/time.ts';
import type { Clock, Instant } from '#core/time.ts';
import { law } from '#tests/law.ts';
import { OPERATIONS, createPace } from './pace.ts';
import type { Operation, Pace } from './pace.ts';

const READ = ['getOrder', 'listTransactions'] as const;
const EVERY = OPERATIONS.getOrder.everyMs;
const BURST = OPERATIONS.listTransactions.burst;

function opened(): {
  readonly pace: Pace;
  readonly move: (ms: number) => void;
  readonly goTo: (at: Instant) => void;
  readonly now: () => Instant;
} {
  let now = instant(Date.UTC(2026, 10, 20));
  const clock: Clock = { now: () => now, sleep: async () => {} };
  return {
    pace: createPace(clock),
    now: () => now,
    move: (ms) => {
      now = instant(now + ms);
    },
    goTo: (at) => {
      now = at;
    },
  };
}

/** When to come again; nothing where the calls were taken. */
function refusedUntil(pace: Pace, who: string, operations: readonly Operation[] = READ): Instant | undefined {
  try {
    pace.take(operations, who);
    return undefined;
  } catch (thrown) {
    assert(thrown instanceof Failure, String(thrown));
    assert.equal(thrown.code, 'request-rate-limited');
    assert(thrown.retryAt !== undefined);
    return thrown.retryAt;
  }
}

function spend(pace: Pace, calls: number, operations: readonly Operation[] = READ): void {
  for (let call = 0; call < calls; call += 1) {
    assert.equal(refusedUntil(pace, `burst ${call}`, operations), undefined);
  }
}

describe('the pace of Amazon', () => {
  test('lets in who can wait while half of a burst is left, and who cannot while any is', () => {
    const { pace, move, now } = opened();
    const kept = Math.ceil(BURST / 2);
    for (let call = 0; call < BURST - kept; call += 1) {
      assert.equal(pace.spareAt(READ), undefined, `${call} are taken`);
      spend(pace, 1);
    }
    assert.equal(pace.spareAt(READ), instant(now() + EVERY));
    assert.equal(pace.spareAt(READ), instant(now() + 2 * EVERY), 'each has a moment of his own');
    assert.equal(refusedUntil(pace, 'urgent'), undefined);
    move(2 * EVERY);
    assert.equal(pace.spareAt(READ), undefined);
  });

  test('lets nobody who can wait pass those in the line', () => {
    const { pace, goTo, now } = opened();
    spend(pace, BURST);
    const turns = ['a', 'b', 'c'].map((who) => refusedUntil(pace, who) ?? assert.fail());
    const at = pace.spareAt(READ) ?? assert.fail('he is sent away');
    assert.ok(at >= Math.max(...turns) && at > now());
    goTo(instant(Math.max(...turns) - 1));
    assert.notEqual(pace.spareAt(READ), undefined);
  });

  for (const operation of ['getOrder', 'searchOrders', 'listTransactions', 'createSubscription'] as const) {
    test(`lets ${operation} come in a burst after a rest, then at its rate`, () => {
      const { pace, move, now } = opened();
      const { burst, everyMs } = OPERATIONS[operation];
      spend(pace, burst, [operation]);
      assert.equal(refusedUntil(pace, 'one more', [operation]), now() + everyMs);
      move(everyMs - 1);
      assert.equal(refusedUntil(pace, 'one more', [operation]), now() + 1);
      move(1);
      assert.equal(refusedUntil(pace, 'one more', [operation]), undefined);
      assert.notEqual(refusedUntil(pace, 'another', [operation]), undefined);
      move(burst * everyMs * 10 + MINUTE);
      spend(pace, burst, [operation]);
      assert.notEqual(refusedUntil(pace, 'too many', [operation]), undefined);
    });
  }

  test('takes all calls of an order or none', () => {
    const { pace } = opened();
    spend(pace, BURST);
    assert.notEqual(refusedUntil(pace, 'a'), undefined);
    // Twenty of getOrder are left: the refused one took none.
    spend(pace, OPERATIONS.getOrder.burst - BURST, ['getOrder']);
    assert.notEqual(refusedUntil(pace, 'b', ['getOrder']), undefined);
  });

  test('lets a first call pass though the clock ticks while it is weighed', () => {
    let ms = Date.UTC(2026, 10, 20);
    const ticking: Clock = {
      now: () => instant((ms += 1)),
      sleep: () => Promise.resolve(),
    };
    const pace = createPace(ticking);
    pace.take(['searchOrders'], 'somebody');
    assert.doesNotThrow(() => pace.take(['getOrder', 'listTransactions'], 'somebody'));
  });

  test('says what is used up', () => {
    const { pace } = opened();
    spend(pace, BURST);
    assert.throws(() => {
      pace.take(READ, 'a');
    }, /The calls that Amazon allows for getOrder and listTransactions are used up/);
  });

  test('takes back what was not used, and no more than a burst', () => {
    const { pace } = opened();
    spend(pace, BURST);
    pace.giveBack('listTransactions');
    assert.equal(refusedUntil(pace, 'a'), undefined);
    for (let count = 0; count < 3 * BURST; count += 1) {
      pace.giveBack('listTransactions');
    }
    spend(pace, BURST);
    assert.notEqual(refusedUntil(pace, 'b'), undefined);
  });
});

describe('the line before it', () => {
  test('gives each order its own moment, and the same one when it comes too early', () => {
    const { pace, move, now } = opened();
    spend(pace, BURST);
    const start = now();
    const turns = ['a', 'b', 'c'].map((who) => refusedUntil(pace, who));
    assert.deepEqual(
      turns,
      [1, 2, 3].map((turn) => start + turn * EVERY),
    );
    move(EVERY / 2);
    assert.deepEqual(
      ['c', 'a', 'b'].map((who) => refusedUntil(pace, who)),
      [turns[2], turns[0], turns[1]],
    );
  });

  test('keeps the turn of one who is a little late from those who come after him', () => {
    const { pace, move, goTo } = opened();
    spend(pace, BURST);
    const turn = refusedUntil(pace, 'a');
    assert(turn !== undefined);
    goTo(turn);
    move(30 * SECOND - EVERY);
    for (let call = 0; call < BURST - 1; call += 1) {
      assert.equal(refusedUntil(pace, `new ${call}`), undefined);
    }
    assert.notEqual(refusedUntil(pace, 'the last'), undefined, 'one call is kept');
    assert.equal(refusedUntil(pace, 'a'), undefined);
  });

  test('forgets one who does not come', () => {
    const { pace, move, goTo } = opened();
    spend(pace, BURST);
    const turn = refusedUntil(pace, 'a');
    assert(turn !== undefined);
    goTo(turn);
    move(MINUTE + 1);
    spend(pace, BURST);
  });

  test('is one for each kind of call: a search of orders does not make their reading wait', () => {
    const { pace, now } = opened();
    spend(pace, OPERATIONS.searchOrders.burst, ['searchOrders']);
    assert.equal(refusedUntil(pace, 'sweep', ['searchOrders']), now() + OPERATIONS.searchOrders.everyMs);
    spend(pace, BURST);
    assert.equal(refusedUntil(pace, 'a'), now() + EVERY);
    assert.equal(refusedUntil(pace, 'b'), now() + 2 * EVERY);
  });

  test('reads a thousand orders that came at once in 2,000 s less the burst, none of them in vain but to get its turn', () => {
    const { pace, goTo, now } = opened();
    const start = now();
    const waiting = new Map<string, Instant>(
      Array.from({ length: 1000 }, (_, index) => [`order ${index}`, start]),
    );
    let attempts = 0;
    const done: string[] = [];
    while (waiting.size > 0) {
      const [who, at] = [...waiting].reduce((first, one) => (one[1] < first[1] ? one : first));
      goTo(instant(Math.max(now(), at)));
      attempts += 1;
      const again = refusedUntil(pace, who);
      if (again === undefined) {
        waiting.delete(who);
        done.push(who);
      } else {
        waiting.set(who, again);
      }
    }
    assert.equal(now() - start, (1000 - BURST) * EVERY);
    assert.equal(attempts, BURST + 2 * (1000 - BURST));
    assert.deepEqual(
      done,
      Array.from({ length: 1000 }, (_, index) => `order ${index}`),
      'in the order in which they came',
    );
  });
});

law(
  'whenever orders come, each is read at its first turn, and never more of them than Amazon allows',
  fc.property(fc.array(fc.nat(7 * SECOND), { minLength: 60, maxLength: 120 }), (gaps) => {
    const { pace, goTo, now } = opened();
    const start = now();
    let arrival: number = start;
    const due: { who: string; at: Instant; tries: number }[] = gaps.map((gap, index) => {
      // Most come in one rush.
      arrival += index % 3 === 0 ? gap : 0;
      return { who: `order ${index}`, at: instant(arrival), tries: 0 };
    });
    const taken: Instant[] = [];
    while (due.length > 0) {
      const next = due.reduce((first, one) => (one.at < first.at ? one : first));
      goTo(instant(Math.max(now(), next.at)));
      next.tries += 1;
      const again = refusedUntil(pace, next.who);
      if (again === undefined) {
        taken.push(now());
        due.splice(due.indexOf(next), 1);
      } else {
        assert(again > now(), 'a moment to come');
        next.at = again;
      }
      assert(next.tries <= 2, `${next.who} was asked for in vain at its turn`);
    }
    for (const [index, at] of taken.entries()) {
      for (let later = index; later < taken.length; later += 1) {
        const spanMs = (taken[later] ?? at) - at;
        assert(later - index + 1 <= BURST + spanMs / EVERY + 1e-9, 'no more than a burst and the rate');
      }
    }
  }),
  100,
);

describe('a refusal by Amazon all the same', () => {
  test('stops its kind of call, longer each time, up to a minute', () => {
    const { pace, now, goTo } = opened();
    const waits = Array.from({ length: 8 }, () => {
      const until = pace.refused('getOrder');
      const wait = until - now();
      assert.equal(refusedUntil(pace, 'a', ['getOrder']), until);
      goTo(until);
      return wait;
    });
    assert.deepEqual(
      waits,
      [2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * SECOND),
    );
    assert.equal(refusedUntil(pace, 'a', ['getOrder']), undefined);
    assert.equal(refusedUntil(pace, 'b', ['createSubscription']), undefined, 'others go on');
  });

  test('is forgotten once a call was taken', () => {
    const { pace, now } = opened();
    pace.refused('getOrder');
    pace.refused('getOrder');
    pace.accepted('getOrder');
    assert.equal(pace.refused('getOrder') - now(), 2 * SECOND);
  });

  test('of the search waits no longer than a minute for a bucket that fills in three', () => {
    const { pace, now } = opened();
    assert.equal(pace.refused('searchOrders') - now(), MINUTE);
    // Nothing is in the bucket for two minutes more.
    assert.equal(refusedUntil(pace, 'a', ['searchOrders']), now() + OPERATIONS.searchOrders.everyMs);
  });
});

describe('a clock that is set back', () => {
  const used = () => {
    const world = opened();
    for (let index = 0; index < BURST; index += 1) {
      world.pace.take(READ, String(index));
    }
    return world;
  };

  test('lengthens no turn', () => {
    const { pace, move, goTo, now } = used();
    const first = refusedUntil(pace, 'first') ?? assert.fail('it waits');
    const second = refusedUntil(pace, 'second') ?? assert.fail('it waits');
    move(-2 * HOUR);
    assert.equal(refusedUntil(pace, 'second'), second - 2 * HOUR);
    assert.equal(refusedUntil(pace, 'third'), second + EVERY - 2 * HOUR);
    goTo(instant(first - 2 * HOUR));
    assert.equal(refusedUntil(pace, 'first'), undefined);
    assert.ok(now() < first);
  });

  test('keeps what a refusal asked for as long as it was', () => {
    const { pace, move } = opened();
    const until = pace.refused('getOrder');
    move(-2 * HOUR);
    const again = refusedUntil(pace, 'one', ['getOrder']) ?? assert.fail('it is blocked');
    assert.equal(again, until - 2 * HOUR);
  });

  test('keeps nobody away who can wait for longer than before', () => {
    const { pace, move } = used();
    const at = pace.spareAt(READ) ?? assert.fail('it waits');
    move(-2 * HOUR);
    assert.equal(pace.spareAt(READ), at + EVERY - 2 * HOUR);
  });
});
