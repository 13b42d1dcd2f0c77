import type { AlarmChannel } from '#pipeline/ports.ts';
import { createMailChannel } from './mail.ts';
import type { MailServer } from './mail.ts';
import type { Posting } from './post-json.ts';
import { createSignedWebhookChannel } from './signed-webhook.ts';
import { createSlackChannel } from './slack.ts';

/** The configured ways to a person. */
export interface ChannelsConfig {
  readonly mail?: { readonly server: MailServer; readonly from: string; readonly to: readonly string[] };
  readonly slack?: { readonly url: string };
  readonly webhook?: { readonly url: string; readonly secret: string };
}

/** Each address is a channel of its own, so that each is told, and fails, by itself. */
export function createChannels({ mail, slack, webhook }: ChannelsConfig, posting: Posting): AlarmChannel[] {
  const mails = (mail?.to ?? []).map((to, index) => ({ to, name: `mail-${index + 1}` }));
  return [
    ...(mail === undefined
      ? []
      : mails.map(({ to, name }) =>
          createMailChannel(
            { name, clock: posting.clock },
            { server: mail.server, addresses: { from: mail.from, to } },
          ),
        )),
    ...(slack === undefined ? [] : [createSlackChannel(posting, slack.url)]),
    ...(webhook === undefined ? [] : [createSignedWebhookChannel(posting, webhook)]),
  ];
}
