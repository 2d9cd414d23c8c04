import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { CUSTOMER_REF, type Principal, type RequestWithPrincipal } from '../access';
import { Database } from '../platform/database';
import { heedSignal, unheeded } from './heed-signal';
import { customerNamed, type Named, namedBy } from './named-customer';
import { saysGpc } from './privacy-signal';

const STOPS = /^\/v1\/(me\/)?(revocations|pauses)(?=[/?]|$)/;

/**
 * Heeds the Global Privacy Control (`Sec-GPC: 1`) on whatever call a customer makes, or a storefront for one, before the call
 * itself is seen to: a valid request to opt out of sharing with others, also for what was consented to before
 * (CCPA Regulations, § 7025(c)(1)). It stays until the customer consents anew in a call without it: that it is absent later
 * is no such consent (§ 7025(c)(5)). No award depends on it (§ 7025(c)(4) would let a shop ask first; we do not).
 */
@Injectable()
export class PrivacySignalGuard implements CanActivate {
  constructor(private readonly database: Database) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<RequestWithPrincipal>();
    return !saysGpc(request) || this.heed(request);
  }

  private async heed(request: RequestWithPrincipal): Promise<boolean> {
    const { principal } = request;
    const said = principal && customerOf(principal, request);
    if (!said || principal.kind === 'operator') return true;
    const { programmeId } = principal;
    // Who takes back, pauses or leaves gets through whatever the load, with the signal as without.
    const isStop = request.method === 'DELETE' || STOPS.test(request.url);
    const inProgramme: Database['inProgramme'] = (programme, work) =>
      isStop ? this.database.inProgrammeReserved(programme, work) : this.database.inProgramme(programme, work);
    // Mostly there is nothing to change, and then no lock is taken.
    const [customerRef, found] = await inProgramme(programmeId, async (tx) => {
      const ref = typeof said === 'string' ? said : await customerNamed(tx, said);
      return [ref, ref === undefined ? [] : await unheeded(tx, ref)] as const;
    });
    if (customerRef !== undefined && found.length > 0)
      await inProgramme(programmeId, (tx) => heedSignal(tx, customerRef, found));
    return true;
  }
}

/** A reference, or the id of something of a customer's where a storefront names no more than that. */
function customerOf(principal: Principal, { params, body }: RequestWithPrincipal): string | Named | undefined {
  if (principal.kind === 'customer') return principal.customerRef;
  if (principal.kind !== 'storefront') return undefined;
  const { customerRef, id } = { ...(body as object), ...(params as object) } as { customerRef?: unknown; id?: unknown };
  if (customerRef === undefined) return namedBy(id);
  return typeof customerRef === 'string' && CUSTOMER_REF.test(customerRef) ? customerRef : undefined;
}
