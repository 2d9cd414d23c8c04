import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { sendProblem, toProblem } from '../platform/http/problem.filter';
import type { Logger } from '../platform/logging';
import { Problem } from '../platform/problem';
import { CONSOLE, CUSTOMERS_PAGE, type Directives, withNonce } from './content-security';

export interface PagesOptions {
  /** Where `npm run build:pages` puts them: me, widget and console. */
  folder: string;
  /** Whether the console may ask an issuer on this machine, over http. */
  allowLoopback: boolean;
  logger: Logger;
}

/** Of files with a hash of their content in their name. */
const FOREVER = { maxAge: '365d', immutable: true };
/** Of those that keep their name: kept, and asked for again each time. */
const ASK_AGAIN = { cacheControl: false };
const FILE_NAME = /^\w[\w.~-]*$/;
const WIDGET = 'widget/gegenwert-ledger.js';
const NONCE_IN_HTML = /(?<=<meta name="csp-nonce" content=")[^"]*/;

/**
 * The customer's page at /me, the same as a component at /widget/gegenwert-ledger.js, the console at /console: static files,
 * packed beforehand. Until they are built those addresses say so, and everything else is served.
 */
export async function servePages(app: NestFastifyApplication, options: PagesOptions): Promise<void> {
  const { folder, logger } = options;
  await app.register(async (server: FastifyInstance) => {
    await server.register(fastifyStatic, { root: folder, serve: false, preCompressed: true, suppressWarning: true });
    server.setErrorHandler((error, request, reply) => {
      const problem = toProblem(error);
      if (problem.status === 500) logger.error({ requestId: request.id, error }, 'page failed');
      sendProblem(reply, problem, String(request.id));
    });
    for (const page of ['me', 'console']) {
      server.get(`/${page}/assets/*`, (request, reply) => {
        const { '*': name } = request.params as { '*': string };
        return FILE_NAME.test(name) ? reply.sendFile(`${page}/assets/${name}`, FOREVER) : reply.callNotFound();
      });
    }
    for (const path of ['/me', '/me/']) {
      server.get(path, (_, reply) => {
        guard(reply, CUSTOMERS_PAGE);
        return sendBuilt(reply, folder, 'me/index.html');
      });
    }
    server.get(`/${WIDGET}`, (_, reply) => {
      // A script for any shop's page: it holds nothing of anybody's, and calls as whoever that page is shown to.
      void reply.headers({ 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' });
      return sendBuilt(reply, folder, WIDGET);
    });
    // Which of its own pages it is, the console finds out in the browser.
    for (const path of ['/console', '/console/*']) server.get(path, (_, reply) => sendConsole(reply, options));
  });
}

function sendBuilt(reply: FastifyReply, folder: string, file: string): FastifyReply {
  requireBuilt(folder, file);
  return reply.header('cache-control', 'no-cache').sendFile(file, ASK_AGAIN);
}

/** With a nonce of its own in each answer, which therefore nobody keeps. */
async function sendConsole(reply: FastifyReply, { folder, allowLoopback }: PagesOptions): Promise<string> {
  const file = 'console/index.html';
  requireBuilt(folder, file);
  const nonce = randomBytes(16).toString('base64');
  guard(reply, withNonce(CONSOLE(allowLoopback), nonce));
  void reply.type('text/html; charset=utf-8');
  return (await readFile(join(folder, file), 'utf8')).replace(NONCE_IN_HTML, nonce);
}

function guard(reply: FastifyReply, directives: Directives): void {
  reply.helmet({ contentSecurityPolicy: { useDefaults: false, directives } });
}

/** @throws 503 `pages-not-built`. */
function requireBuilt(folder: string, file: string): void {
  if (existsSync(join(folder, file))) return;
  throw new Problem(503, 'pages-not-built', 'The pages are not built', 'Build them: npm run build:pages');
}
