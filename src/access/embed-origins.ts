import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { kindOfHost } from '../platform/address-kind';
import { Batcher } from '../platform/batcher';
import type { Config } from '../platform/config';
import { Database, type Statement, type Tx } from '../platform/database';
import { CONFIG } from '../platform/platform.module';
import { invalidField, Problem } from '../platform/problem';

/** For openapi: when `origin-not-allowed` is answered. */
export const ORIGIN_NOT_ALLOWED = {
  'origin-not-allowed': 'a page called whose origin is not among those that may hold the customer’s page',
};

const FIND: Statement = {
  name: 'find_embedding_programmes',
  text: 'SELECT origin, programme_id AS "programmeId" FROM programmes_embedded_by($1)',
};
const LIST: Statement = {
  name: 'list_embed_origins',
  text: 'SELECT origin FROM embed_origins WHERE programme_id = $1 ORDER BY origin',
};
const REMOVE: Statement = {
  name: 'remove_other_embed_origins',
  text: 'DELETE FROM embed_origins WHERE programme_id = $1 AND origin <> ALL ($2)',
};
const ADD: Statement = {
  name: 'add_embed_origins',
  text: `INSERT INTO embed_origins (programme_id, origin) SELECT $1, o FROM unnest($2::text[]) AS o ORDER BY o
         ON CONFLICT DO NOTHING`,
};

/** What a page may send and read; a browser asks so long again only after two hours, the longest that one of them keeps it. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, PUT, DELETE',
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Idempotency-Key',
  'access-control-max-age': '7200',
};
const READABLE = 'Content-Disposition, Idempotency-Replayed, RateLimit, RateLimit-Policy, Retry-After';

/** A call by a page of another origin, with the programmes that allow it. */
interface Embedded {
  embedders?: ReadonlySet<string>;
}

/** Pages of shops that may hold the customer's page: each programme lists their origins (RFC 6454). */
@Injectable()
export class EmbedOrigins {
  private readonly lookups: Batcher<string, ReadonlySet<string>>;

  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.lookups = new Batcher({ run: (_, origins) => this.find(origins), limit: 1000, mayBeOnes: () => false });
  }

  /**
   * In front of a call for a customer, before it is known who calls: lets the page read the answer when some programme lists
   * its origin. Whether it is the customer's own programme is for requireEmbedder.
   * @throws 403 `origin-not-allowed` when none does.
   */
  async admit(origin: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    void reply.header('Vary', 'Origin');
    const embedders = await this.lookups.submit('origins', origin);
    if (embedders.size === 0) throw originNotAllowed();
    (request as Embedded).embedders = embedders;
    void reply.header('Access-Control-Allow-Origin', origin).header('Access-Control-Expose-Headers', READABLE);
  }

  list(tx: Tx): Promise<string[]> {
    return tx.query<{ origin: string }>(LIST, [tx.programmeId]).then((rows) => rows.map(({ origin }) => origin));
  }

  /** From its commit on these may, and no others. @throws 422 for what is no origin. */
  async replace(tx: Tx, origins: string[]): Promise<string[]> {
    origins.forEach((origin, n) => {
      if (!this.isOrigin(origin)) {
        throw invalidField(
          `/origins/${n}`,
          'must be an origin, https://shop.example, without a path and a slash at its end',
        );
      }
    });
    await tx.query(REMOVE, [tx.programmeId, origins]);
    await tx.query(ADD, [tx.programmeId, origins]);
    return this.list(tx);
  }

  /** https; also http, of this machine, where loopback is allowed. */
  private isOrigin(text: string): boolean {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    if (url.origin !== text) return false;
    const isLocal = this.config.allowLoopbackWebhooks && url.protocol === 'http:' && kindOfHost(url) === 'loopback';
    return isLocal || url.protocol === 'https:';
  }

  private async find(origins: string[]): Promise<ReadonlySet<string>[]> {
    const rows = await this.database.queryCallers<{ origin: string; programmeId: string }>(FIND, [
      [...new Set(origins)],
    ]);
    return origins.map(
      (origin) => new Set(rows.filter((row) => row.origin === origin).map(({ programmeId }) => programmeId)),
    );
  }
}

/**
 * The origin of the page that calls, where that is another than this service's own; undefined for programs, which send none,
 * and for our own pages, whatever a proxy made of the scheme.
 */
export function foreignOrigin({ headers, host }: FastifyRequest): string | undefined {
  const { origin } = headers;
  if (origin === undefined || headers['sec-fetch-site'] === 'same-origin') return undefined;
  return URL.canParse(origin) && new URL(origin).host === host ? undefined : origin;
}

/** Answers what a browser asks before a call: methods and headers that a page of an admitted origin may use. */
export function answerPreflight(reply: FastifyReply): void {
  void reply.status(204).headers(PREFLIGHT).send();
}

/** @throws 403 `origin-not-allowed` to a page that another programme lists, and not this one. */
export function requireEmbedder(request: FastifyRequest, programmeId: string): void {
  const { embedders } = request as Embedded;
  if (embedders && !embedders.has(programmeId)) throw originNotAllowed();
}

const originNotAllowed = (): Problem =>
  new Problem(
    403,
    'origin-not-allowed',
    'This page may not hold the customer’s page',
    'An admin adds its origin with PUT /v1/embed-origins.',
  );
