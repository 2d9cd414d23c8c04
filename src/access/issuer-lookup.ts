import { Injectable } from '@nestjs/common';
import { Batcher } from '../platform/batcher';
import { Database, type Statement } from '../platform/database';

/** A registration of an issuer: whose tokens for this audience a programme accepts, and as what. */
export interface TokenIssuer {
  programmeId: string;
  issuer: string;
  audience: string;
  subjects: 'customers' | 'staff';
  subjectClaim: string;
  roleClaim: string;
  /** The only client to which its tokens may have been given, where it has one. */
  clientId: string | null;
}

const BY_ISSUER: Statement = {
  name: 'find_token_issuers',
  text: `SELECT programme_id AS "programmeId", issuer, audience, subjects, subject_claim AS "subjectClaim",
                role_claim AS "roleClaim", client_id AS "clientId"
           FROM token_issuers_by_issuer($1)`,
};

/** Looks registrations up at every call, as KeyLookup does keys: one that is deleted counts no more from the next call on. */
@Injectable()
export class IssuerLookup {
  private readonly lookups: Batcher<string, TokenIssuer[]>;

  constructor(private readonly database: Database) {
    this.lookups = new Batcher({
      run: (_, issuers) => this.find(issuers),
      limit: 1000,
      mayBeOnes: () => false,
    });
  }

  byIssuer(issuer: string): Promise<TokenIssuer[]> {
    return this.lookups.submit('issuers', issuer);
  }

  private async find(issuers: string[]): Promise<TokenIssuer[][]> {
    const rows = await this.database.queryCallers<TokenIssuer>(BY_ISSUER, [[...new Set(issuers)]]);
    return issuers.map((issuer) => rows.filter((row) => row.issuer === issuer));
  }
}
