import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { v7 } from 'uuid';
import { toPublicId } from '../ids';
import { bodyOf, toProblem } from './problem.filter';

const STATUS_OF: Record<string, number> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };

/** What cannot be read as HTTP never becomes a request; it is answered as everything else is, on the connection itself. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  // Whoever has gone hears no answer.
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const problem = toProblem({ statusCode: STATUS_OF[error.code ?? ''] ?? 400 });
  const body = JSON.stringify(bodyOf(problem, toPublicId('req', v7())));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  if (socket.writable) socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  socket.destroy(error);
}
