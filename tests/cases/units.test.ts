import { globSync } from 'node:fs';

// They share a process: to start one for each of these files takes as long as to run it.
for (const file of globSync('*.test.ts', { cwd: import.meta.dirname, exclude: ['units.test.ts'] }).sort()) {
  await import(`./${file}`);
}
