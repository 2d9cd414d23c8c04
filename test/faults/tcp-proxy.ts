import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What becomes of a chunk: handed on, or the connection is cut on both sides without it. */
export type Verdict = 'pass' | 'cut';

export interface Wire {
  /** A chunk from the one who connected. */
  request(chunk: Buffer): Verdict;
  /** A chunk from the one who was connected to. */
  reply(chunk: Buffer): Verdict;
}

export interface TcpProxy {
  port: number;
  stop(): Promise<void>;
}

/** Stands between two processes, with a wire for each connection. */
export async function startTcpProxy(targetPort: number, newWire: () => Wire): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(targetPort, '127.0.0.1');
    const wire = newWire();
    const cut = () => [from, to].forEach((socket) => socket.destroy());
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.setNoDelay(true).on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    from.on('data', (chunk: Buffer) => (wire.request(chunk) === 'cut' ? cut() : to.write(chunk)));
    to.on('data', (chunk: Buffer) => (wire.reply(chunk) === 'cut' ? cut() : from.write(chunk)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
