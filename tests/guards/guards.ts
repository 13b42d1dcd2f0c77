/**
 * What keeps the books right, each guard with the test that fails without it. `npm run guards` takes each out of a copy of the
 * program and lets its test fail; docs/testing.md is the same table for a reader.
 */
export interface Guard {
  readonly what: string;
  /** The fault of the machine or the network that it stands against; absent where it is a person or the program. */
  readonly against?: Fault;
  readonly file: string;
  /** Stands once in the file. */
  readonly from: string;
  /** The program without the guard. */
  readonly to: string;
  readonly test: string;
  /** Name pattern within the file; all of it when left out. */
  readonly named?: string;
  /** Without the guard the test waits for what never comes. */
  readonly isEndless?: boolean;
}

/** All that goes wrong in `tests/chaos`: each has a guard at least. */
export const FAULTS = [
  'the connection is cut before it acted',
  'it acted, then the connection is cut',
  'a server error',
  'too many calls (429)',
  'a slow answer',
  'no answer at all',
  'an answer cut in half',
  'errors with status 200',
  'a token that ended',
  'a clock that jumps',
  'a message told twice',
  'a message late or out of order',
  'a message that never comes',
  'a crash at any call or commit',
  'a disk that fails before a commit',
  'a disk that fails after a commit',
] as const;
export type Fault = (typeof FAULTS)[number];

const CHAOS = 'tests/guards/trouble.ts';

