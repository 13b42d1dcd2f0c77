import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Every test file is a process of its own, and to read the program is most of what a short one does: the next one finds it
// compiled, as do the processes that it starts. Plain JavaScript, because nothing is kept before it has run.
const folder = fileURLToPath(new URL('../node_modules/.cache/counterfoil/compiled', import.meta.url));
enableCompileCache(folder);
process.env.NODE_COMPILE_CACHE ??= folder;
