import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { Behaviour } from '#tests/contract/alarm-channel.ts';

/** A mail server as small as RFC 5321 allows, with PLAIN and LOGIN of RFC 4954, on a socket of this machine. */
export interface SmtpServer {
  readonly port: number;
  readonly mails: () => readonly Mail[];
  /** Every line that came in, with the logins as they were sent. */
  readonly lines: () => readonly string[];
  readonly behave: (behaviour: Behaviour) => void;
  readonly callCount: () => number;
  readonly close: () => Promise<void>;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly headers: ReadonlyMap<string, string>;
  /** Decoded. */
  readonly text: string;
}

export interface SmtpTerms {
  /** Wanted before any mail is taken. */
  readonly login?: { readonly user: string; readonly password: string } | undefined;
}

export async function startSmtpServer({ login }: SmtpTerms = {}): Promise<SmtpServer> {
  const mails: Mail[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  let behaviour: Behaviour = 'take';
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    converse(socket, {
      login,
      behaviour,
      onLine: (line) => lines.push(line),
      onMail: (mail) => mails.push(mail),
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mails: () => mails,
    lines: () => lines,
    behave: (next) => void (behaviour = next),
    callCount: () => connections,
    async close() {
      for (const socket of sockets) {
        socket.destroy();
      }
      if (server.listening) {
        server.close();
        await once(server, 'close');
      }
    },
  };
}

interface Conversation extends SmtpTerms {
  readonly behaviour: Behaviour;
  readonly onLine: (line: string) => void;
  readonly onMail: (mail: Mail) => void;
}

function converse(socket: Socket, { login, behaviour, onLine, onMail }: Conversation): void {
  if (behaviour === 'hang') {
    return;
  }
  let rest = '';
  let envelope = { from: '', to: [] as string[] };
  let data: string[] | undefined;
  let isKnown = login === undefined;
  let asked: 'nothing' | 'user' | 'password' = 'nothing';
  let user = '';
  const say = (text: string): void => void socket.write(`${text}\r\n`);
  const judge = (given: { user: string; password: string }): void => {
    isKnown = given.user === login?.user && given.password === login.password;
    // In the words of real servers, which repeat what they were given.
    say(isKnown ? '235 2.7.0 Welcome' : `535 5.7.8 Login of ${given.user} with ${given.password} failed`);
  };
  const hear = (line: string): void => {
    onLine(line);
    if (data !== undefined) {
      if (line !== '.') {
        data.push(line.startsWith('.') ? line.slice(1) : line);
        return;
      }
      onMail({ ...envelope, ...parsed(data) });
      data = undefined;
      say('250 2.0.0 Taken');
      return;
    }
    if (asked === 'user') {
      user = decoded(line);
      asked = 'password';
      say(`334 ${Buffer.from('Password:').toString('base64')}`);
      return;
    }
    if (asked === 'password') {
      asked = 'nothing';
      judge({ user, password: decoded(line) });
      return;
    }
    const verb = line.split(' ')[0]?.toUpperCase();
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    switch (verb) {
      case 'EHLO':
        if (behaviour === 'flood') {
          flood(socket);
          return;
        }
        say(login === undefined ? '250 localhost' : '250-localhost\r\n250 AUTH PLAIN LOGIN');
        return;
      case 'AUTH':
        if (/^AUTH PLAIN /i.test(line)) {
          const [, user = '', password = ''] = decoded(line.slice('AUTH PLAIN '.length)).split('\0');
          judge({ user, password });
        } else {
          asked = 'user';
          say(`334 ${Buffer.from('Username:').toString('base64')}`);
        }
        return;
      case 'MAIL':
        envelope = { from: address, to: [] };
        say(isKnown ? '250 2.1.0 Sender' : '530 5.7.0 Log in first');
        return;
      case 'RCPT':
        if (behaviour === 'refuse') {
          say(`550 5.1.1 <${address}> is not known here`);
          return;
        }
        envelope.to.push(address);
        say('250 2.1.5 Recipient');
        return;
      case 'DATA':
        if (behaviour === 'cut') {
          socket.destroy();
          return;
        }
        data = [];
        say('354 Go on');
        return;
      case 'QUIT':
        say('221 2.0.0 Bye');
        socket.end();
        return;
      default:
        say('502 5.5.2 Not known');
    }
  };
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1');
    const whole = rest.split('\r\n');
    rest = whole.pop() ?? '';
    whole.forEach(hear);
  });
  say('220 localhost ESMTP');
}

/** Lines of one answer that never ends, until the other side goes. */
function flood(socket: Socket): void {
  const line = `250-${'x'.repeat(1000)}\r\n`;
  const more = (): void => {
    while (!socket.destroyed && socket.write(line)) {
      // As much as the socket takes.
    }
  };
  socket.on('drain', more);
  more();
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

function parsed(data: readonly string[]): Pick<Mail, 'headers' | 'text'> {
  const blank = data.indexOf('');
  const unfolded = data
    .slice(0, blank)
    .join('\r\n')
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const headers = new Map(
    unfolded.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return {
    headers,
    text: bodyOf(data.slice(blank + 1).join('\r\n'), headers.get('content-transfer-encoding')),
  };
}

function bodyOf(body: string, encoding = '7bit'): string {
  switch (encoding) {
    case 'base64':
      return Buffer.from(body, 'base64').toString('utf8');
    case 'quoted-printable': {
      const bytes = body
        .replaceAll('=\r\n', '')
        .replaceAll(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      return Buffer.from(bytes, 'latin1').toString('utf8');
    }
    default:
      return Buffer.from(body, 'latin1').toString('utf8');
  }
}
