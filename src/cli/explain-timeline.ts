import type { Step } from '#core/document.ts';
import { AMAZON } from '#connections.ts';
import { CATALOGUE } from '#core/failure.ts';
import { splitOrderKey } from '#core/ids.ts';
import type { Entry, Hold, Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import type { Instant, Zone } from '#core/time.ts';
import { FOUND_TOPIC, READ_TOPIC } from '#pipeline/source.ts';
import { shownAt, sortedOf } from '#operator/order-story.ts';
import type { Story } from '#operator/order-story.ts';
import type { Delivery, Notice, OrderRecord } from '#pipeline/ports.ts';
import type { Sorted } from '#pipeline/source.ts';
import type { Colour } from './output.ts';
import { stepText } from './step-text.ts';
import { showDuration, showTime } from './time-text.ts';

/** Who told of it, in the middle of a sentence. */
export function sellerOf({ key }: OrderRecord): 'the shop' | 'Amazon' {
  return splitOrderKey(key).connection === AMAZON ? 'Amazon' : 'the shop';
}

export interface Happening {
  readonly at: Instant;
  readonly what: string;
  readonly texts: readonly string[];
  readonly colour?: Colour;
}

/** What happened to the order, oldest first. */
export function timelineOf(story: Story): Happening[] {
  return [
    ...deliveryHappenings(story),
    ...story.entries.map(entryHappening),
    ...story.holds.flatMap(holdHappenings),
    ...untold(story).map(({ at, sentence }): Happening => ({
      at,
      what: 'Told',
      texts: [sentence],
      colour: 'yellow',
    })),
  ].sort((a, b) => a.at - b.at);
}

/** What an entry's own remarks do not say already. */
function untold({ notices, entries }: Story): readonly Notice[] {
  const remarks = new Set(entries.flatMap(({ receipt }) => receipt?.remarks ?? []));
  return notices.filter(({ sentence }) => !remarks.has(sentence));
}

function deliveryHappenings(story: Story): Happening[] {
  let newest: Instant | undefined;
  return story.deliveries.map((delivery) => {
    const sorted = sortedOf(story.source, delivery);
    const shown = shownAt(sorted);
    const texts = [
      delivery.redactedAt === undefined
        ? whatItShows(sorted, { shown, newest, zone: story.zone })
        : `Its content was redacted on ${showTime(delivery.redactedAt, story.zone)}; its hash stays`,
      ...(delivery.reason === undefined ? [] : [delivery.reason]),
      [
        `Message ${delivery.id}`,
        delivery.state,
        ...sizeOf(delivery),
        `sha256 ${short(delivery.bodySha256)}`,
      ].join(', '),
    ];
    newest = shown !== undefined && (newest === undefined || shown > newest) ? shown : newest;
    const isNewest = delivery.id === story.record.newestDelivery;
    const what = whatCame(delivery, story.record);
    return { at: delivery.receivedAt, what: `${what}${isNewest ? ', the newest state' : ''}`, texts };
  });
}

function whatCame({ topic }: Delivery, record: OrderRecord): string {
  switch (topic) {
    case READ_TOPIC:
      return `Asked ${sellerOf(record)}`;
    case FOUND_TOPIC:
      return `Found at ${sellerOf(record)}`;
    default:
      return `Received ${topic}`;
  }
}

/** Of what was blanked it is not known any more. */
function sizeOf({ redactedAt, body }: Delivery): string[] {
  return redactedAt === undefined ? [`${body.byteLength} bytes`] : [];
}

function whatItShows(
  sorted: Sorted | undefined,
  {
    shown,
    newest,
    zone,
  }: { readonly shown: Instant | undefined; readonly newest: Instant | undefined; readonly zone: Zone },
): string {
  if (sorted === undefined) {
    return 'What it shows cannot be read now';
  }
  if (sorted.kind === 'touch') {
    return `Names the order without showing it: ${sorted.why}`;
  }
  if (shown === undefined) {
    return sorted.kind === 'deleted' ? 'The order was deleted in the shop' : 'Nothing to book';
  }
  const what = sorted.kind === 'settlement' ? 'settlement' : 'order';
  const state = `the ${what} as of ${showTime(shown, zone)}`;
  if (newest === undefined || shown > newest) {
    return `Shows ${state}`;
  }
  return shown === newest
    ? `Shows ${state} once more: nothing new`
    : `Shows an older state, ${state}: kept and not used`;
}

function entryHappening(entry: Entry): Happening {
  const { receipt, intent, settledAt, intendedAt } = entry;
  const took = settledAt === undefined ? '' : ` after ${showDuration(settledAt - intendedAt)}`;
  const step = stepText(intent);
  switch (entry.state) {
    case 'posted':
      return {
        at: intendedAt,
        what: `${isFound(receipt) ? 'Found' : 'Booked'}: ${step}`,
        texts: receipt === undefined ? [] : receiptTexts(entry, receipt, took),
        colour: 'green',
      };
    case 'voided':
      return {
        at: intendedAt,
        what: `Intended: ${step}`,
        texts: [`Given up${took}: it does not stand in FreshBooks`],
      };
    case 'pending':
      return {
        at: intendedAt,
        what: `Intended: ${step}`,
        texts: [
          entry.calledAt === undefined
            ? 'Not sent yet, or certainly without effect'
            : `Sent, and it is unknown whether FreshBooks acted: looked for ${entry.looks} times so far`,
        ],
        colour: 'yellow',
      };
  }
}

function isFound(receipt: Receipt | undefined): boolean {
  return receipt?.isAdopted === true || receipt?.isFound === true;
}

function receiptTexts({ account, rulesVersion, intent }: Entry, receipt: Receipt, took: string): string[] {
  const { externalId, amount, outstanding, requestSha256, answerSha256, remindsBuyer } = receipt;
  const figures = [
    ...(amount === undefined || intent.kind === 'sent' ? [] : [money.show(amount)]),
    ...(outstanding === undefined || intent.kind === 'sent'
      ? []
      : [`${money.show(outstanding)} of the invoice outstanding`]),
  ];
  const found =
    receipt.isAdopted === true
      ? 'Made by a person or another program: linked, and left as it is'
      : 'It stood in FreshBooks already and carries our reference';
  const hashes = [
    ...(requestSha256 === undefined ? [] : [`request ${short(requestSha256)}`]),
    ...(answerSha256 === undefined ? [] : [`answer ${short(answerSha256)}`]),
    `rules ${rulesVersion}`,
  ];
  return [
    ...(isFound(receipt) ? [found] : []),
    `${nounOf(intent)} ${externalId} of ${account}${took}${figures.length === 0 ? '' : `: ${figures.join(', ')}`}`,
    ...(remindsBuyer === undefined ? [] : [`Would write to the buyer: ${remindsBuyer}`]),
    ...(receipt.remarks ?? []),
    hashes.join(', '),
  ];
}

function nounOf(step: Step): string {
  switch (step.kind) {
    case 'client':
      return 'Client';
    case 'invoice':
    case 'lines':
    case 'sent':
    case 'void':
      return 'Invoice';
    case 'payment':
    case 'payment-change':
      return 'Payment';
    case 'expense':
      return 'Expense';
    case 'credit-note':
      return 'Credit note';
  }
}

function holdHappenings(hold: Hold): Happening[] {
  const { openedAt, closedAt, step, code, detail, facts } = hold;
  const opened: Happening = {
    at: openedAt,
    what: `Held: ${step} (${code})`,
    texts: [
      detail,
      ...facts.map(({ name, value }) => `${name}: ${value}`),
      CATALOGUE[code].sentence,
      ...(hold.exchange === undefined ? [] : ['What was sent and answered, word by word: --json']),
    ],
    colour: closedAt === undefined ? 'red' : 'yellow',
  };
  return closedAt === undefined
    ? [opened]
    : [opened, { at: closedAt, what: `No longer held: ${step}`, texts: [hold.closedBecause ?? ''] }];
}

/** As much of a hash as tells two apart at a glance; --json has it whole. */
function short(sha256: string): string {
  return sha256.slice(0, 12);
}
