import { createServer } from 'node:http';
import { Pool } from 'pg';

/** `ins`, the rival: bare node:http and one pooled, durable INSERT a POST. It checks nothing, encrypts nothing, promises nothing. */
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: Number(process.env['INS_CONNECTIONS']) });
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (body += chunk));
  request.on('end', () => {
    pool.query({ name: 'ins', text: 'INSERT INTO bench_ins (body) VALUES ($1) RETURNING id', values: [body] }).then(
      ({ rows }) => answer(201, { id: (rows[0] as { id: string }).id }),
      () => answer(500, {}),
    );
  });
  const answer = (status: number, value: object): void => {
    const text = JSON.stringify(value);
    response
      .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
      .end(text);
  };
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ ready: true, port: typeof address === 'object' ? address?.port : undefined });
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
