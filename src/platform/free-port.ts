import { createServer, type AddressInfo } from 'node:net';

/**
 * A free TCP port of the loopback address: the one asked for when it is free, otherwise a random one. Another process may
 * take it before it is used.
 */
export async function freePort(preferred = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => (preferred === 0 ? reject(error) : resolve(freePort())));
    server.listen(preferred, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
