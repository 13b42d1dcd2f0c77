import asyncHooks from 'node:async_hooks';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// What `npm test` loads before its files: those beside a units.test.ts share a process, each of the others is one. Plain JavaScript,
// because nothing is kept compiled before it has run.

// To read the program is most of what a short file does: the next one finds it compiled, as do the processes that it starts.
const folder = fileURLToPath(new URL('../node_modules/.cache/counterfoil/compiled', import.meta.url));
enableCompileCache(folder);
process.env.NODE_COMPILE_CACHE ??= folder;

// The runner follows every promise, to say of which test an error came that nobody awaited; that makes an await twenty times as
// slow. Without it such an error still fails the file, which then is run by itself: `node --test FILE` names the test.
const { createHook } = asyncHooks;
asyncHooks.createHook = (callbacks) => {
  asyncHooks.createHook = createHook;
  return createHook({ ...callbacks, trackPromises: false });
};
