import { dial, requestText } from '#tests/raw-socket.ts';

/** What a server said, as it went over the wire. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names, in the order in which they came. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: string;
}

/** One request on a connection of its own, exactly as it stands. */
export async function askServer(
  port: number,
  line: string,
  { headers, body }: Asked = {},
): Promise<HttpAnswer> {
  return askBytes(port, requestText(line, { connection: 'close', ...headers }, body));
}

/** What is no request can be asked, too. */
export async function askBytes(port: number, text: string): Promise<HttpAnswer> {
  const socket = await dial(port);
  socket.write(text);
  const received = await socket.closed();
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  return {
    status: Number(first.split(' ')[1]),
    headers: lines.map((each) => {
      const at = each.indexOf(': ');
      return [each.slice(0, at).toLowerCase(), each.slice(at + 2)];
    }),
    body: rest.join('\r\n\r\n'),
  };
}

export function headersNamed({ headers }: HttpAnswer, name: string): string[] {
  return headers.flatMap(([each, value]) => (each === name ? [value] : []));
}
