import { open } from 'node:fs/promises';
import { previewOrder } from '#preview.ts';
import type { OrderPreview } from '#preview.ts';
import { Failure } from '#core/failure.ts';
import { parseZone } from '#core/time.ts';
import type { Zone } from '#core/time.ts';
import { CommandError, DONE, FAILED } from './command-error.ts';
import type { CommandContext } from './context.ts';
import { judge } from './preview-judgement.ts';
import { previewJson } from './preview-json.ts';
import { previewText } from './preview-text.ts';

/** An order's invoice before anything is connected: no database, no network, no configuration. */

/** As large as a webhook may be. */
const BYTES_MAX = 8 * 1024 * 1024;
const PLACEHOLDER_SHOP = 'your-shop.myshopify.com';

/** Answers 1 when the order would be held or cannot be read. */
export async function preview(context: CommandContext, file: string): Promise<number> {
  const body = file === '-' ? await readStream(context.input) : await readFile(file);
  const shown = previewOf(context, { file, body });
  const { output } = context;
  output.json(previewJson(shown));
  previewText(output, shown).forEach((line) => output.print(line));
  return judge(shown).outcome === 'held' ? FAILED : DONE;
}

function previewOf(
  { environment }: CommandContext,
  { file, body }: { readonly file: string; readonly body: Uint8Array },
): OrderPreview {
  const shop = environment['SHOPIFY_SHOP_DOMAIN']?.trim().toLowerCase() ?? '';
  try {
    return previewOrder(body, {
      shop: shop === '' ? PLACEHOLDER_SHOP : shop,
      timeZone: timeZoneOf(environment['COUNTERFOIL_TIME_ZONE']?.trim() ?? ''),
    });
  } catch (thrown) {
    // The catalogue's sentences speak of a message that the shop sent, and here is only a file.
    if (thrown instanceof Failure && thrown.code.startsWith('delivery-')) {
      const name = file === '-' ? 'standard input' : `"${file}"`;
      throw new CommandError(`Cannot read ${name} as an order of Shopify: ${thrown.message}`);
    }
    throw thrown;
  }
}

function timeZoneOf(text: string): Zone | undefined {
  try {
    return text === '' ? undefined : parseZone(text);
  } catch (cause) {
    const detail = `COUNTERFOIL_TIME_ZONE: ${cause instanceof Error ? cause.message : text}`;
    throw new Failure('config-invalid', { detail, cause });
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  try {
    await using handle = await open(path);
    assertSize((await handle.stat()).size);
    return await handle.readFile();
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown) {
      throw new CommandError(`Cannot read "${path}": ${whyUnread(String(thrown.code))}`);
    }
    throw thrown;
  }
}

function whyUnread(code: string): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    EISDIR: 'it is a folder',
    EACCES: 'access is denied',
  };
  return known[code] ?? code;
}

async function readStream(input: CommandContext['input']): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of input) {
    const bytes = Buffer.from(part);
    size += bytes.length;
    assertSize(size);
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

function assertSize(size: number): void {
  if (size > BYTES_MAX) {
    throw new CommandError(`The file is larger than an order can be: ${BYTES_MAX} bytes`);
  }
}
