import type { FastifyInstance } from 'fastify';
import type { Logger } from '../logging';
import { metrics } from '../metrics';
import type { RequestWithPrincipal } from '../../access';
import { toPublicId } from '../ids';

/** One line and one measurement a request: the route's pattern, never its values. */
export function observeRequests(server: FastifyInstance, logger: Logger): void {
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const ms = reply.elapsedTime;
    metrics.httpRequestSeconds.observe({ method: request.method, route, status: reply.statusCode }, ms / 1000);
    const { principal } = request as RequestWithPrincipal;
    const ofProgramme = principal && principal.kind !== 'operator' ? principal : undefined;
    logger.info(
      {
        requestId: String(request.id),
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(ms * 10) / 10,
        programme: ofProgramme && toPublicId('prg', ofProgramme.programmeId),
        caller: principal?.kind,
        keyId: ofProgramme?.callerId,
      },
      'request',
    );
    done();
  });
}
