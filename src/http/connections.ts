import type { FastifyReply, FastifyRequest, RawServerDefault } from 'fastify';
import { after } from '#core/time.ts';
import type { Clock } from '#core/time.ts';

/**
 * The connections of the server, and which of them may be closed without losing anything:
 *
 *   waiting    → connected, or between two requests, or a request that has not wholly arrived, or an answer that is not
 *                fetched yet: whatever of it was accepted is stored
 *   answering  → a whole request is being worked on, and its sender waits for the word that it is stored
 *
 * Whoever holds connections open without sending or without reading must not keep a shop out. So one too many does not turn
 * the newest away, it closes the one that has waited longest: a shop's message arrives in a moment, and a sender that is cut
 * off comes again.
 */
export interface Connections {
  /** Puts a server's connections under watch. */
  watch(server: RawServerDefault): void;
  /** Whether this request is to be looked at. One too many on its connection closes that; what was stored of it stays so. */
  admits(request: Request, response: Response): boolean;
  /** A whole request has arrived. `over` is called once, when it is answered or when its connection ends before. */
  answer(request: Request, over: () => void): void;
  /** The answer to a request is known, and is handed over now. */
  answered(request: Request, response: Response): void;
  /** Closes what waits, now and from now on, so that nobody who sends or reads slowly keeps the server from ending. */
  close(): void;
}

export interface ConnectionLimits {
  readonly connectionsMax: number;
  /** Requests of one connection that came before the first of them was answered. */
  readonly unansweredMax: number;
  /** How long an answer waits to be fetched when the server ends. */
  readonly fetchMs: number;
}

interface Connection {
  /** Requests of which the answer has not left wholly. */
  unanswered: number;
  /** Several at once: a sender need not wait for one answer with the next request. */
  readonly working: Map<Request, () => void>;
  /** Answers that are handed over and have not left wholly. */
  unfetched: number;
}

type Request = FastifyRequest['raw'];
type Response = FastifyReply['raw'];
type Socket = Request['socket'];

interface Watched {
  readonly limits: ConnectionLimits;
  readonly clock: Clock;
  readonly connections: Map<Socket, Connection>;
  /** Since when each waits is its place. */
  readonly waiting: Set<Socket>;
  isClosing: boolean;
}

export function createConnections(limits: ConnectionLimits, clock: Clock): Connections {
  const watched: Watched = { limits, clock, connections: new Map(), waiting: new Set(), isClosing: false };
  const { connections, waiting } = watched;
  return {
    watch: (server) => void server.on('connection', (socket: Socket) => onConnection(watched, socket)),
    admits({ socket }, response) {
      const connection = connections.get(socket);
      if (connection === undefined || connection.unanswered >= limits.unansweredMax) {
        socket.destroy();
        return false;
      }
      connection.unanswered += 1;
      response.once('close', () => (connection.unanswered -= 1));
      return true;
    },
    answer(request, over) {
      const connection = connections.get(request.socket);
      if (connection === undefined) {
        over();
        return;
      }
      waiting.delete(request.socket);
      connection.working.set(request, over);
    },
    answered: (request, response) => onAnswered(watched, request, response),
    close() {
      watched.isClosing = true;
      for (const socket of waiting) {
        if (connections.get(socket)?.unfetched === 0) {
          socket.destroy();
        } else {
          destroyLater(socket, watched);
        }
      }
    },
  };
}

function onConnection({ limits, connections, waiting, isClosing }: Watched, socket: Socket): void {
  const connection: Connection = { unanswered: 0, working: new Map(), unfetched: 0 };
  connections.set(socket, connection);
  waiting.add(socket);
  socket.once('close', () => {
    waiting.delete(socket);
    connections.delete(socket);
    connection.working.forEach((over) => over());
  });
  if (isClosing) {
    socket.destroy();
  } else if (connections.size > limits.connectionsMax) {
    // This one itself when all the others are being answered.
    const [longest] = waiting;
    longest?.destroy();
  }
}

function onAnswered(watched: Watched, request: Request, response: Response): void {
  const { socket } = request;
  const connection = watched.connections.get(socket);
  if (connection === undefined) {
    return;
  }
  const { working } = connection;
  connection.unfetched += 1;
  response.once('close', () => {
    connection.unfetched -= 1;
    if (watched.isClosing && working.size === 0 && connection.unfetched === 0) {
      socket.destroySoon();
    }
  });
  working.get(request)?.();
  working.delete(request);
  if (working.size > 0) {
    return;
  }
  watched.waiting.add(socket);
  if (watched.isClosing) {
    destroyLater(socket, watched);
  }
}

function destroyLater(socket: Socket, { limits, clock }: Watched): void {
  const ended = new AbortController();
  socket.once('close', () => ended.abort());
  void clock.sleep(after(clock.now(), limits.fetchMs), ended.signal).then(() => socket.destroy());
}
