import { previewOrder } from '#preview.ts';
import type { OrderPreview } from '#preview.ts';
import { Failure } from '#core/failure.ts';
import { rulesWith } from '#core/rules.ts';
import type { Rules } from '#core/rules.ts';
import { CommandError, DONE, FAILED } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { inputName, readInput } from './input-file.ts';
import { judge } from './preview-judgement.ts';
import { previewJson } from './preview-json.ts';
import { previewText } from './preview-text.ts';
import { readShopifyRules, showingMistakes, timeZoneOf } from './rules-input.ts';

/** An order's invoice before anything is connected: no database, no network, no configuration. */

/** As large as a webhook may be. */
const LIMIT = { bytesMax: 8 * 1024 * 1024, why: 'which no order is' };
const PLACEHOLDER_SHOP = 'your-shop.myshopify.com';

/** Answers 1 when the order would be held or cannot be read. */
export async function preview(
  context: CommandContext,
  { file, rulesFile }: { readonly file: string; readonly rulesFile: string | undefined },
): Promise<number> {
  return showingMistakes(context, async () => {
    const rules =
      rulesFile === undefined ? rulesWith(timeZoneOf(context)) : await readShopifyRules(context, rulesFile);
    const body = await readInput(context, file, LIMIT);
    const shown = previewOf(context, { file, body, rules });
    const { output } = context;
    output.json(previewJson(shown));
    previewText(output, shown).forEach((line) => output.print(line));
    return judge(shown).outcome === 'held' ? FAILED : DONE;
  });
}

function previewOf(
  { environment }: CommandContext,
  { file, body, rules }: { readonly file: string; readonly body: Uint8Array; readonly rules: Rules },
): OrderPreview {
  const shop = environment['SHOPIFY_SHOP_DOMAIN']?.trim().toLowerCase() ?? '';
  try {
    return previewOrder(body, {
      shop: shop === '' ? PLACEHOLDER_SHOP : shop,
      rules,
    });
  } catch (thrown) {
    // The catalogue's sentences speak of a message that the shop sent, and here is only a file.
    if (thrown instanceof Failure && thrown.code.startsWith('delivery-')) {
      throw new CommandError(`Cannot read ${inputName(file)} as an order of Shopify: ${thrown.message}`);
    }
    throw thrown;
  }
}