export const GUARDS: readonly Guard[] = [
  {
    what: 'the intent of a write is stored before its call',
    against: 'a crash at any call or commit',
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
    against: 'it acted, then the connection is cut',
    file: 'src/pipeline/settler.ts',
    from: 'const standing = await run.route.books.find(task);',
    to: `await Promise.resolve(task);
  const standing = { state: 'absent' } as Standing;`,
    test: CHAOS,
  },
  {
    what: 'a payment that was not found is waited for, because it may arrive late',
    against: 'a slow answer',
    file: 'src/pipeline/settler.ts',
    from: `MANNERS[kind] === 'looked for at once' && looks === 0;`,
    to: `MANNERS[kind] !== undefined && looks >= 0;`,
    test: 'src/pipeline/worker.test.ts',
    named: 'a payment that was made and could not be written down',
  },
  {
    what: 'a change that was not found is waited for, because arriving late it undoes a later one',
    against: 'a slow answer',
    file: 'src/pipeline/settler.ts',
    from: 'if (looked.looks < LOOKS) {',
    to: `if (looked.looks < LOOKS && MANNERS[entry.kind] === 'waited for') {`,
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
    what: 'what was looked for twice and not found is sent again',
    against: 'the connection is cut before it acted',
    file: 'src/pipeline/settler.ts',
    from: `      await uncalled(run, entry);
      return undefined;`,
    to: `      return { until: lookAt(run, looked, entry.calledAt ?? run.machine.clock.now()) };`,
    test: CHAOS,
  },
  {
    what: 'a write that ended in a server error may have happened',
    against: 'a server error',
    file: 'src/net/request.ts',
    from: `throw failureOf('request-server-error', sending, { problem, retryAt });`,
    to: `throw failureOf('request-server-error', sending, { problem, retryAt, effect: 'none' });`,
    test: 'src/net/request.test.ts',
    named: 'a server error after',
  },
  {
    what: 'after a 429 nothing goes out until the moment that it named',
    against: 'too many calls (429)',
    file: 'src/net/throttle.ts',
    from: 'window.blockedUntil = thrown.retryAt ?? window.blockedUntil;',
    to: 'void thrown;',
    test: 'src/net/throttle.test.ts',
    named: 'after a 429',
  },
  {
    what: 'a call that gets no answer is given up',
    against: 'no answer at all',
    file: 'src/net/request.ts',
    from: 'await Promise.race([exchange(transport, request, sending), timeout]);',
    to: 'await Promise.race([exchange(transport, request, sending), timeout, timeout].slice(0, 1));',
    test: 'src/net/request.test.ts',
    named: 'an answer that does not come in time',
    isEndless: true,
  },
  {
    what: 'a write whose answer cannot be read may have happened',
    against: 'an answer cut in half',
    file: 'src/net/request.ts',
    from: `return response.status >= 400 ? 'none' : effectOf(sending);`,
    to: `return response.status >= 400 || effectOf(sending) === 'none' ? 'none' : 'none';`,
    test: 'src/net/request.test.ts',
    named: 'a body cut short after',
  },
  {
    what: 'an answer with errors is none, whatever stands beside them',
    against: 'errors with status 200',
    file: 'src/sources/shopify/api.ts',
    from: `if (errors.length > 0 || textOf(body, 'errors') !== '') {`,
    to: `if (errors.length > 1_000) {`,
    test: 'src/sources/shopify/api.test.ts',
    named: 'an answer with errors is none',
  },
  {
    what: 'who holds an order no longer can neither keep nor change it',
    against: 'a clock that jumps',
    file: 'src/storage/queries.ts',
    from: `        .where('fence', '=', fence)
        // Zero`,
    to: `        .where('fence', '>=', fence)
        // Zero`,
    test: 'tests/contract/store.sqlite.test.ts',
    named: 'a holder that was followed',
  },
  {
    what: 'nothing waits longer because the clock was set back',
    against: 'a clock that jumps',
    file: 'src/pipeline/clock-watch.ts',
    from: '    if (backMs > 0) {',
    to: '    if (backMs < 0) {',
    test: 'src/pipeline/clock-watch.test.ts',
    named: 'a clock that is set back',
  },
  {
    what: 'the same message again is the same delivery',
    against: 'a message told twice',
    file: 'src/storage/store.ts',
    from: 'if (standing.body_sha256 === bodySha256 && isOfTopic) {',
    to: `if (standing.body_sha256 === 'never' && isOfTopic) {`,
    test: 'tests/contract/store.sqlite.test.ts',
    named: 'the same message again',
  },
  {
    what: 'what was made and could not be written down is no failed call',
    against: 'a disk that fails after a commit',
    file: 'src/pipeline/applier.ts',
    from: `  if (applied instanceof Failure) {
    return refused(run, subject, { ...known, entry, failure: applied });
  }
  // Outside the call's own guard: a ledger that cannot be written says nothing about what the books did.
  await recordReceipt(run, subject, { entry, task, receipt: applied });
  return DONE;`,
    to: `  const receipt =
    applied instanceof Failure
      ? applied
      : await recordReceipt(run, subject, { entry, task, receipt: applied }).catch((thrown: Failure) => thrown);
  return receipt instanceof Failure
    ? refused(run, subject, { ...known, entry, failure: receipt })
    : DONE;`,
    test: 'src/pipeline/worker.test.ts',
    named: 'a payment that was made and could not be written down',
  },
  {
    what: 'who looked for a customer longer than his right lasts makes no client',
    against: 'a slow answer',
    file: 'src/pipeline/applier.ts',
    from: 'return (await keepClient(run, lease)) ?',
    to: 'return (await keepClient(run, lease)) || true ?',
    test: 'src/pipeline/worker.test.ts',
    named: 'an order whose look for a new customer',
  },
  {
    what: 'a message is acknowledged only once it is durable',
    against: 'a crash at any call or commit',
    file: 'src/pipeline/inbox.ts',
    from: `      const accepted = await store.transact(async (tx) => {`,
    to: `      const accepted = { id: '0', isNew: true };
      void store.transact(async (tx) => {`,
    test: CHAOS,
  },
  {
    what: 'what no message told is asked for from before the last time it was',
    against: 'a message that never comes',
    file: 'src/pipeline/sweep.ts',
    from: ' - source.overlapMs;',
    to: ';',
    test: 'src/pipeline/sweep.test.ts',
  },
  {
    what: 'what no message told is remembered as known only once all of it is stored',
    against: 'a message that never comes',
    file: 'src/pipeline/sweep.ts',
    from: `    if (walked === undefined) {
      return;
    }
    const { found, newest } = walked;`,
    to: '    const { found, newest } = walked ?? { found: 0, newest: undefined };',
    test: 'src/pipeline/sweep.test.ts',
  },
  {
    what: 'what no message told is asked for by its own source’s clock',
    against: 'a clock that jumps',
    file: 'src/pipeline/sweep.ts',
    from: 'Number(seen ?? known ?? last)',
    to: 'Number(last ?? seen ?? known)',
    test: 'src/pipeline/sweep.test.ts',
  },
  {
    what: 'no moment of our own clock is kept as one of a source’s changes',
    against: 'a clock that jumps',
    file: 'src/pipeline/sweep.ts',
    from: '      if (newest !== undefined) {',
    to: '      await tx.putSetting(newestSetting(source), String(since));\n      if (newest !== undefined) {',
    test: 'src/pipeline/sweep.test.ts',
  },
  {
    what: 'of days that have passed no more is brought than the books keep up with, and nothing while they cannot be written',
    file: 'src/pipeline/backfill.ts',
    from: '    if (!isPaused && !(await store.read.isBusy(UNDER_WAY_MAX))) {',
    to: '    if (isPaused || !isPaused) {',
    test: 'src/pipeline/backfill.test.ts',
  },
  {
    what: 'orders that can wait leave calls to those that cannot',
    against: 'too many calls (429)',
    file: 'src/pipeline/worker.ts',
    from: '    if (later !== undefined) {',
    to: '    if (later !== undefined && later < 0) {',
    test: 'tests/long/live-first.test.ts',
  },
  {
    what: 'what Amazon lets be read is left to orders of which messages come',
    against: 'too many calls (429)',
    file: 'src/sources/amazon/amazon.ts',
    from: '    spareAt: () => api?.pace.spareAt(READ_OPERATIONS),',
    to: '    spareAt: () => undefined,',
    test: 'tests/long/amazon-live-first.test.ts',
  },
  {
    what: 'an order of a store that is not booked is not booked when Amazon’s ledger names it',
    file: 'src/sources/amazon/read.ts',
    from: 'others.length === 0 ? {}',
    to: 'others.length >= 0 ? {}',
    test: 'src/sources/amazon/changes.test.ts',
  },
  {
    what: 'what one settlement defers and another pays out is a fee of one of them',
    against: 'a message told twice',
    file: 'src/sources/amazon/settlement.ts',
    from: '    return release === undefined || ids.has(release);',
    to: '    return release === undefined || ids.size > 0;',
    test: 'src/sources/amazon/settlement.test.ts',
  },
  {
    what: 'of a payout of several stores the fees of those that are not booked stand nowhere',
    file: 'src/sources/amazon/settled-amounts.ts',
    from: 'isBooked(store, stores) ? [] : [ELSEWHERE, store.channelName]',
    to: '[]',
    test: 'src/sources/amazon/settlement.test.ts',
    named: 'of several stores',
  },
  {
    what: 'a shipment of Amazon’s ledger dates an order once the ledger shows all that was shipped',
    against: 'a message late or out of order',
    file: 'src/sources/amazon/normalize.ts',
    from: 'showsAllShipped(body.orderItems, events) ? shipment : undefined',
    to: 'showsAllShipped([], events) ? shipment : undefined',
    test: 'src/sources/amazon/normalize.test.ts',
    named: 'waits for the ledger',
  },
  {
    what: 'of two states the newer one counts',
    against: 'a message late or out of order',
    file: 'src/pipeline/sorter.ts',
    from: 'order.updatedAt > stamp) {',
    to: 'order.updatedAt !== stamp) {',
    test: CHAOS,
  },
  {
    what: 'an answer ends the question only of the run that asked, while nothing else came',
    against: 'a crash at any call or commit',
    file: 'src/pipeline/sorter.ts',
    from: '? !isAnswer(record)',
    to: '? false && !isAnswer(record)',
    test: 'src/pipeline/reread.test.ts',
    named: 'what names an order while the shop is asked',
  },
  {
    what: 'tokens of the environment are taken again after a disk error',
    against: 'a disk that fails before a commit',
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
    against: 'a disk that fails before a commit',
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
    what: 'a payment that the books took less of is followed by none on what was outstanding before',
    file: 'src/pipeline/applier.ts',
    from: `      if (outstanding === undefined) {
        run.outstanding.delete(task.invoiceId);
      } else {`,
    to: `      if (outstanding !== undefined) {`,
    test: 'src/pipeline/worker.test.ts',
    named: 'a payment that the books took less of',
  },
  {
    what: 'what is outstanding is read anew after some seconds',
    file: 'src/pipeline/ledger-writer.ts',
    from: '  return read !== undefined && machine.clock.now() < after(read.at, OUTSTANDING_FRESH_MS)',
    to: '  return read !== undefined && OUTSTANDING_FRESH_MS > 0 && machine.clock.now() > 0',
    test: 'src/pipeline/worker.test.ts',
    named: 'what an invoice has outstanding is read anew',
  },
  {
    what: 'a refused token is renewed once for all who ask',
    against: 'a token that ended',
    file: 'src/net/token.ts',
    from: 'renewing ??= options',
    to: 'renewing = options',
    test: 'src/net/token.test.ts',
  },
  {
    what: 'calls are paced ahead of a refusal',
    against: 'too many calls (429)',
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
    against: 'a server error',
    file: 'src/core/outage.ts',
    from: 'const ORDERS_DOWN = 3;',
    to: 'const ORDERS_DOWN = 1;',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'one order at a time tries an account that is down',
    against: 'a server error',
    file: 'src/pipeline/account-pause.ts',
    from: 'await tx.setPause(probed(machine, current, { ...outage, probes: outage.probes + 1 }));',
    to: 'void outage;',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'of the orders that wait for an account the one that failed least tries next',
    against: 'a server error',
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
    test: 'tests/long/machine-faults.test.ts',
    named: 'with a damaged page',
    isEndless: true,
  },
  {
    what: 'a database whose file has two names is not served',
    file: 'src/app.ts',
    from: '    assertOneName(config.databasePath);\n    assertWhole',
    to: '    assertWhole',
    test: 'tests/long/machine-faults.test.ts',
    named: 'that has two names',
    isEndless: true,
  },
  {
    what: 'an invoice whose total differs stays a draft',
    file: 'src/core/plan.ts',
    from: `rules.endState === 'sent' && unsendable.length === 0 && closed.length === 0;`,
    to: `rules.endState === 'sent' && closed.length === 0;`,
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
    what: 'a payment that a restore forgot is not made again under another number',
    file: 'src/books/freshbooks/payments.ts',
    from: 'const same = marked ?? forgotten.find((payment) => isAlike(task, payment));',
    to: 'const same = marked;',
    test: 'tests/contract/books.freshbooks.test.ts',
  },
  {
    what: 'an expense that a restore forgot is found under another day',
    file: 'src/books/freshbooks/expenses.ts',
    from: 'const { step, isDatedAnew = false } = task;',
    to: 'const { step, isDatedAnew = false } = { step: task.step };',
    test: 'tests/contract/books.freshbooks.test.ts',
  },
  {
    what: 'a settlement may stand already however late its last transaction came',
    file: 'src/pipeline/machine.ts',
    from: '(isSettlement(order) || order.placedAt <= after(restoredAt, CLOCKS_APART_MS))',
    to: '((isSettlement(order) && false) || order.placedAt <= after(restoredAt, CLOCKS_APART_MS))',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'a message of before a restore has the shop asked first',
    file: 'src/pipeline/sorter.ts',
    from: 'const restoredAt = topic === READ_TOPIC ? undefined : await tx.setting(RESTORED_SETTING);',
    to: "const restoredAt = topic === 'never' ? await tx.setting(RESTORED_SETTING) : undefined;",
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'a message of before a restore waits for a shop that cannot be asked now',
    file: 'src/pipeline/sorter.ts',
    from: 'isBlocking: isForgotten };',
    to: 'isBlocking: false };',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'after a restore refunds are looked for before a payment is lowered',
    file: 'src/pipeline/applier.ts',
    from: 'for (const each of [...refunds, step]) {',
    to: 'for (const each of [step]) {',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'the invoice of an order of which nothing is left is looked for after a restore',
    file: 'src/pipeline/restored.ts',
    from: '    (isUnbooked && !isNothingLeft(order) && !subject.record.isDeleted) ||',
    to: '    isUnbooked ||',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'after a restore what is known of an order is looked at also where nothing is to be done for it',
    file: 'src/pipeline/restored.ts',
    from: '    : await doubtOf(run, subject, { steps: [], booked, terms });',
    to: '    : undefined;',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'a deletion is believed only by a body that is one',
    file: 'src/sources/shopify/sort.ts',
    from: '  assertForm(message, shop);',
    to: '  void assertForm;',
    test: 'src/sources/shopify/sort.test.ts',
  },
  {
    what: 'a deletion is believed only once the shop was asked',
    file: 'src/pipeline/sorter.ts',
    from: '  if (canRead) {',
    to: '  if (canRead && now < 0) {',
    test: 'tests/booking.test.ts',
    named: 'does not bear out',
  },
  {
    what: 'only the shop’s own answer brings a deleted order back',
    against: 'a message late or out of order',
    file: 'src/pipeline/sorter.ts',
    from: 'const isDeleted = record.isDeleted && !(delivery.topic === READ_TOPIC && isAnswer(record));',
    to: 'const isDeleted = false as boolean;',
    test: 'tests/booking.test.ts',
    named: 'comes after it does not bring it back',
  },
  {
    what: 'an order deleted in the shop, of which nothing stands, is booked no more',
    file: 'src/pipeline/worker.ts',
    from: '  const isNothing = fresh.isDeleted && isNothingStanding(booked);',
    to: '  const isNothing = false as boolean;',
    test: 'tests/booking.test.ts',
  },
  {
    what: 'the rounding line of a draft is not corrected once its day was closed',
    file: 'src/core/plan.ts',
    from: '    const mayChange = !isAccepted && !isSettledDay(document.issuedOn, terms);',
    to: '    const mayChange = !isAccepted;',
    test: 'src/core/plan.test.ts',
  },
  {
    what: 'who was to try an account that is down, and called nothing, is no try',
    file: 'src/pipeline/account-pause.ts',
    from: '  if (news.isProbe) {',
    to: '  if (!news.isProbe) {',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'an order that comes new has an account that is down tried soon',
    file: 'src/pipeline/account-pause.ts',
    from: '  return isNew && pause.until !== undefined && pause.until > soon',
    to: '  return !isNew && pause.until !== undefined && pause.until > soon',
    test: 'src/pipeline/outage.test.ts',
  },
  {
    what: 'a draft is read and compared before it counts',
    file: 'src/books/freshbooks/invoice-changes.ts',
    from: '  if (!isJustRead) {',
    to: '  if (!isJustRead && isJustRead) {',
    test: 'tests/between-calls.test.ts',
  },
  {
    what: 'a payment found with another amount than was sent is asked about',
    file: 'src/books/freshbooks/payments.ts',
    from: '  if (same !== undefined && !isExplained && !isEqual(same.amount, step.amount)) {',
    to: '  if (same !== undefined && !isExplained && !same.id) {',
    against: 'it acted, then the connection is cut',
    test: 'tests/between-calls.test.ts',
  },
  {
    what: 'what waits for calls that a limit allows is backlog',
    file: 'src/pipeline/outcome.ts',
    from: "      const isLimited = outcome.code === 'request-rate-limited' &&",
    to: "      const isLimited = outcome.code === 'request-not-found' &&",
    test: 'src/pipeline/limited.test.ts',
  },
  {
    what: 'after a restore an invoice is looked for under each number that was used',
    file: 'src/pipeline/restored.ts',
    from: "    if (hold !== undefined || standing.state === 'absent') {",
    to: '    if (standing !== undefined) {',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'after a restore any invoice of an order is found, whatever its number',
    file: 'src/books/freshbooks/invoices.ts',
    from: 'anyBut?.includes(row.id) === false && isOfOrder(step, row)',
    to: 'anyBut?.includes(row.id) === false && row.number === step.document.number',
    test: 'tests/contract/books.freshbooks.test.ts',
  },
  {
    what: 'after a restore a refund that stands without its invoice is found',
    file: 'src/pipeline/restored.ts',
    from: '(await standingRefund(run, subject, { order,',
    to: '(await standingRefund(run, subject, { order: { ...order, refunds: [] },',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'after a restore no payment is lowered before its invoice was looked at',
    file: 'src/pipeline/restored.ts',
    from: '    ...changes.map((step) => ({ step, known: { booked, steps: [] }, isAsKnown: false })),',
    to: '',
    test: 'src/pipeline/restored.test.ts',
  },
  {
    what: 'an invoice of a closed day is not rewritten',
    file: 'src/core/targets.ts',
    from: '  if (isSettledDay(issuedOn, terms)) {',
    to: '  if (isSettledDay(issuedOn, { ...terms, rules: {} })) {',
    test: 'src/core/life.test.ts',
  },
  {
    what: 'what a person has booked himself is that of the days that were closed then',
    file: 'src/core/closed-days.ts',
    from: 'return bookedThrough !== undefined && day <= bookedThrough;',
    to: 'return bookedThrough !== undefined;',
    test: 'tests/cases/answers.test.ts',
    named: 'what was said of closed days',
  },
  {
    what: 'a payment covers the money of its own day first',
    file: 'src/core/cash-plan.ts',
    from: '({ at }) => localDate(at, zone) === receivedOn(payment)',
    to: '() => true',
    test: 'tests/cases/answers.test.ts',
    named: 'money of a closed day',
  },
  {
    what: 'a refund stands beside no invoice that was changed by hand unasked',
    file: 'src/pipeline/restored.ts',
    from: `if (isBeside && standing?.state === 'unclear') {`,
    to: `if (false) {`,
    test: 'tests/cases/answers.test.ts',
    named: 'by hand',
  },
  {
    what: 'lines that were taken as right are not written over unasked',
    file: 'src/books/freshbooks/invoice-changes.ts',
    from: 'if (!last.isAccepted || isOurs ||',
    to: 'if (true ||',
    test: 'tests/cases/answers.test.ts',
    named: 'lines that were taken as right',
  },
  {
    what: 'an order that is marked as sent is followed as such',
    file: 'src/core/plan-terms.ts',
    from: 'invoices.some(({ isSent }) => isSent)',
    to: 'invoices.some(() => false)',
    test: 'tests/replan.test.ts',
    named: 'marked as sent',
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
  {
    what: 'money that evens an account is neither given nor kept',
    file: 'src/core/account.ts',
    from: '(known.get(refund.id) ?? overlap(difference, money.negate(then)))',
    to: '(known.get(refund.id) ?? money.zero(order.currency))',
    test: 'src/core/settling.test.ts',
  },
  {
    what: 'money that went back before something was added stays what it was',
    file: 'src/core/account.ts',
    from: 'const part = money.isNegative(wholeDifference(refund)) ? mostGone(states) : keptThen(states);',
    to: 'const part = money.isNegative(wholeDifference(refund)) ? undefined : keptThen(states);',
    test: 'src/core/life-additions.test.ts',
  },
  {
    what: 'what was kept before something was added does not pay for that by itself',
    file: 'src/core/account.ts',
    from: 'return (later.findLast(({ isEven }) => isEven) ?? first)?.part;',
    to: 'return later.at(-1)?.part ?? first?.part;',
    test: 'src/core/life-additions.test.ts',
  },
  {
    what: 'after a restore an invoice of what was added tells when that came',
    file: 'src/core/account.ts',
    from: 'for (const { document } of invoices.filter(({ isFound }) => isFound)) {',
    to: 'for (const { document } of invoices.filter(({ isFound }) => !isFound && isFound)) {',
    test: 'src/core/life-additions.test.ts',
  },
  {
    what: 'what was paid again before something was added stays settled',
    file: 'src/core/account.ts',
    from: '.filter((until) => until >= paidAt(refund))',
    to: '.filter((until) => until >= paidAt(refund))\n      .slice(0, 1)',
    test: 'src/core/life-additions.test.ts',
  },
  {
    what: 'what is added and taken off again settles nothing of what was given before it',
    file: 'src/core/account.ts',
    from: 'refund.returns.every(({ line }) => addedTo(line) === undefined)',
    to: 'refund.returns.every(({ line }) => addedTo(line) !== null)',
    test: 'src/core/life-additions.test.ts',
  },
  {
    what: 'when a line came is known also after a state that cannot be relied on',
    file: 'src/core/account.ts',
    from: 'isThere(line) || !isWhole(order)',
    to: 'isThere(line) && isWhole(order)',
    test: 'src/core/account.test.ts',
  },
  {
    what: 'a refund that stands and is not shown any more is asked about',
    file: 'src/core/plan.ts',
    from: '      ...lost,\n',
    to: '',
    test: 'src/core/life.test.ts',
  },
  {
    what: 'tax of the channel’s on more of a line lowers no payment before',
    file: 'src/core/cash-plan.ts',
    from: '.map(asFirst)',
    to: '.filter((line) => asFirst(line) !== undefined)',
    test: 'src/core/life-additions.test.ts',
  },
  {
    what: 'tax of the channel’s that came with one payment is not paid with the next',
    file: 'src/core/cash-plan.ts',
    from: 'const isPartlyPaid = money.compare(open, tender.amount) < 0;',
    to: 'const isPartlyPaid = money.compare(open, tender.amount) > 0;',
    test: 'src/core/life-edits.test.ts',
  },
  {
    what: 'what went back of money that was never booked is not the money that comes later',
    file: 'src/core/cash-plan.ts',
    from: '    ...settlingPayouts(settling),\n',
    to: '',
    test: 'src/core/life-edits.test.ts',
  },
  {
    what: 'money that a person enters himself keeps its place on its invoice',
    file: 'src/core/cash-plan.ts',
    from: 'place.room = money.subtract(place.room, part);',
    to: "place.room = dated.state === 'open' ? money.subtract(place.room, part) : place.room;",
    test: 'src/core/life.test.ts',
  },
  {
    what: 'money that is paid twice after a refund is not what had been given',
    file: 'src/core/account.ts',
    from: 'isMore ? money.subtract(open, sumAfter(refund, tenders)) : open',
    to: 'isMore && tenders.length < 0 ? money.subtract(open, sumAfter(refund, tenders)) : open',
    test: 'src/core/settling.test.ts',
  },
  {
    what: 'a refund of which money is under way waits as a whole',
    file: 'src/core/sale.ts',
    from: `  if (isPending) {
    return false;
  }`,
    to: '  void isPending;',
    test: 'src/core/settling.test.ts',
  },
  {
    what: 'what an edit took off and a refund pays back is taken off once',
    file: 'src/core/refund-ways.ts',
    from: 'if (considering.paidBeside.has(refund.id)) {',
    to: "if (refund.id === '') {",
    test: 'src/core/life-edits.test.ts',
    named: 'what an edit took off and',
  },
  {
    what: 'what an edit takes off after its refund was booked is taken off once',
    file: 'src/core/refund-ways.ts',
    from: 'return worth.minor > 0n ? (found ?? []) : [];',
    to: 'return worth.minor < 0n ? (found ?? []) : [];',
    test: 'src/core/settling.test.ts',
  },
  {
    what: 'a payment is not lowered for what an invoice of an earlier month holds still',
    file: 'src/core/cash-plan.ts',
    from: 'const most = money.minimum(capacity, money.atLeastZero(money.add(kept, unbooked)));',
    to: 'const most = money.minimum(capacity, money.atLeastZero(kept));',
    test: 'src/core/life-edits.test.ts',
    named: 'what an edit took off and',
  },
  {
    what: 'requests of one connection before an answer have a bound',
    file: 'src/http/connections.ts',
    from: 'connection.unanswered >= limits.unansweredMax',
    to: 'connection.unanswered >= 1000 * limits.unansweredMax',
    test: 'src/http/server.test.ts',
    named: 'that wait together',
    isEndless: true,
  },
  {
    what: 'messages that only name an erased order are blanked too',
    file: 'src/pipeline/redaction.ts',
    from: '  for (const stray of strays) {',
    to: '  for (const stray of strays.slice(0, 0)) {',
    test: 'tests/redaction.test.ts',
    named: 'messages that name an order',
  },
  {
    what: 'a body takes the memory that it is counted with, in pieces of any size',
    file: 'src/http/bodies.ts',
    from: '          body.add(chunk);',
    to: `          body.add(chunk);
          raw.on('end', () => chunk);`,
    test: 'src/http/bodies.test.ts',
  },
  {
    what: 'a body in countless pieces is cut off',
    file: 'src/http/bodies.ts',
    from: '          raw.socket.destroy();',
    to: '          void raw.socket;',
    test: 'src/http/server.test.ts',
    named: 'in too many pieces',
  },
  {
    what: 'what cannot be written into the audit log is not done',
    file: 'src/storage/audit.ts',
    from: '  await assertKept(tx, seal, { number, sha256 });',
    to: '  void assertKept;',
    test: 'tests/contract/audit.sqlite.test.ts',
    named: 'by somebody’s trigger',
  },
  {
    what: 'a trigger that somebody put into the database is found by audit verify',
    file: 'src/storage/audit.ts',
    from: 'verdict.fault === undefined ? await refusalFault(db) : undefined',
    to: 'await Promise.resolve(db).then((): string | undefined => undefined)',
    test: 'tests/contract/audit.sqlite.test.ts',
    named: 'own refusals were taken away',
  },
  {
    what: 'what was redacted since a backup does not come back by it',
    file: 'src/storage/restore.ts',
    from: 'eraseAgain(database, present, now)',
    to: 'Number(present === database && eraseAgain)',
    test: 'tests/backup/erased-since.test.ts',
    named: 'brings nothing back',
  },
  {
    what: 'a message that a backup has not read is not blanked in it',
    file: 'src/storage/erased-since.ts',
    from: "redacted_at is null and state <> 'accepted'",
    to: 'redacted_at is null',
    test: 'tests/backup/erased-since.test.ts',
    named: 'keeps what it has not read',
  },
];
