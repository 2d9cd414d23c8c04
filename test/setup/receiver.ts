import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** A request as it came in, and its body to the byte. */
export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Message {
  type: string;
  timestamp: string;
  sequence: number;
  data: Record<string, any>;
}

export type Behaviour = (response: ServerResponse, request: Received, socket: Socket) => void;

export interface Receiver {
  /** Of a path of its own, so that endpoints can be told apart. */
  url(path?: string): string;
  /** What has come in, in order. */
  received: Received[];
  at(path: string): Received[];
  /** How it answers on a path, from now on; 204 where nothing is said. */
  behave(path: string, behaviour: Behaviour): void;
  connections(): number;
  stop(): Promise<void>;
}

/** Somebody else's HTTP server, on this machine. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = [];
  const behaviours = new Map<string, Behaviour>();
  let connections = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '/';
      const one = { path, headers: request.headers, body: Buffer.concat(chunks).toString() };
      received.push(one);
      const behaviour = behaviours.get(path);
      if (behaviour) behaviour(response, one, request.socket);
      else response.writeHead(204).end();
    });
  });
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: (path = '/') => base + path,
    received,
    at: (path) => received.filter((one) => one.path === path),
    behave: (path, behaviour) => void behaviours.set(path, behaviour),
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with a status, and that is all. */
export const answers =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end();

/** The message, if its signature is one of this secret (as whoever receives it verifies it). @throws otherwise. */
export const verified = ({ body, headers }: Received, secret: string): Message =>
  new Webhook(secret).verify(body, headers as Record<string, string>) as Message;
