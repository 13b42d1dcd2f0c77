import { spawn } from 'node:child_process';

/** Opens a page in the person's browser. A machine without one is no fault: the address is printed as well. */
export function openBrowser(url: string): void {
  const [command, args] = commandOf(process.platform);
  const child = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

function commandOf(platform: NodeJS.Platform): readonly [string, readonly string[]] {
  switch (platform) {
    case 'darwin':
      return ['open', []];
    case 'win32':
      // Not `start`: the shell would cut the address at its first &.
      return ['rundll32', ['url.dll,FileProtocolHandler']];
    default:
      return ['xdg-open', []];
  }
}
