import { createServer } from 'node:http';

/** Whom webhooks are sent to: bare node:http that reads what comes and says that it has. */
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(204).end());
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : undefined });
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
