import type { App } from '#app.ts';
import { isRaised } from '#core/alarm.ts';
import { channelState } from '#pipeline/alarm-teller.ts';
import type { Check, Finding } from './doctor-check.ts';
import { counted } from './output.ts';
import { showDuration } from './time-text.ts';

/** Whether a person is told when something is wrong. Sends nothing: counterfoil alarms test does. */
export function alarmChecks(app: App): Check[] {
  return [{ name: 'Alarms', run: () => channels(app) }];
}

async function channels({ alarmChannels, store, clock }: App): Promise<Finding> {
  const now = clock.now();
  const raised = (await store.read.alarms({ overAfter: now })).filter(isRaised).length;
  const text = `${counted(raised, 'alarm')} raised`;
  if (alarmChannels.length === 0) {
    return {
      state: 'warning',
      text: `${text}, and nobody is told`,
      whatToDo: 'Set ALARM_EMAIL_TO, ALARM_SLACK_URL or ALARM_WEBHOOK_URL (docs/alarms.md)',
    };
  }
  const states = await Promise.all(
    alarmChannels.map(async ({ name }) => ({ name, ...(await channelState(store.read, name)) })),
  );
  const faults = states.flatMap(({ name, failing }) =>
    failing === undefined
      ? []
      : [`${name} has failed for ${showDuration(now - failing.since)}: ${failing.problem}`],
  );
  if (faults.length > 0) {
    return {
      state: 'problem',
      text: `${text}. ${faults.join('. ')}`,
      whatToDo: 'Correct the channel’s settings, then counterfoil alarms test',
    };
  }
  const untried = states.filter(({ sentAt }) => sentAt === undefined).map(({ name }) => name);
  return untried.length === 0
    ? { state: 'ok', text: `${text}; told by ${states.map(({ name }) => name).join(', ')}` }
    : {
        state: 'warning',
        text: `${text}; nothing was sent yet by ${untried.join(', ')}`,
        whatToDo: 'Run counterfoil alarms test, and look whether the test arrives',
      };
}
