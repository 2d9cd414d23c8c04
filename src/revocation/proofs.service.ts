import { Injectable } from '@nestjs/common';
import { signTermination } from '../consents';
import { Database } from '../platform/database';
import { requireId } from '../platform/ids';
import { invalidField, notFound } from '../platform/problem';
import { SigningKeys } from '../platform/signing-keys';
import { certificateOf, evidenceOf, factsOf, type RevocationFacts } from './certificate';
import type { CertificateAnswer, ReceiptAnswer } from './certificate.dto';
import type { OverdueNoticeList } from './overdue.dto';
import { listOverdue } from './overdue-list';
import { terminationOf } from './termination';

/** What is said, and signed, of revocations; and which answers are missing. */
@Injectable()
export class Proofs {
  constructor(
    private readonly database: Database,
    private readonly signingKeys: SigningKeys,
  ) {}

  /** As far as the revocation has come. @throws 404, also for another customer's where customerRef is given. */
  async certificate(programmeId: string, publicId: string, customerRef?: string): Promise<CertificateAnswer> {
    const facts = await this.facts(programmeId, publicId, customerRef);
    const { signingKeys } = this;
    const statement = certificateOf(programmeId, facts);
    return {
      certificate: signingKeys.sign(signingKeys.currentKid, 'revocation-certificate+jwt', statement),
      evidence: evidenceOf(facts),
    };
  }

  /** Receipt of the consents' end. @throws 404, also for another customer's where customerRef is given. */
  async receipt(programmeId: string, publicId: string, customerRef?: string): Promise<ReceiptAnswer> {
    const id = requireId('rev', publicId, 'revocation');
    const facts = await this.database.inProgramme(programmeId, (tx) => terminationOf(tx, id));
    if (!facts || (customerRef !== undefined && facts.customerRef !== customerRef)) throw notFound('revocation');
    return { receipt: signTermination(this.signingKeys, facts) };
  }

  overdue(programmeId: string, page: { after?: string; limit: number }): Promise<OverdueNoticeList> {
    const after = Number(page.after ?? 0);
    if (!Number.isSafeInteger(after) || after < 0) throw invalidField('/after', 'after must be a nextCursor');
    return this.database.inProgramme(programmeId, (tx) => listOverdue(tx, { after, limit: page.limit }));
  }

  private async facts(programmeId: string, publicId: string, customerRef?: string): Promise<RevocationFacts> {
    const id = requireId('rev', publicId, 'revocation');
    const facts = await this.database.inProgramme(programmeId, (tx) => factsOf(tx, id));
    if (!facts || (customerRef !== undefined && facts.ref !== customerRef)) throw notFound('revocation');
    return facts;
  }
}
