import { passwordFault } from '#core/admin-password.ts';
import { CommandError, DONE, FAILED, USAGE } from './command-error.ts';
import { configOf, withApp } from './context.ts';
import type { CommandContext } from './context.ts';
import { createHiddenReader } from './hidden-reader.ts';
import { counted, paragraph } from './output.ts';

/** The admin password, typed or handed in on standard input: an argument would stand in the list of processes. */

export async function adminPassword(context: CommandContext): Promise<number> {
  if (configOf(context).adminPassword !== undefined) {
    throw new CommandError(
      'COUNTERFOIL_ADMIN_PASSWORD is set, and it wins: change it there, or remove it and run this again',
      FAILED,
    );
  }
  const password = await asked(context);
  return withApp(context, async ({ login }) => {
    const endedSessions = await login.setPassword(password);
    context.output.json({ isSet: true, endedSessions });
    const ended = endedSessions === 0 ? '' : `; ${counted(endedSessions, 'session')} ended by it`;
    const text = `The admin password is set${ended}. A running server takes it from now on`;
    paragraph(context.output, text).forEach((line) => context.output.print(line));
    return DONE;
  });
}

/** Throws a CommandError when it is none; then nothing was changed. */
async function asked({ input, output }: CommandContext): Promise<string> {
  const isAtTerminal = input.isTTY === true;
  const reader = createHiddenReader(input);
  try {
    if (isAtTerminal) {
      output.note('New admin password (it is not shown):');
    }
    const password = await reader.next();
    if (password === undefined || password === '') {
      throw new CommandError('No password was given, so nothing was changed', USAGE);
    }
    const fault = passwordFault(password);
    if (fault !== undefined) {
      throw new CommandError(`The password ${fault}, so nothing was changed`, USAGE);
    }
    if (isAtTerminal) {
      output.note('Once more:');
      if ((await reader.next()) !== password) {
        throw new CommandError('The two are not the same, so nothing was changed', USAGE);
      }
    }
    return password;
  } finally {
    reader.close();
  }
}
