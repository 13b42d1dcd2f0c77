import { globSync } from 'node:fs';

// Quick tests share a process: to start one for each of these files takes longer than to run it.
for (const file of globSync('**/*.test.ts', { cwd: import.meta.dirname, exclude: ['units.test.ts'] })) {
  await import(`./${file}`);
}
