import type { ColumnType, Generated } from 'kysely';

/** Tables as Kysely sees them, the same on every engine. Whole numbers come back as bigint; money is never a float. */
type Integer = ColumnType<bigint, number | bigint, number | bigint>;
type NullableInteger = ColumnType<bigint | null, number | bigint | null, number | bigint | null>;

export interface Tables {
  deliveries: DeliveriesTable;
  orders: OrdersTable;
  entries: EntriesTable;
  holds: HoldsTable;
  clients: ClientsTable;
  leases: LeasesTable;
  pauses: PausesTable;
  rules: RulesTable;
  notices: NoticesTable;
  settings: SettingsTable;
  secrets: SecretsTable;
  audit: AuditTable;
  alarms: AlarmsTable;
  alarm_tellings: AlarmTellingsTable;
  sessions: SessionsTable;
  migrations: MigrationsTable;
}

interface DeliveriesTable {
  id: Generated<bigint>;
  connection: string;
  external_id: string;
  topic: string;
  /** JSON object. */
  headers: string;
  body: Uint8Array;
  body_sha256: string;
  received_at: Integer;
  state: string;
  order_key: string | null;
  reason: string | null;
  /** Set once body and headers were blanked. */
  redacted_at: NullableInteger;
}

export interface OrdersTable {
  key: string;
  connection: string;
  name: string;
  state: string;
  due_at: NullableInteger;
  attempts: Integer;
  first_failed_at: NullableInteger;
  failed_code: string | null;
  priority: Integer;
  newest_delivery: NullableInteger;
  stamp: NullableInteger;
  /** Canonical order as JSON, without contact data. */
  snapshot: string | null;
  rules_version: string | null;
  number_variant: Integer;
  reread_why: string | null;
  reread_since: NullableInteger;
  reread_at: NullableInteger;
  reread_blocks: Integer;
  is_deleted: Integer;
  /** JSON object. */
  decisions: string;
  reason: string | null;
  waits_for: string | null;
  limited_since: NullableInteger;
  created_at: Integer;
  updated_at: Integer;
}

export interface EntriesTable {
  id: Generated<bigint>;
  order_key: string;
  account: string;
  kind: string;
  slot: Integer;
  reference: string;
  /** The step as JSON. */
  intent: string;
  state: string;
  called_at: NullableInteger;
  looks: Integer;
  external_id: string | null;
  /** JSON, with hashes of request and answer. */
  receipt: string | null;
  rules_version: string;
  intended_at: Integer;
  settled_at: NullableInteger;
}

export interface HoldsTable {
  id: Generated<bigint>;
  order_key: string | null;
  delivery_id: NullableInteger;
  connection: string | null;
  step: string;
  code: string;
  detail: string;
  facts: string;
  intent_sha256: string | null;
  /** Of the write that was refused, without tokens and contact data; blanked with the order's messages. */
  request: string | null;
  answer: string | null;
  opened_at: Integer;
  closed_at: NullableInteger;
  closed_because: string | null;
}

interface ClientsTable {
  account: string;
  source: string;
  customer_id: string;
  external_id: string;
  /** JSON array of field names. */
  filled_fields: string;
}

interface LeasesTable {
  key: string;
  holder: string;
  fence: Integer;
  until: Integer;
}

interface PausesTable {
  account: string;
  until: NullableInteger;
  reason: string;
  code: string | null;
  since: NullableInteger;
  probes: NullableInteger;
}

interface RulesTable {
  version: string;
  body: string;
}

interface NoticesTable {
  key: string;
  sentence: string;
  order_key: string | null;
  at: Integer;
}

interface SettingsTable {
  key: string;
  value: string;
}

interface SecretsTable {
  key: string;
  sealed: string;
}

/** Only added to. */
export interface AuditTable {
  number: Integer;
  at: Integer;
  actor: string;
  action: string;
  subject: string;
  /** JSON object. */
  details: string;
  previous_sha256: string;
  /** Of the row's other columns. */
  sha256: string;
}

export interface AlarmsTable {
  key: string;
  kind: string;
  code: string | null;
  connection: string | null;
  order_key: string | null;
  subject: string;
  sentence: string;
  remedy: string;
  since_at: Integer;
  seen_at: Integer;
  raised_at: NullableInteger;
  over_at: NullableInteger;
}

interface AlarmTellingsTable {
  alarm_key: string;
  channel: string;
  told_at: Integer;
  over_told_at: NullableInteger;
}

interface SessionsTable {
  /** Of the hash of the cookie's id, with the key. */
  id_sha256: string;
  opened_at: Integer;
  seen_at: Integer;
  ends_at: Integer;
}

interface MigrationsTable {
  number: Integer;
  name: string;
  is_breaking: Integer;
  applied_at: Integer;
}
