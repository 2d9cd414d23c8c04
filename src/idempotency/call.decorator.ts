import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Principal, RequestWithPrincipal } from '../access';

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

const callAtHand = createParamDecorator((_: unknown, context: ExecutionContext): Call => {
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

/**
 * The call at hand; the contract then says that the route takes an Idempotency-Key.
 * @throws 400 `idempotency-key-required` to a storefront that sent none.
 */
export const ThisCall = (): ParameterDecorator => (target, method, index) => {
  callAtHand()(target, method, index);
  const handler = method === undefined ? undefined : Object.getOwnPropertyDescriptor(target, method);
  if (method === undefined || !handler) throw new Error('@ThisCall() is for a parameter of a route');
  ApiHeader({
    name: 'Idempotency-Key',
    description:
      'New for each thing to be done, and the same for each retry of it: the retry gets the first answer. ' +
      'Storefronts must send it.',
    schema: { type: 'string', minLength: 1, maxLength: 255, example: '3f0a5c1e-6b0f-4d0e-9d0b-6f2b4f8f1a57' },
  })(target, method, handler);
};
