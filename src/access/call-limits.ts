import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { Config } from '../platform/config';
import { isPage } from '../platform/http/is-page';
import { CONFIG } from '../platform/platform.module';
import { Problem } from '../platform/problem';
import { networkOf } from './network-of';
import type { Principal } from './principal';

const MINUTE_SECONDS = 60;

/**
 * Whether calls of strangers are counted: not those for health, which is asked often, and by machines; nor those for a page,
 * which is many files, costs no more than reading them, and asks for all else as whoever it is shown to.
 */
export const isCounted = (url: string): boolean => !url.startsWith('/health/') && !isPage(url);

/** How often a caller may call. Counted by this process alone, a minute at a time from a caller's first call on. */
@Injectable()
export class CallLimits {
  private readonly keys: Limit | undefined;
  private readonly customers: Limit | undefined;
  private readonly strangers: Limit | undefined;

  constructor(@Inject(CONFIG) { callsPerMinute }: Config) {
    this.keys = limitOf('key', callsPerMinute.key);
    this.customers = limitOf('customer', callsPerMinute.customer);
    this.strangers = limitOf('unknown', callsPerMinute.unknown);
  }

  /**
   * Counts a call of somebody we know, wherever it comes from. The operator's calls are not counted; yet that key
   * somebody thought up, so that it is refused from where too many were tried. @throws 429.
   */
  async admit(principal: Principal, address: string, reply: FastifyReply): Promise<void> {
    if (principal.kind === 'operator') await this.strangers?.requireRoom(networkOf(address), reply);
    else if (principal.kind === 'customer') await this.customers?.count(principal.callerId, reply);
    else await this.keys?.count(principal.callerId, reply);
  }

  /** Counts a call of somebody we do not know, by where it comes from. @throws 429. */
  async admitStranger(address: string, reply: FastifyReply): Promise<void> {
    await this.strangers?.count(networkOf(address), reply);
  }
}

const limitOf = (name: string, callsPerMinute: number): Limit | undefined =>
  callsPerMinute === 0 ? undefined : new Limit(name, callsPerMinute);

/** With every answer goes how many calls are left (draft-ietf-httpapi-ratelimit-headers-10). */
class Limit {
  private readonly calls: RateLimiterMemory;

  constructor(
    private readonly name: string,
    private readonly perMinute: number,
  ) {
    this.calls = new RateLimiterMemory({ points: perMinute, duration: MINUTE_SECONDS });
  }

  async count(who: string, reply: FastifyReply): Promise<void> {
    const { consumedPoints, msBeforeNext } = await this.calls.penalty(who);
    this.judge(consumedPoints, msBeforeNext, reply);
  }

  /** Without counting. */
  async requireRoom(who: string, reply: FastifyReply): Promise<void> {
    const counted = await this.calls.get(who);
    if (counted) this.judge(counted.consumedPoints + 1, counted.msBeforeNext, reply);
  }

  private judge(calls: number, msLeft: number, reply: FastifyReply): void {
    const seconds = Math.max(1, Math.ceil(msLeft / 1000));
    void reply.header('RateLimit-Policy', `"${this.name}";q=${this.perMinute};w=${MINUTE_SECONDS}`);
    void reply.header('RateLimit', `"${this.name}";r=${Math.max(0, this.perMinute - calls)};t=${seconds}`);
    if (calls > this.perMinute) throw tooManyRequests(seconds);
  }
}

const tooManyRequests = (seconds: number): Problem =>
  new Problem(429, 'too-many-requests', 'Too many requests', `Try again in ${seconds} seconds.`, [], seconds);
