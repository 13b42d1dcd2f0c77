import { readFileSync } from 'node:fs';
import { runCommandLine } from '#cli/commands.ts';
import { SETTINGS, environmentOf } from '#config.ts';
import { readDotenv } from '#dotenv.ts';

/** The program: a command line in, an exit code out. */

/** The reader has closed the pipe, or the terminal is gone. */
const UNREAD: readonly (string | undefined)[] = ['EPIPE', 'EIO'];
/** Something was not written. */
let isLost = false;

const { stdin, stdout, stderr } = process;
// A reader that has seen enough (`| head`) closes the pipe: that is no failure. A disk that is full is one, and no reason for a server
// to end.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!UNREAD.includes(error.code) && !isLost) {
    isLost = true;
    stderr.write(`What was to be shown cannot be written (${error.code ?? error.message})\n`);
  }
});
process.once('exit', (code) => {
  process.exitCode = isLost && code === 0 ? 1 : code;
});
// Whoever reads the log may end before the server does, which goes on; a command ends with the exit code that it has anyway. What
// cannot be told here can be told nowhere.
stderr.on('error', () => undefined);

const { values, remarks } = readDotenv(dotenv(), Object.keys(SETTINGS));
remarks.forEach((remark) => stderr.write(`${remark}\n`));
const environment = environmentOf({ values });
process.exitCode = await runCommandLine(process.argv.slice(2), { environment, stdin, stdout, stderr });

/** Empty where there is none. */
function dotenv(): string {
  try {
    const text = readFileSync('.env', 'utf8');
    if (!text.includes('\0')) {
      return text;
    }
    stderr.write(
      "The file .env is no text in UTF-8, so only the process's variables count: save it as UTF-8\n",
    );
    return '';
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unreadable';
    if (code !== 'ENOENT') {
      stderr.write(`The file .env cannot be read (${code}), so only the process's variables count\n`);
    }
    return '';
  }
}
