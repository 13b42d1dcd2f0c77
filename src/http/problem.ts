import type { FastifyReply } from 'fastify';

/** The answer to what is refused, of one form everywhere (RFC 9457). */
export function problem(reply: FastifyReply, status: number, title: string): FastifyReply {
  return reply.code(status).type('application/problem+json').send(JSON.stringify({ title, status }));
}
