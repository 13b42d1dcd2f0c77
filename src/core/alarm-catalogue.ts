/** What an alarm can be about. docs/alarms.md lists exactly these; a test compares. */
interface AlarmKindTerms {
  readonly when: string;
  /** The cause, where no failure of the catalogue says it better. */
  readonly sentence: string;
  readonly remedy: string;
  /** The remedy when several are told of together. */
  readonly remedyOfSeveral?: string;
}

/** The most urgent first: so they stand in a message. */
export const ALARM_CATALOGUE = {
  unwritten: {
    when: 'The database has not taken what comes for ALARM_QUEUE_MINUTES: its disk is full, another program holds it, or it is damaged',
    sentence: 'The database cannot be written',
    remedy:
      'counterfoil doctor tells why. Nothing is booked meanwhile, and messages are refused: a shop sends them again for four hours, and what changed later is asked for once it is over',
  },
  paused: {
    when: 'Access to the account is refused or missing, so nothing is booked into it until a person acts',
    sentence: 'Access to the account was refused or is missing',
    remedy:
      'counterfoil doctor tells what is missing. Nothing is lost meanwhile: what waits is booked afterwards',
  },
  outage: {
    when: 'An account has been down for ALARM_QUEUE_MINUTES: order after order fails, none gets through, and all wait for it',
    sentence: 'The account is down',
    remedy:
      'Wait: it is tried every quarter of an hour, and what waits is booked once it is up. counterfoil doctor tells what the other side says',
  },
  failing: {
    when: 'Orders of a connection have failed for ALARM_QUEUE_MINUTES and are tried again by themselves, while the account is not down',
    sentence: 'The other side does not take them. They are tried again by themselves',
    remedy:
      'counterfoil orders --state waiting tells what the other side says. After a day of trying each order is held',
  },
  'queue-unread': {
    when: 'The queue of a seller could not be read for ALARM_QUEUE_MINUTES, try after try',
    sentence: 'The queue in which messages arrive cannot be read',
    remedy:
      'counterfoil doctor tells why. Messages wait in the queue as long as it keeps them; meanwhile what changed is asked for every five minutes, so orders are booked minutes late',
  },
  unswept: {
    when: 'A shop or seller could not be asked for ALARM_QUEUE_MINUTES, try after try, for orders of which no message came, or of days that a backfill brings',
    sentence: 'It cannot be asked what changed, so orders of which no message comes are not known',
    remedy:
      'counterfoil doctor tells why. Orders of which messages come are booked all the same, and nothing is passed over: it is asked again from where it stopped',
  },
  'queue-old': {
    when: 'An order or message has been due, or has waited for calls that a limit allows, for ALARM_QUEUE_MINUTES',
    sentence: 'Work that is due is not taken up, or slower than it comes',
    remedy:
      'Look at the log of counterfoil serve, and at counterfoil doctor. counterfoil orders --state waiting tells whether limits of calls are used up',
  },
  'queue-deep': {
    when: 'More than 500 orders and messages have been due, or have waited for calls that a limit allows, for ALARM_QUEUE_MINUTES without a break',
    sentence: 'More comes than can be booked at the pace that FreshBooks allows',
    remedy:
      'Wait: it is worked off, live orders first. counterfoil orders --state due and --state waiting show them',
  },
  refused: {
    when: 'Five messages for a connection in a row came without a valid signature',
    sentence:
      'Messages came without a valid signature and were not taken in; none with a valid one came since',
    remedy:
      'Compare the secrets with those that the sender signs with: SHOPIFY_API_SECRET and SHOPIFY_WEBHOOK_SECRET of a shop, AMAZON_WEBHOOK_SECRET of a forwarder. If they are right, somebody else is sending',
  },
  unpaid: {
    when: 'An order is paid in the shop and its invoice has stayed open for ten minutes, and no question waits on it',
    sentence: 'The order is paid in the shop and its invoice in FreshBooks is still open',
    remedy: 'counterfoil explain tells what is missing',
    remedyOfSeveral: 'counterfoil explain ORDER tells what is missing',
  },
  questions: {
    when: 'More than 5,000 questions wait for a person: they are counted by cause and not named one by one',
    sentence: 'A person must look',
    remedy:
      'counterfoil orders --state held lists them. Where one cause holds many, mend it, then counterfoil retry --all-held',
  },
  held: {
    when: 'An order is held: it failed for good, or a person must decide',
    sentence: 'A person must look',
    remedy:
      'counterfoil explain tells why; then counterfoil retry, or counterfoil decide where there is a choice',
    remedyOfSeveral:
      'counterfoil orders --state held lists them, counterfoil explain ORDER tells why; then counterfoil retry ORDER, or counterfoil decide ORDER where there is a choice',
  },
  message: {
    when: 'A message of the shop is held: it cannot be read, or a person must know of it',
    sentence: 'A person must look',
    remedy: 'counterfoil explain tells why; then counterfoil retry, or counterfoil decide with keep',
    remedyOfSeveral:
      'counterfoil orders lists them, counterfoil explain delivery:ID tells why; then counterfoil retry delivery:ID, or counterfoil decide delivery:ID keep',
  },
  channel: {
    when: 'A channel of alarms has failed twice in a row; told through the others',
    sentence: 'Alarms cannot be sent through this channel',
    remedy: 'Correct its settings, then counterfoil alarms test',
  },
} as const satisfies Record<string, AlarmKindTerms>;

export type AlarmKind = keyof typeof ALARM_CATALOGUE;

/** In the order of their urgency. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of the table above
export const ALARM_KINDS = Object.keys(ALARM_CATALOGUE) as AlarmKind[];

export function alarmTerms(kind: AlarmKind): AlarmKindTerms {
  return ALARM_CATALOGUE[kind];
}
