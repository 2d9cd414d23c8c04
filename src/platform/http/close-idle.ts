import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

const CLOSE_IDLE_MS = 50;

/**
 * Lets go of the connections that nobody is being answered on, when the server begins to close: one whose answer ends after that would
 * be kept open for the next call, and the server with it. So would one that nothing was ever asked on, as browsers and HTTP clients open
 * ahead of time: Node does not count it as idle, and waits a minute for a first header.
 */
export function closeIdle(fastify: Pick<FastifyInstance, 'addHook' | 'server'>): void {
  const { server } = fastify;
  const silent = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('request', ({ socket }: { socket: Socket }) => silent.delete(socket));
  fastify.addHook('preClose', (done) => {
    const closing = setInterval(() => {
      server.closeIdleConnections();
      for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    }, CLOSE_IDLE_MS);
    server.once('close', () => clearInterval(closing));
    done();
  });
}
