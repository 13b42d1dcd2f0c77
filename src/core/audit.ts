import type { Instant } from './time.ts';

/** The audit log: who did what beside booking (docs/security.md). */

/** What a person or the program did beside booking. No personal data: keys, figures and words of the program's own. */
export interface AuditEvent {
  readonly action: AuditAction;
  /** An order's key, "delivery:12", a connection, or what else it was done to. */
  readonly subject: string;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  /** Who did it, when it is not who opened the store. */
  readonly actor?: string;
}

export type AuditAction =
  | 'server started'
  | 'server stopped'
  | 'access granted'
  | 'account chosen'
  | 'connection renamed'
  | 'webhooks changed'
  | 'rules imported'
  | 'backfill asked'
  | 'backfill stopped'
  | 'order retried'
  | 'order decided'
  | 'message retried'
  | 'message put aside'
  | 'contact data redacted'
  | 'backup restored'
  | 'secrets sealed anew'
  | 'lost secrets dropped'
  | 'admin password set'
  | 'admin logged in'
  | 'admin logged out'
  | 'admin logins refused';

/** One row of the audit log, whose hash covers all else of it and the row before. */
export interface AuditRow {
  /** From 1, without gaps. */
  readonly number: number;
  readonly at: Instant;
  /** "server", the account of the system that ran a command, or the session of an admin. */
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** JSON. */
  readonly details: string;
  readonly sha256: string;
}

/** What walking the chain found; `fault` names the first row that is not as it was written. */
export interface AuditVerdict {
  /** Rows that are whole: all of them, or those before the fault. */
  readonly count: number;
  /** Hash of the last row; absent while there is none, and with a fault. */
  readonly head?: string;
  readonly fault?: { readonly number: number; readonly why: string };
}
