import { restoreDatabase } from '#app.ts';
import { contentFacts } from './backup-text.ts';
import { DONE } from './command-error.ts';
import { configOf, quietOutside } from './context.ts';
import type { CommandContext } from './context.ts';
import { counted, facts, paragraph } from './output.ts';
import { instantJson } from '#operator/json.ts';

/** Puts a backup in the place of the database, and says what a person has to see to. */
export async function restore(context: CommandContext, file: string): Promise<number> {
  const { output } = context;
  const config = configOf(context);
  const restored = await restoreDatabase(config, quietOutside(), file);
  const {
    contents,
    sha256,
    migrated,
    keptAs,
    keyKeptAs,
    isAccessTakenOver,
    isOpened,
    forgotten,
    blankedCount,
    unread,
  } = restored;
  output.json({
    database: config.databasePath,
    file,
    sha256,
    rows: contents.rows,
    version: migrated.version,
    applied: migrated.applied,
    newestMessageAt: instantJson(contents.newestAt),
    keptAs: keptAs ?? null,
    keyKeptAs: keyKeptAs ?? null,
    isAccessTakenOver,
    isOpened,
    forgotten,
    blankedMessages: blankedCount,
    unread,
  });
  output.print(`"${config.databasePath}" is now what "${file}" holds`);
  const kept = [keptAs, keyKeptAs].filter((path) => path !== undefined);
  const told = [
    { name: 'sha256', value: sha256 },
    ...contentFacts(context, contents),
    ...(migrated.applied.length === 0
      ? []
      : [{ name: 'Brought up to date', value: migrated.applied.join(', ') }]),
    { name: 'Kept beside it', value: kept.join(', ') || 'nothing, since no database stood there' },
  ];
  facts(output, told).forEach((line) => output.print(line));
  for (const text of [
    ...AFTERWARDS,
    ...unreadTexts(restored),
    accessText(restored),
    ...forgottenTexts(restored),
    ...blankedTexts(restored),
  ]) {
    output.print();
    paragraph(output, text, 'yellow').forEach((line) => output.print(line));
  }
  return DONE;
}

const AFTERWARDS = [
  'What changed after the newest message is asked for by itself once the service runs, where shop or seller can be asked (counterfoil doctor). Where they cannot: change something harmless on such an order there (a note), and it comes again. Orders that were deleted there since are told by nothing: look for them',
  'Nothing is booked twice: of orders from before now, FreshBooks is asked for what stands before anything is written',
] as const;

const UNREAD = {
  access: 'The database that stood there is damaged, and its access, the newest there was, could not be read',
  redactions:
    'The database that stood there is damaged, and what was redacted in it since the backup could not be read: contact data that was redacted since is back. Redact again (counterfoil redact)',
} as const;

function unreadTexts({ unread }: { readonly unread: readonly (keyof typeof UNREAD)[] }): readonly string[] {
  return unread.map((what) => UNREAD[what]);
}

function blankedTexts({ blankedCount }: { readonly blankedCount: number }): readonly string[] {
  return blankedCount === 0
    ? []
    : [
        `${counted(blankedCount, 'message')} of the backup ${blankedCount === 1 ? 'is' : 'are'} blank, as in the database that stood there: contact data that was redacted since does not come back`,
      ];
}

function forgottenTexts({ forgotten }: { readonly forgotten: readonly string[] }): readonly string[] {
  return forgotten.length === 0
    ? []
    : [
        `Sealed with a key that is not here, and so forgotten: ${forgotten.join(', ')}. Without admin-password nobody can log in, and without audit-head "audit verify" tells of the row of this restore. Where you have the key from before secret rotate, set COUNTERFOIL_OLD_SECRET_KEY to it and restore once more`,
      ];
}

function accessText({
  isAccessTakenOver,
  isOpened,
}: {
  readonly isAccessTakenOver: boolean;
  readonly isOpened: boolean;
}): string {
  if (isAccessTakenOver) {
    return 'The access to FreshBooks is the newest there was, so it need not be given again';
  }
  return isOpened
    ? 'The access to FreshBooks is that of the backup. If it was renewed since, it is refused: counterfoil connect freshbooks'
    : 'The stored access does not open with the key that is here. Put the right key back, or connect again: counterfoil connect freshbooks';
}
