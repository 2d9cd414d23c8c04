import { join } from 'node:path';
import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { v7 } from 'uuid';
import { answerPreflight, CallLimits, EmbedOrigins, foreignOrigin, isCounted } from './access';
import { AppModule } from './app.module';
import { servePages } from './pages';
import { toPublicId } from './platform/ids';
import { answerClientError } from './platform/http/client-error';
import { closeIdle } from './platform/http/close-idle';
import { readJsonBodies } from './platform/http/json-body';
import { serveDocs } from './platform/http/openapi';
import { ProblemFilter, sendProblem, toProblem } from './platform/http/problem.filter';
import { observeRequests } from './platform/http/request-log';
import { textPipe, validationPipe } from './platform/http/validation';
import type { Platform } from './platform/platform.module';

const BODY_LIMIT_BYTES = 256 * 1024;
/** Of the built pages, beside the built service. */
const PAGES = join(__dirname, '../web');

/** The HTTP application, not listening yet. pages: the folder that the built pages are in. */
export async function buildApi(platform: Platform, pages = PAGES): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: platform.config.trustedProxies.length > 0 && platform.config.trustedProxies,
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: answerClientError,
    genReqId: () => toPublicId('req', v7()),
    // What cannot even be routed or parsed answers as everything else does.
    frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, toProblem(error), String(request.id)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(platform), adapter, {
    logger: false,
    abortOnError: false,
    // Fastify's own JSON parser is enough, and the only one: whatever else is sent answers 415.
    bodyParser: false,
  });
  adapter.getInstance().removeContentTypeParser('text/plain');
  readJsonBodies(adapter.getInstance());
  await guardResponses(app);
  keepClosed(app, platform.fence);
  admitPages(app);
  limitStrangers(app);
  closeIdle(adapter.getInstance());
  app.useGlobalPipes(textPipe(), validationPipe());
  app.useGlobalFilters(new ProblemFilter(platform.logger));
  observeRequests(app.getHttpAdapter().getInstance(), platform.logger);
  serveDocs(app);
  const { config, logger } = platform;
  await servePages(app, { folder: pages, allowLoopback: config.allowLoopbackWebhooks, logger });
  await app.init();
  return app;
}

/** For answers that are data: nobody keeps them, sniffs them or learns from where they were asked for. */
const DATA_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** Pages get all that helmet knows; data a fixed few, since helmet composes its headers anew for each answer. */
async function guardResponses(app: NestFastifyApplication): Promise<void> {
  await app.register(helmet, {
    global: false,
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        upgradeInsecureRequests: null,
      },
    },
  });
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    if (request.url.startsWith('/docs')) reply.helmet();
    else void reply.headers(DATA_HEADERS);
    done();
  });
}

/** A database that was restored answers nobody but those who ask how it is. */
function keepClosed(app: NestFastifyApplication, fence: Platform['fence']): void {
  if (!fence) return;
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    if (fence.closed === undefined || request.url.startsWith('/health/')) return done();
    sendProblem(reply, toProblem(fence.problem()), String(request.id));
  });
}

const OF_CUSTOMER = /^\/v1\/me(?=[/?]|$)/;

/**
 * What customers call is also called by pages of shops, each from an origin that a programme lists. Browsers ask before the call
 * itself, without a token: that is answered here. A call for an origin that is nobody's is counted as a stranger's.
 */
function admitPages(app: NestFastifyApplication): void {
  const [origins, limits] = [app.get(EmbedOrigins, { strict: false }), app.get(CallLimits, { strict: false })];
  const server = app.getHttpAdapter().getInstance();
  const admit = async (origin: string, request: FastifyRequest, reply: FastifyReply): Promise<boolean> => {
    const isPreflight = request.method === 'OPTIONS';
    try {
      await origins.admit(origin, request, reply);
    } catch (error) {
      await limits.admitStranger(request.ip, reply);
      throw error;
    }
    if (isPreflight) answerPreflight(reply);
    return !isPreflight;
  };
  server.addHook('onRequest', (request, reply, done) => {
    const origin = OF_CUSTOMER.test(request.url) ? foreignOrigin(request) : undefined;
    if (origin === undefined) return done();
    admit(origin, request, reply).then(
      (goesOn) => goesOn && done(),
      (error: unknown) => sendProblem(reply, toProblem(error), String(request.id)),
    );
  });
}

/**
 * Whoever comes without a key or token is counted at the door, whatever they come for; who is refused with one, by the
 * guard.
 */
function limitStrangers(app: NestFastifyApplication): void {
  const limits = app.get(CallLimits, { strict: false });
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    const isKnown = request.headers.authorization !== undefined && !request.is404;
    if (isKnown || !isCounted(request.url)) return done();
    limits.admitStranger(request.ip, reply).then(
      () => done(),
      (error: unknown) => sendProblem(reply, toProblem(error), String(request.id)),
    );
  });
}
