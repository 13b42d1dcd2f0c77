import { Failure } from '#core/failure.ts';

/** Values that several parts of the settings read alike. */

/** An http or https address without its trailing slashes. Throws `config-invalid`; a password in it is never quoted. */
export function webAddress(name: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw invalid(name, `"${text.replace(/\/\/[^/]*@/, '//…@')}" is not an http or https address`);
  }
  if (new URL(text).username !== '' || new URL(text).password !== '') {
    throw invalid(name, 'an address with a name or a password in it is not taken');
  }
  return text.replace(/\/+$/, '');
}

/** What stands between commas, without blanks and empty places. */
export function listed(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** The failure that names the setting and what is wrong with it. */
export function invalid(name: string, problem: string): Failure {
  return new Failure('config-invalid', { detail: `${name}: ${problem}` });
}
