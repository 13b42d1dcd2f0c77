import { Failure } from '#core/failure.ts';
import { shownSetting } from '#core/shown-setting.ts';

/** Values that several parts of the settings read alike. */

/** An http or https address without its trailing slashes. Throws `config-invalid`; a password in it is never quoted. */
export function webAddress(name: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw invalid(name, `${shownSetting(text)} is not an http or https address`);
  }
  assertNobodyIn(name, new URL(text));
  return text.replace(/\/+$/, '');
}

/** Throws `config-invalid`, and quotes nothing, where an address bears a name or a password. */
export function assertNobodyIn(name: string, { username, password }: URL): void {
  if (username !== '' || password !== '') {
    throw invalid(name, 'an address with a name or a password in it is not taken');
  }
}

/** Where a vendor is asked: never in clear over the internet, but a sandbox may stand anywhere. Throws `config-invalid`. */
export function vendorAddress(name: string, text: string): string {
  const address = webAddress(name, text);
  const { protocol, hostname } = new URL(address);
  if (protocol === 'http:' && VENDORS.test(hostname)) {
    throw invalid(name, `what is sent to ${hostname} would go in clear: write https://`);
  }
  return address;
}

/** Of Amazon also where its queues are: a request there may bear keys of an hour, and the answer is what was sold. */
const VENDORS =
  /(?:^|\.)(?:(?:freshbooks|myshopify|shopify)\.com|amazon\.(?:com|co\.uk|co\.jp)|amazonaws\.com(?:\.cn)?)\.?$/;

/** What stands between commas, without blanks and empty places. */
export function listed(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/**
 * What each part reads, where all can be read. Throws one `config-invalid` for all that is wrong in any of them, a line for
 * each setting, so that nobody mends one only to be told of the next.
 */
export function readAll<T extends Readonly<Record<string, () => unknown>>>(
  parts: T,
): { readonly [K in keyof T]: ReturnType<T[K]> } {
  const mistakes: string[] = [];
  const values = Object.entries(parts).map(([name, read]): [string, unknown] => {
    try {
      return [name, read()];
    } catch (thrown) {
      if (!(thrown instanceof Failure && thrown.code === 'config-invalid')) {
        throw thrown;
      }
      mistakes.push(...thrown.message.split('\n'));
      return [name, undefined];
    }
  });
  if (mistakes.length > 0) {
    throw new Failure('config-invalid', { detail: [...new Set(mistakes)].join('\n') });
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each value is what the part of its name has read
  return Object.fromEntries(values) as { readonly [K in keyof T]: ReturnType<T[K]> };
}

/** What is read of a setting; nothing where it is not set. */
export function whereSet<N extends string, T>(
  read: (name: N) => string | undefined,
  name: N,
  parse: (name: N, text: string) => T,
): T | undefined {
  const text = read(name);
  return text === undefined ? undefined : parse(name, text);
}

/** The failure that names the setting and what is wrong with it. */
export function invalid(name: string, problem: string): Failure {
  return new Failure('config-invalid', { detail: `${name}: ${problem}` });
}
