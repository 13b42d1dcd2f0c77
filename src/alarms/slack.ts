import type { AlarmMessage } from '#core/alarm-message.ts';
import type { AlarmChannel } from '#pipeline/ports.ts';
import { postJson } from './post-json.ts';
import type { Posting } from './post-json.ts';

/** Discord takes no longer ones, so such an alarm would fail until it is over: https://discord.com/developers/docs/resources/webhook. */
const TEXT_MAX = 2_000;
const MORE = '… The rest: counterfoil alarms';

/**
 * An incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat, Discord under /slack): JSON with a text.
 * docs/alarms.md tells what it looks like.
 */
export function createSlackChannel(posting: Posting, url: string): AlarmChannel {
  const name = 'slack';
  return {
    name,
    send: (message) =>
      postJson(posting, { channel: name, url, body: JSON.stringify({ text: textOf(message) }) }),
  };
}

function textOf({ text, place }: AlarmMessage): string {
  const whole = `*${escaped(`Counterfoil ${place}`.trim())}*\n\n${escaped(text)}`;
  if (whole.length <= TEXT_MAX) {
    return whole;
  }
  // Not in the middle of an escaped sign or of a pair of surrogates.
  return `${whole.slice(0, TEXT_MAX - MORE.length).replace(/(&[a-z]*|[\ud800-\udbff])$/, '')}${MORE}`;
}

/** Of no width, so that nobody sees it. */
const GAP = '\u200b';

/**
 * An order's name may call everybody: "<!channel>" in Slack, to which these three mean something, and "@everyone" in chats that
 * take the same.
 */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', `@${GAP}`);
}
