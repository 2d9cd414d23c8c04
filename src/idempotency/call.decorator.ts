import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../access';
import type { RequestWithPrincipal } from '../access/access.decorators';
import { invalidField, Problem } from '../platform/problem';

/** A call that may be sent again: who, under which key, what. */
export interface Call {
  principal: Exclude<Principal, { kind: 'operator' }>;
  /** Undefined where the caller need not send one and did not. */
  key: string | undefined;
  /** Method and path: the same key for another route is another request. */
  route: string;
  body: unknown;
  reply: FastifyReply;
}

/** The call at hand. @throws 400 `idempotency-key-required` to a storefront that sent none. */
export const ThisCall = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
  const request = context.switchToHttp().getRequest<RequestWithPrincipal>();
  const { principal } = request;
  if (!principal || principal.kind === 'operator') throw new Error('@ThisCall() needs a caller of a programme');
  const key = request.headers['idempotency-key'];
  if (key === undefined && principal.kind === 'storefront') {
    throw new Problem(
      400,
      'idempotency-key-required',
      'This call needs an Idempotency-Key',
      'Send a header Idempotency-Key of 1 to 255 characters, new for each thing to be done and the same for each retry.',
    );
  }
  if (Array.isArray(key) || (key !== undefined && (key.length < 1 || key.length > 255))) {
    throw invalidField('', 'The header Idempotency-Key must have 1 to 255 characters');
  }
  return {
    principal,
    key,
    route: `${request.method} ${request.url}`,
    body: request.body,
    reply: context.switchToHttp().getResponse(),
  };
});
