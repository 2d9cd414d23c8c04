import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { forbidden, Problem } from '../platform/problem';
import { ALLOWED, PUBLIC, type Allowed, type RequestWithPrincipal } from './access.decorators';
import { CallLimits, isCounted } from './call-limits';
import { Callers } from './callers';
import { requireEmbedder } from './embed-origins';
import type { Principal } from './principal';

type Rule = 'public' | Allowed;
type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = ReturnType<ExecutionContext['getClass']>;

const NOBODY: Allowed = { kinds: [], roles: [] };

/** In front of every route: who is calling, and may they. What says nothing about it is refused to everyone. */
@Injectable()
export class AccessGuard implements CanActivate {
  // By controller as well: two of them may inherit one handler.
  private readonly rules = new Map<Controller, Map<Handler, Rule>>();

  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
    private readonly limits: CallLimits,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.ruleOf(context.getClass(), context.getHandler());
    const http = context.switchToHttp();
    if (rule === 'public') return this.admitAnyone(http.getRequest(), http.getResponse());
    return this.admit(rule, http.getRequest<RequestWithPrincipal>(), http.getResponse<FastifyReply>());
  }

  /** A header that nobody reads here must not let a call past being counted. */
  private admitAnyone({ headers, url, ip }: RequestWithPrincipal, reply: FastifyReply): true | Promise<true> {
    if (headers.authorization === undefined || !isCounted(url)) return true;
    return this.limits.admitStranger(ip, reply).then(() => true);
  }

  private async admit(rule: Allowed, request: RequestWithPrincipal, reply: FastifyReply): Promise<boolean> {
    const principal = await this.identify(request, reply);
    await this.limits.admit(principal, request.ip, reply);
    if (!mayCall(rule, principal)) throw forbidden('The key or token is valid, but not for this call.');
    if (principal.kind !== 'operator') requireEmbedder(request, principal.programmeId);
    request.principal = principal;
    request.stillLetIn = () => this.callers.identify(request.headers.authorization);
    return true;
  }

  private async identify(request: RequestWithPrincipal, reply: FastifyReply): Promise<Principal> {
    const { authorization } = request.headers;
    try {
      return await this.callers.identify(authorization);
    } catch (error) {
      const isRefused = error instanceof Problem && error.status === 401;
      // A call without a key or token was counted when it came.
      if (isRefused && authorization !== undefined) await this.limits.admitStranger(request.ip, reply);
      throw error;
    }
  }

  private ruleOf(controller: Controller, handler: Handler): Rule {
    const known = this.rules.get(controller)?.get(handler);
    if (known) return known;
    const rule = this.readRule(controller, handler);
    const ofController = this.rules.get(controller) ?? new Map<Handler, Rule>();
    this.rules.set(controller, ofController.set(handler, rule));
    return rule;
  }

  private readRule(controller: Controller, handler: Handler): Rule {
    for (const said of [handler, controller]) {
      const allowed = this.reflector.get<Allowed | undefined>(ALLOWED, said);
      if (allowed) return allowed;
      if (this.reflector.get<boolean | undefined>(PUBLIC, said)) return 'public';
    }
    return NOBODY;
  }
}

function mayCall({ kinds, roles }: Allowed, principal: Principal): boolean {
  if (!kinds.includes(principal.kind)) return false;
  return principal.kind !== 'staff' || principal.role === 'admin' || roles.includes(principal.role);
}
