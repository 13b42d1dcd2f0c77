#!/usr/bin/env node
// Plain JavaScript on purpose: it must run on a Node too old for the program, to say so in one sentence.
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  console.error(
    `counterfoil needs Node 24 and this is ${process.version}: run "npm ci" and then "npx counterfoil …" in the checkout, which brings its own.`,
  );
  process.exit(1);
}
// Compiling is most of what a short command does. Kept in the checkout: in a shared folder others could write it.
nodeModule.enableCompileCache(
  fileURLToPath(new URL('../node_modules/.cache/counterfoil/compiled', import.meta.url)),
);
const bundled = new URL('../dist/main.js', import.meta.url);
try {
  await import(existsSync(bundled) ? bundled.href : new URL('../src/main.ts', import.meta.url).href);
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !error.message.startsWith('Cannot find package')) {
    throw error;
  }
  // Also after an update that brought a new one.
  console.error('counterfoil lacks a package that it needs: run "npm ci" in the checkout first.');
  process.exit(1);
}
