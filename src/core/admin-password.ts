/** What may be an admin password. */

/** Twelve of anything are out of reach for who steals the hash and guesses for years. */
const CHARACTERS_MIN = 12;
/** A sentence; the bound keeps a hostile one from costing anything. */
export const PASSWORD_CHARACTERS_MAX = 256;

/** Why it cannot be the password, as a part of a sentence; nothing when it can. */
export function passwordFault(password: string): string | undefined {
  const characters = Array.from(password).length;
  if (characters < CHARACTERS_MIN) {
    return `has less than ${CHARACTERS_MIN} characters`;
  }
  return characters > PASSWORD_CHARACTERS_MAX
    ? `has more than ${PASSWORD_CHARACTERS_MAX} characters`
    : undefined;
}
