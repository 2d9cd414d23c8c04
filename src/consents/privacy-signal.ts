import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { RequestWithPrincipal } from '../access';

const HEADER = 'sec-gpc';

/** Whether a call carries the Global Privacy Control (W3C): `Sec-GPC: 1`. Any other value says nothing. */
export const saysGpc = (request: Pick<RequestWithPrincipal, 'headers'>): boolean => request.headers[HEADER] === '1';

const signalAtHand = createParamDecorator((_: unknown, context: ExecutionContext): boolean =>
  saysGpc(context.switchToHttp().getRequest<RequestWithPrincipal>()),
);

/** Whether the call at hand says it; the contract then names the header. */
export const Gpc = (): ParameterDecorator => (target, method, index) => {
  signalAtHand()(target, method, index);
  const handler = method === undefined ? undefined : Object.getOwnPropertyDescriptor(target, method);
  if (method === undefined || !handler) throw new Error('@Gpc() is for a parameter of a route');
  ApiHeader({
    name: 'Sec-GPC',
    required: false,
    description:
      'Global Privacy Control: 1 refuses advertising by others, whatever else the call says. Browsers send it by ' +
      'themselves; a storefront passes on what the customer’s browser sent.',
    schema: { type: 'string', enum: ['1'] },
  })(target, method, handler);
};
