import { Inject, Injectable } from '@nestjs/common';
import { createLocalJWKSet, createRemoteJWKSet, customFetch, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { Config } from '../platform/config';
import type { Logger } from '../platform/logging';
import { CONFIG, LOGGER } from '../platform/platform.module';
import { Problem } from '../platform/problem';
import { fetchJson } from './fetch-json';

/** No issuer is asked again sooner than this, however many tokens name keys that it did not have. */
const COOLDOWN_MS = 30_000;
/** …nor sooner than this after it could not be reached. */
const RETRY_MS = 5_000;
/** So that a key that the issuer has withdrawn is forgotten. */
const REFRESH_MS = 600_000;

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

class Source {
  private readonly keys: RemoteKeys;
  private notBefore = 0;
  private refreshAt = 0;

  constructor(
    private readonly issuer: string,
    private readonly fetch: (url: string) => Promise<unknown>,
    private readonly logger: Logger,
  ) {
    // Kept beyond their refresh: while the issuer is away, the keys that it had go on working.
    const options = { cooldownDuration: COOLDOWN_MS, cacheMaxAge: Infinity, [customFetch]: () => this.load() };
    this.keys = createRemoteJWKSet(new URL(issuer), options);
  }

  readonly find: JWTVerifyGetKey = (header, token) => {
    if (this.keys.jwks() && Date.now() >= this.refreshAt) this.refresh();
    return this.keys(header, token);
  };

  private refresh(): void {
    this.refreshAt = Date.now() + REFRESH_MS;
    this.keys.reload().catch((error: unknown) => {
      this.refreshAt = Date.now() + RETRY_MS;
      this.logger.warn({ error }, 'the keys of a token issuer could not be refreshed');
    });
  }

  private async load(): Promise<Response> {
    if (Date.now() < this.notBefore) throw away();
    this.notBefore = Date.now() + RETRY_MS;
    const jwks = await this.fetchKeys().catch((error: unknown) => {
      throw away(error);
    });
    this.refreshAt = Date.now() + REFRESH_MS;
    return Response.json(jwks);
  }

  /** OpenID Connect Discovery 1.0, sections 4.1 to 4.3: the document is the issuer's only when it says so itself. */
  private async fetchKeys(): Promise<unknown> {
    const where = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { issuer, jwks_uri: keys } = (await this.fetch(where)) as { issuer?: unknown; jwks_uri?: unknown };
    if (issuer !== this.issuer) throw new Error('A discovery document names another issuer');
    if (typeof keys !== 'string') throw new Error('A discovery document names no jwks_uri');
    const jwks = await this.fetch(keys);
    // Throws for what is no key set: it is the issuer's fault, before it can look like the token's.
    createLocalJWKSet(jwks as JSONWebKeySet);
    return jwks;
  }
}

/** An issuer cannot be asked for its keys: it is not the token's fault, and worth another try. */
const away = (cause?: unknown): Problem =>
  Object.assign(
    new Problem(503, 'unavailable', 'The keys of the token’s issuer cannot be had', undefined, [], RETRY_MS / 1000),
    { cause },
  );

/** The public keys of token issuers: fetched at the first token, kept, fetched again when a token names an unknown one. */
@Injectable()
export class IssuerKeys {
  private readonly sources = new Map<string, Source>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Only for issuers that a programme has registered: each is remembered. */
  of(issuer: string): JWTVerifyGetKey {
    let source = this.sources.get(issuer);
    if (!source) {
      source = new Source(issuer, (url) => fetchJson(url, this.config.allowLoopbackWebhooks), this.logger);
      this.sources.set(issuer, source);
    }
    return source.find;
  }
}
