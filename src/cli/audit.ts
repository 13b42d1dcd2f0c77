import { parseZone, showInstant } from '#core/time.ts';
import type { AuditRow, AuditVerdict } from '#core/audit.ts';
import { DONE, FAILED } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { counted, paragraph, table } from './output.ts';
import type { Column } from './output.ts';
import { showTime } from './time-text.ts';

/** Who did what and when beside booking, and whether the list is as it was written. */

export interface AuditOptions {
  readonly limit: number;
  readonly before?: number;
}

/** What was done is read also where the key was changed, which is a reason to look. */
const WITH_ANY_KEY = { acceptsOtherKey: true } as const;
const UTC = parseZone('Z');

export async function audit(context: CommandContext, action: string, options: AuditOptions): Promise<number> {
  return action === 'verify' ? verify(context) : list(context, options);
}

const COLUMNS: readonly Column[] = [
  { title: 'No.', align: 'right' },
  { title: 'Time (UTC)' },
  { title: 'Who', mayStandBeneath: true },
  { title: 'Did' },
  { title: 'To' },
  { title: 'How', mayStandBeneath: true },
];

async function list(context: CommandContext, { limit, before }: AuditOptions): Promise<number> {
  const { output } = context;
  return withApp(
    context,
    async ({ store }) => {
      const found = await store.read.audit({ limit: limit + 1, ...(before === undefined ? {} : { before }) });
      const rows = found.slice(0, limit);
      const isCut = found.length > limit;
      output.json({ rows: rows.map(rowJson), isCut });
      if (rows.length === 0) {
        output.print('Nothing was done yet');
      } else {
        table(output, COLUMNS, rows.map(cellsOf)).forEach((line) => output.print(line));
      }
      if (isCut) {
        output.print();
        output.print(`Older ones follow: counterfoil audit --before ${rows.at(-1)?.number ?? ''}`);
      }
      return DONE;
    },
    WITH_ANY_KEY,
  );
}

function cellsOf({ number, at, actor, action, subject, details }: AuditRow): string[] {
  const how = Object.entries(detailsIn(details)).map(([name, value]) => `${name} ${String(value)}`);
  return [String(number), showTime(at, UTC), actor, action, subject, how.join(', ')];
}

function rowJson({ number, at, actor, action, subject, details, sha256 }: AuditRow): unknown {
  return { number, at: showInstant(at), actor, action, subject, details: detailsIn(details), sha256 };
}

/** A row that somebody changed may hold anything; `verify` tells that it was changed. */
function detailsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const details: unknown = JSON.parse(text);
    return typeof details === 'object' && details !== null ? { ...details } : { text };
  } catch {
    return { text };
  }
}

async function verify(context: CommandContext): Promise<number> {
  const { output } = context;
  return withApp(
    context,
    async ({ store }) => {
      const verdict = await store.read.verifyAudit();
      output.json({ isWhole: verdict.fault === undefined, head: null, fault: null, ...verdict });
      paragraph(output, sentenceOf(verdict), verdict.fault === undefined ? 'green' : 'red').forEach((line) =>
        output.print(line),
      );
      return verdict.fault === undefined ? DONE : FAILED;
    },
    WITH_ANY_KEY,
  );
}

function sentenceOf({ count, head, fault }: AuditVerdict): string {
  if (fault !== undefined) {
    return `The log is not as it was written. Row ${fault.number}: ${fault.why}. ${counted(count, 'row')} before it ${count === 1 ? 'is' : 'are'} whole`;
  }
  return head === undefined
    ? 'The log is empty and whole'
    : `${counted(count, 'row')}, each as it was written and none missing. The last has the hash ${head}: written down elsewhere, it also proves that this file is not an older copy`;
}
