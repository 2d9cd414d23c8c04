import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { closeIdle } from './close-idle';

let server: FastifyInstance;
const sockets: Socket[] = [];
let answer: () => void;
beforeEach(async () => {
  server = Fastify();
  closeIdle(server);
  const answered = new Promise<void>((resolve) => (answer = resolve));
  server.get('/', async () => {
    await answered;
    return { done: true };
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

async function open(): Promise<Socket> {
  const address = server.server.address();
  const socket = connect(typeof address === 'object' ? address!.port : 0, '127.0.0.1');
  sockets.push(socket);
  await Promise.all([once(socket, 'connect'), once(server.server, 'connection')]);
  return socket;
}

// Each fails, by not coming to an end, without `closeIdle`.
it('lets go of a connection that nothing was asked on', async () => {
  await open();
  await server.close();
});

it('waits for an answer that is on its way, and lets go of its connection', async () => {
  const socket = await open();
  const received: string[] = [];
  socket.on('data', (data) => received.push(String(data)));
  socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  await once(server.server, 'request');
  const closed = server.close();
  setTimeout(answer, 300);
  await Promise.all([closed, once(socket, 'close')]);
  expect(received.join('')).toContain('{"done":true}');
});
