import type { Consent } from '#books/freshbooks/consent.ts';
import { consentFailure } from '#books/freshbooks/oauth.ts';
import { Failure } from '#core/failure.ts';
import type { ConsentAnswer } from '#http/server.ts';

/** What becomes of the answer of FreshBooks' consent page. */

/** Answers with what the page shows. */
export async function finishConsent(consent: Consent, answer: ConsentAnswer): Promise<string> {
  const { missingScopes } = await answerConsent(consent, answer);
  return missingScopes.length === 0
    ? 'FreshBooks is connected. You can close this page and go back to the terminal.'
    : `FreshBooks is connected, but lacks ${missingScopes.join(' ')}. Enable these scopes on the app and connect again.`;
}

/** Takes what the consent page sent back, or throws the failure that it names. */
export async function answerConsent(
  consent: Consent,
  { code, state, error, error_description }: ConsentAnswer,
): Promise<{ readonly missingScopes: readonly string[] }> {
  if (error !== undefined) {
    throw consentFailure({ error, description: error_description ?? '' });
  }
  if (code === undefined || state === undefined) {
    throw new Failure('token-missing', {
      detail: 'This address is where FreshBooks answers: run counterfoil connect freshbooks',
    });
  }
  return consent.finish({ code, state });
}
