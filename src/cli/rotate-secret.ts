import { rotateSecrets } from '#app.ts';
import { DONE } from './command-error.ts';
import { configOf, quietOutside } from './context.ts';
import type { CommandContext } from './context.ts';
import { counted, paragraph } from './output.ts';

/** Another key for what is sealed, while no server runs. */
export async function rotateSecret(context: CommandContext): Promise<number> {
  const config = configOf(context);
  const count = await rotateSecrets(config, quietOutside());
  const { output } = context;
  const isInFile = config.secretKey === undefined;
  output.json({ secrets: count, key: isInFile ? 'file' : 'setting' });
  const lines = [
    `${counted(count, 'secret')} sealed with ${isInFile ? 'a new key' : 'COUNTERFOIL_SECRET_KEY'}; the key so far opens nothing here any more`,
    isInFile
      ? 'The new key is in "counterfoil.key" beside the database: keep a copy of it apart from the database'
      : 'Remove COUNTERFOIL_OLD_SECRET_KEY from the settings, and "counterfoil.key" beside the database if it is there',
    'Copies of the database that were made before still need the key so far',
  ];
  lines.flatMap((line) => paragraph(output, line)).forEach((line) => output.print(line));
  return DONE;
}
