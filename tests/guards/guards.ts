/**
 * What keeps the books right, each guard with the test that fails without it. `npm run guards` takes each out of a copy of the
 * program and lets its test fail; docs/testing.md is the same table for a reader.
 */
export interface Guard {
  readonly what: string;
  readonly file: string;
  /** Stands once in the file. */
  readonly from: string;
  /** The program without the guard. */
  readonly to: string;
  readonly test: string;
  /** Name pattern within the file; all of it when left out. */
  readonly named?: string;
}

const CHAOS = 'tests/guards/trouble.ts';

export const GUARDS: readonly Guard[] = [
  {
    what: 'the intent of a write is stored before its call',
    file: 'src/pipeline/applier.ts',
    from: `  const entry = await intend(run, subject, step);
  const task = taskOf(run, subject, { step, booked });
  const applied = await call(run, task);`,
    to: `  const task = taskOf(run, subject, { step, booked });
  const applied = await call(run, task);
  const entry = await intend(run, subject, step);`,
    test: CHAOS,
  },
  {
    what: 'a call whose answer was lost is looked for before anything is sent again',
    file: 'src/pipeline/settler.ts',
    from: 'const standing = await run.route.books.find(task);',
    to: `await Promise.resolve(task);
  const standing = { state: 'absent' } as Standing;`,
    test: CHAOS,
  },
  {
    what: 'a payment that was not found is waited for, because it may arrive late',
    file: 'src/pipeline/settler.ts',
    from: `  payment: 'waited for',`,
    to: `  payment: 'sent again at once',`,
    test: 'src/pipeline/worker.test.ts',
    named: 'a payment that was made and could not be written down',
  },
  {
    what: 'a change that was not found is waited for, because arriving late it undoes a later one',
    file: 'src/pipeline/settler.ts',
    from: `const isSentAgain = MANNERS[entry.kind] === 'sent again at once' && (await isWanted(entry.intent));`,
    to: `const isSentAgain = MANNERS[entry.kind] !== 'waited for';`,
    test: 'src/pipeline/worker.test.ts',
    named: 'a change that was not found',
  },
  {
    what: 'one order at a time makes the client of a customer',
    file: 'src/pipeline/client-keeper.ts',
    from: '`client:${account}:${who}`',
    to: '`client:${account}:${who}:${Math.random()}`',
    test: 'src/pipeline/worker.test.ts',
    named: 'of two orders of a new customer',
  },
  {
    what: 'a message is acknowledged only once it is durable',
    file: 'src/pipeline/inbox.ts',
    from: `      const accepted = await store.transact(async (tx) => {`,
    to: `      const accepted = { id: '0', isNew: true };
      void store.transact(async (tx) => {`,
    test: CHAOS,
  },
  {
    what: 'of two states the newer one counts',
    file: 'src/pipeline/sorter.ts',
    from: 'order.updatedAt > stamp) {',
    to: 'order.updatedAt !== stamp) {',
    test: CHAOS,
  },
  {
    what: 'an answer ends the question only of the run that asked, while nothing else came',
    file: 'src/pipeline/sorter.ts',
    from: '? !isAnswer(record)',
    to: '? false && !isAnswer(record)',
    test: 'src/pipeline/worker.test.ts',
    named: 'what names an order while the shop is asked',
  },
  {
    what: 'tokens of the environment are taken again after a disk error',
    file: 'src/books/freshbooks/connection.ts',
    from: `    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });`,
    to: `    made ??= make();`,
    test: 'src/books/freshbooks/connection.test.ts',
  },
  {
    what: 'intents that are wanted no more are not left open',
    file: 'src/pipeline/worker.ts',
    from: 'await dropUnwanted(run, subject);',
    to: 'await Promise.resolve();',
    test: 'src/pipeline/worker.test.ts',
    named: 'what was certainly not made',
  },
  {
    what: 'a database that fails is asked again',
    file: 'src/queue/embedded.ts',
    from: '        options.onPollFailure(thrown);',
    to: `        options.onPollFailure(thrown);
        return;`,
    test: 'tests/contract/queue.embedded.test.ts',
    named: 'a store that fails is reported',
  },
  {
    what: 'a payment never exceeds what was just read as outstanding',
    file: 'src/books/freshbooks/payments.ts',
    from: '  assertFits(task, outstanding);',
    to: '  void assertFits;',
    test: 'tests/contract/books.freshbooks.test.ts',
  },
  {
    what: 'a refused token is renewed once for all who ask',
    file: 'src/net/token.ts',
    from: 'renewing ??= options',
    to: 'renewing = options',
    test: 'src/net/token.test.ts',
  },
  {
    what: 'calls are paced ahead of a refusal',
    file: 'src/net/throttle.ts',
    from: `      await enter(window, options, {
        count: 1,`,
    to: `      await (async (_window, _options, { take }) => take())(window, options, {
        count: 1,`,
    test: 'src/net/throttle.test.ts',
    named: 'calls pass while some are left',
  },
  {
    what: 'an order that fails alone does not make an account down',
    file: 'src/core/outage.ts',
    from: 'const ORDERS_DOWN = 3;',
    to: 'const ORDERS_DOWN = 1;',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'one order at a time tries an account that is down',
    file: 'src/pipeline/account-pause.ts',
    from: 'await tx.setPause(probed(machine, current, { ...outage, probes: outage.probes + 1 }));',
    to: 'void outage;',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'of the orders that wait for an account the one that failed least tries next',
    file: 'src/storage/pauses.ts',
    from: `        .orderBy('attempts')
`,
    to: '',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'a damaged database is not served',
    file: 'src/app.ts',
    from: '    assertWhole(config.databasePath, { bytesMax: CHECKED_BYTES_MAX });',
    to: '    void CHECKED_BYTES_MAX;',
    test: 'tests/e2e/machine-faults.test.ts',
    named: 'with a damaged page',
  },
  {
    what: 'an invoice whose total differs stays a draft',
    file: 'src/core/plan.ts',
    from: `const isSendable = rules.endState === 'sent' && unsendable.length === 0;`,
    to: `const isSendable = rules.endState === 'sent';`,
    test: 'src/core/plan.test.ts',
  },
  {
    what: 'what a person changed is compared before anything is written over it',
    file: 'src/books/freshbooks/invoice-edits.ts',
    from: `  if (edited.length === 0) {
    return { state: 'as left' };
  }`,
    to: `  if (edited.length >= 0) {
    return { state: 'as left' };
  }`,
    test: 'tests/cases/answers.test.ts',
  },
  {
    what: 'two live entries of one order, kind and slot cannot stand',
    file: 'src/storage/migrations/0001-start.ts',
    from: 'create unique index entries_live on entries (order_key, kind, slot)',
    to: 'create index entries_live on entries (order_key, kind, slot)',
    test: 'tests/contract/store.sqlite.test.ts',
  },
  {
    what: 'a change by the API needs the token of its session',
    file: 'src/http/admin.ts',
    from: `isChange(request) && !(typeof token === 'string' && isTokenOf(state, token))`,
    to: `isChange(request) && !(typeof token === 'string' || isTokenOf(state, ''))`,
    test: 'src/http/admin.test.ts',
  },
  {
    what: 'what another site has a browser send is refused',
    file: 'src/http/admin.ts',
    from: `    if (why !== undefined) {
      tools.tell(request, { name: 'api request refused', level: 'warn', fields: { why } });
      return problem(reply, 403, why);
    }
    if (isChange`,
    to: `    if (why === 'never') {
      return problem(reply, 403, why);
    }
    if (isChange`,
    test: 'src/http/admin.test.ts',
  },
  {
    what: 'a password that was tried too often is not looked at',
    file: 'src/http/admin.ts',
    from: 'const waitS = limit.count(by);',
    to: 'const waitS = undefined as number | undefined;',
    test: 'src/http/admin.test.ts',
  },
  {
    what: 'another password ends every session',
    file: 'src/admin/kept-password.ts',
    from: 'await tx.forgetSessions({ most: 0 })',
    to: 'await tx.forgetSessions({ most: 1000 })',
    test: 'src/admin/login.test.ts',
  },
];
