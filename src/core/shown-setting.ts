/**
 * A setting's wrong value as a person may see it. Who mixes up two settings has a secret under a name that holds none, and what
 * is said of it stands in logs.
 */

/** No secret that is asked for is shorter, and a slip of the pen is recognised by seeing it. */
const SECRET_LENGTH_MIN = 12;
/** A key or a token has a stretch of letters and figures without a sign between them; a password may be one word. */
const TOKEN = new RegExp(String.raw`(?=\w*\d)(?=\w*[A-Za-z])\w{${SECRET_LENGTH_MIN}}`);
const ONE_WORD = new RegExp(String.raw`^[^\s./:@-]{${SECRET_LENGTH_MIN},}$`);
/** What of an address stands before its host or in its query. */
const WITHIN_ADDRESS = /[:/].*@|[?#]/s;

/** In quotes, or how long it is where it may be a secret. */
export function shownSetting(text: string): string {
  return [TOKEN, ONE_WORD, WITHIN_ADDRESS].some((secret) => secret.test(text))
    ? `a text of ${text.length} signs (not shown, as it may be a secret)`
    : `"${text}"`;
}
