import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * The connections of the server, and which of them may be closed without losing anything:
 *
 *   waiting    → connected, or between two requests, or a request that has not wholly arrived: nothing of it is accepted
 *   answering  → a whole request is being worked on, and its sender waits for the word that it is stored
 *
 * Whoever holds connections open without sending must not keep a shop out. So one too many does not turn the newest away, it
 * closes the one that has waited longest: a shop's message arrives in a moment, and a sender that is cut off comes again.
 */
export interface Connections {
  /**
   * A whole request of it has arrived. Returns what is to be called when it is answered. `over` is called once, then or when
   * the connection ends before.
   */
  answer(socket: Socket, over: () => void): () => void;
  /** Closes what waits, now and from now on, so that nobody who sends slowly keeps the server from ending. */
  close(): void;
}

type Socket = FastifyRequest['raw']['socket'];

export function watchConnections(app: FastifyInstance, connectionsMax: number): Connections {
  /** Since when each waits is its place. */
  const waiting = new Set<Socket>();
  /** Several of one connection: a sender need not wait for one answer with the next request. */
  const answering = new Map<Socket, Set<() => void>>();
  let isClosing = false;
  app.server.on('connection', (socket: Socket) => {
    waiting.add(socket);
    socket.once('close', () => {
      waiting.delete(socket);
      answering.get(socket)?.forEach((over) => over());
      answering.delete(socket);
    });
    if (isClosing) {
      socket.destroy();
    } else if (waiting.size + answering.size > connectionsMax) {
      // This one itself when all the others are being answered.
      const [longest] = waiting;
      longest?.destroy();
    }
  });
  const answered = (socket: Socket, over: () => void): void => {
    const requests = answering.get(socket);
    if (requests?.delete(over) !== true) {
      return;
    }
    over();
    if (requests.size > 0) {
      return;
    }
    answering.delete(socket);
    waiting.add(socket);
    if (isClosing) {
      socket.destroySoon();
    }
  };
  return {
    answer(socket, over) {
      if (socket.destroyed) {
        over();
        return () => undefined;
      }
      waiting.delete(socket);
      const requests = answering.get(socket) ?? new Set();
      answering.set(socket, requests.add(over));
      return () => answered(socket, over);
    },
    close() {
      isClosing = true;
      waiting.forEach((socket) => socket.destroy());
    },
  };
}
