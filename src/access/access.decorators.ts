import { applyDecorators, createParamDecorator, ExecutionContext, SetMetadata } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Principal, PrincipalKind, Role } from './principal';

export const ALLOWED = 'gegenwert:allowed';

export interface Allowed {
  kinds: PrincipalKind[];
  /** Roles of staff that may; admin may always do what marketing and dpo may. */
  roles: Role[];
}

/** @throws 401 when whoever called would not be let in any more. */
export type StillLetIn = () => Promise<unknown>;

export type RequestWithPrincipal = FastifyRequest & { principal?: Principal; stillLetIn?: StillLetIn };

/**
 * Who may call a route: kinds of caller, and roles of staff (`'marketing' | 'dpo' | 'admin'`). A route without it is
 * refused to everyone; public ones say `@Public()`.
 */
export function Allow(...who: (Exclude<PrincipalKind, 'staff'> | Role)[]) {
  const roles = who.filter((one): one is Role => one === 'marketing' || one === 'dpo' || one === 'admin');
  const kinds = who.filter(
    (one): one is Exclude<PrincipalKind, 'staff'> => !roles.includes(one as Role),
  ) as PrincipalKind[];
  const allowed: Allowed = { kinds: roles.length > 0 ? [...kinds, 'staff'] : kinds, roles };
  return applyDecorators(SetMetadata(ALLOWED, allowed), ...who.map(schemeOf));
}

/** As the contract says it: one alternative for each, roles of staff behind their key. */
const schemeOf = (one: Exclude<PrincipalKind, 'staff'> | Role) => {
  switch (one) {
    case 'marketing':
    case 'dpo':
    case 'admin':
      return ApiSecurity('staffKey', [one]);
    case 'customer':
      return ApiSecurity('customerToken');
    default:
      return ApiSecurity(`${one}Key`);
  }
};

export const PUBLIC = 'gegenwert:public';
export const Public = () => SetMetadata(PUBLIC, true);

/** The caller, as the guard found it. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<RequestWithPrincipal>();
  if (!principal) throw new Error('@Caller() on a route without @Allow()');
  return principal;
});

/** To be asked again in an answer that goes on for long: a session may be ended meanwhile, a key revoked, a token be over. */
export const AskStillLetIn = createParamDecorator((_: unknown, context: ExecutionContext): StillLetIn => {
  const { stillLetIn } = context.switchToHttp().getRequest<RequestWithPrincipal>();
  if (!stillLetIn) throw new Error('@AskStillLetIn() on a route without @Allow()');
  return stillLetIn;
});
