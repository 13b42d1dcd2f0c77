import { previewOrder } from '#preview.ts';
import type { OrderPreview, PreviewOptions } from '#preview.ts';
import { SHOPIFY, rulesFileOptions } from '#connections.ts';
import { Failure } from '#core/failure.ts';
import { CommandError, DONE, FAILED } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { inputName, readInput } from './input-file.ts';
import { judge } from './preview-judgement.ts';
import { previewJson } from './preview-json.ts';
import { previewText } from './preview-text.ts';
import { readRulesFrom, showingMistakes, timeZoneOf } from './rules-input.ts';

/** An order's invoice before anything is connected: no database, no network, no configuration. */

/** As large as a webhook may be. */
const LIMIT = { bytesMax: 8 * 1024 * 1024, why: 'which no order is' };
const NAMES: Readonly<Record<string, string>> = { shopify: 'Shopify', amazon: 'Amazon' };
const PLACEHOLDER_SHOP = 'your-shop.myshopify.com';
/** The first key of a file, with whatever blanks stand before it. */
const WRAPPING_BYTES = 200;

/** Answers 1 when the order would be held or cannot be read. */
export async function preview(
  context: CommandContext,
  {
    file,
    source,
    rulesFile,
  }: { readonly file: string; readonly source: string; readonly rulesFile: string | undefined },
): Promise<number> {
  return showingMistakes(context, async () => {
    const rules =
      rulesFile === undefined
        ? rulesFileOptions(timeZoneOf(context)).defaultsOf(source)
        : await readRulesFrom(context, rulesFile, source);
    const body = await readInput(context, file, LIMIT);
    const shown = previewOf(context, { file, source, body, rules });
    const { output } = context;
    output.json(previewJson(shown));
    previewText(output, shown).forEach((line) => output.print(line));
    return judge(shown).outcome === 'held' ? FAILED : DONE;
  });
}

function previewOf(
  { environment }: CommandContext,
  { file, ...given }: Omit<PreviewOptions, 'shop'> & { readonly file: string; readonly body: Uint8Array },
): OrderPreview {
  const shop = environment['SHOPIFY_SHOP_DOMAIN']?.trim().toLowerCase() ?? '';
  try {
    return previewOrder(given.body, { ...given, shop: shop === '' ? PLACEHOLDER_SHOP : shop });
  } catch (thrown) {
    // The catalogue's sentences speak of a message that the shop sent, and here is only a file.
    if (thrown instanceof Failure && thrown.code.startsWith('delivery-')) {
      throw new CommandError(
        `Cannot read ${inputName(file)} as an order of ${NAMES[given.source] ?? given.source}: ${thrown.message}${wrappingHint(given)}`,
      );
    }
    throw thrown;
  }
}

/** Shopify's REST API, and whoever exports by it, puts orders into another object; a webhook has the order alone. */
function wrappingHint({ source, body }: { readonly source: string; readonly body: Uint8Array }): string {
  const start = Buffer.from(body).subarray(0, WRAPPING_BYTES).toString('utf8');
  const [, name] = /^\s*\{\s*"(orders?)"\s*:/.exec(start) ?? [];
  return source === SHOPIFY && name !== undefined
    ? `: give one order alone, what stands within "${name}"`
    : '';
}
