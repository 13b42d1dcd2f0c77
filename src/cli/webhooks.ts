import type { App } from '#app.ts';
import { WEBHOOK_ACTIONS } from './choices.ts';
import { CommandError, DONE, USAGE } from './command-error.ts';
import { withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { paragraph, table, wrapped } from './output.ts';
import type { Cell, Column, Output } from './output.ts';

/** The shop's subscriptions: which messages it sends here, and which it should. */

type Plan = Awaited<ReturnType<App['shopAdmin']['planWebhooks']>>;
type Changes = Awaited<ReturnType<App['shopAdmin']['repairWebhooks']>>;

export async function webhooks(context: CommandContext, action: string): Promise<number> {
  return withApp(context, async ({ shopAdmin }) => {
    const changes = await change(shopAdmin, action);
    const plan = await shopAdmin.planWebhooks();
    const rows = rowsOf(plan);
    const instructions = shopAdmin.complianceInstructions();
    context.output.json({
      address: plan.uri,
      subscriptions: rows,
      changes,
      complianceInstructions: instructions,
    });
    print(context.output, { changes, rows, action });
    if (action !== 'remove') {
      context.output.print();
      instructions
        .split('\n')
        .flatMap((line) => wrapped(line, context.output.columns))
        .forEach((line) => context.output.print(line));
    }
    return DONE;
  });
}

async function change(shopAdmin: App['shopAdmin'], action: string): Promise<Changes> {
  switch (action) {
    case 'list':
      return [];
    case 'register':
    case 'repair':
      return shopAdmin.repairWebhooks();
    case 'remove':
      return shopAdmin.removeWebhooks();
    default:
      throw new CommandError(`"${action}" is none of ${WEBHOOK_ACTIONS.join(', ')}`, USAGE);
  }
}

interface Row {
  readonly topic: string;
  readonly state: 'ok' | 'missing' | 'wrong' | 'duplicate' | 'foreign';
  readonly address: string;
  readonly why: string;
}

function rowsOf({ right, missing, wrong, duplicates, foreign }: Plan): Row[] {
  return [
    ...right.map(({ topic, uri }) => ({ topic, state: 'ok' as const, address: uri, why: '' })),
    ...missing.map((topic) => ({
      topic,
      state: 'missing' as const,
      address: '',
      why: 'nobody tells us of it',
    })),
    ...wrong.map(({ subscription: { topic, uri }, why }) => ({
      topic,
      state: 'wrong' as const,
      address: uri,
      why,
    })),
    ...duplicates.map(({ topic, uri }) => ({
      topic,
      state: 'duplicate' as const,
      address: uri,
      why: 'sent twice',
    })),
    ...foreign.map(({ topic, uri }) => ({
      topic,
      state: 'foreign' as const,
      address: uri,
      why: 'not ours, left alone',
    })),
  ];
}

const COLUMNS: readonly Column[] = [
  { title: 'Topic' },
  { title: 'State' },
  { title: 'Address', isFlexible: true },
  { title: '', isFlexible: true },
];

function print(
  output: Output,
  {
    changes,
    rows,
    action,
  }: { readonly changes: Changes; readonly rows: readonly Row[]; readonly action: string },
): void {
  changes.forEach(({ did, topic, uri }) => output.print(`${topic} ${did}: ${uri}`));
  if (action !== 'list' && changes.length === 0) {
    output.print('Nothing was to be changed');
  }
  if (action === 'remove') {
    output.print('The shop sends nothing here any more: counterfoil webhooks register begins anew');
    return;
  }
  if (action !== 'list') {
    output.print();
  }
  const cells = rows.map(({ topic, state, address, why }) => [topic, stateCell(state), address, why]);
  table(output, COLUMNS, cells).forEach((line) => output.print(line));
  const needed = rows.filter(({ state }) => state !== 'ok' && state !== 'foreign').length;
  if (needed > 0 && action === 'list') {
    const sentence = `${needed} of them need work: counterfoil webhooks repair`;
    output.print();
    paragraph(output, sentence, 'yellow').forEach((line) => output.print(line));
  }
}

function stateCell(state: Row['state']): Cell {
  switch (state) {
    case 'ok':
      return { text: state, colour: 'green' };
    case 'missing':
    case 'wrong':
    case 'duplicate':
      return { text: state, colour: 'red' };
    case 'foreign':
      return { text: state, colour: 'dim' };
  }
}
