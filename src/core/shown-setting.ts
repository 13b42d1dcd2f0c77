/**
 * A setting's wrong value as a person may see it. Who mixes up two settings has a secret under a name that holds none, and what
 * is said of it stands in logs.
 */

/** No secret that is asked for is shorter, and a slip of the pen is recognised by seeing it. */
const SECRET_LENGTH_MIN = 12;
/** A password may be one word, or several with dashes. */
const ONE_WORD = new RegExp(String.raw`^[^\s./:@]{${SECRET_LENGTH_MIN},}$`);
/** Of Amazon's, and within its addresses: they have letters, figures and dashes as a key does. */
const REGION =
  /(?<![\w-])[a-z]{2}(?:-(?:gov|iso[a-z]?|(?:north|south)?(?:east|west)|north|south|central)){1,2}-\d(?![\w-])/g;
/** What of an address stands before its host or in its query. */
const WITHIN_ADDRESS = /^[^:/]*[:/].*@|[?#]/s;

/** In quotes, or how long it is where it may be a secret. */
export function shownSetting(text: string): string {
  const rest = text.replace(REGION, '');
  const mayBeSecret =
    rest.split(/[^\w-]/).some(isToken) || [ONE_WORD, WITHIN_ADDRESS].some((secret) => secret.test(rest));
  return mayBeSecret ? `a text of ${text.length} signs (not shown, as it may be a secret)` : `"${text}"`;
}

/** A key or a token has a stretch of letters and figures, with no sign between them but dashes. */
function isToken(stretch: string): boolean {
  return stretch.length >= SECRET_LENGTH_MIN && /\d/.test(stretch) && /[A-Za-z]/.test(stretch);
}
