import { ArgumentsHost, Catch, ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging';
import { isAway } from '../database';
import { Problem, unavailable } from '../problem';

/** What Fastify and Nest refuse on their own, by status: names and words of ours, since theirs may quote the body. */
const OF_STATUS: Record<number, [type: string, title: string, detail?: string]> = {
  400: ['malformed-request', 'The request cannot be read', 'Send JSON (RFC 8259) in UTF-8, of at most 64 levels.'],
  404: ['not-found', 'No such resource'],
  405: ['method-not-allowed', 'This resource does not know the method'],
  408: ['request-timeout', 'The request took too long to arrive'],
  413: ['too-large', 'The request is too large'],
  415: ['unsupported-media-type', 'The content type is not supported', 'Send application/json.'],
  429: ['too-many-requests', 'Too many requests', 'Try again later.'],
  431: ['headers-too-large', 'The headers of the request are too large'],
};

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (isAway(error)) return unavailable('The database cannot be reached.');
  const { statusCode } = error as { statusCode?: unknown };
  const status = error instanceof HttpException ? error.getStatus() : typeof statusCode === 'number' ? statusCode : 500;
  const known = OF_STATUS[status];
  if (known) return new Problem(status, ...known);
  return new Problem(500, 'internal', 'Something went wrong on our side', 'Tell us the request id in instance.');
}

/** Every error leaves as RFC 9457 problem+json; the unexpected is logged, by what may be known of it, under the request's id. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.status >= 500) this.logger.error({ requestId: request.id, error }, 'request failed');
    sendProblem(reply, problem, String(request.id));
  }
}

export function sendProblem(reply: FastifyReply, problem: Problem, requestId: string): void {
  if (problem.retryAfterSeconds !== undefined) void reply.header('Retry-After', String(problem.retryAfterSeconds));
  if (problem.status === 401) void reply.header('WWW-Authenticate', 'Bearer');
  void reply.status(problem.status).header('Content-Type', 'application/problem+json').send(bodyOf(problem, requestId));
}

/** A problem as it is sent. */
export const bodyOf = (problem: Problem, requestId: string): object => ({
  type: `urn:gegenwert:problem:${problem.type}`,
  title: problem.title,
  status: problem.status,
  ...(problem.detail === undefined ? {} : { detail: problem.detail }),
  instance: requestId,
  errors: problem.errors,
  ...problem.members,
});
