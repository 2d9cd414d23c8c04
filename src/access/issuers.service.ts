import { Inject, Injectable } from '@nestjs/common';
import type { Config } from '../platform/config';
import { violatedConstraint, type Statement, type Tx } from '../platform/database';
import { pageOf, type PageQuery } from '../platform/http/page.dto';
import { newId, requireId, toPublicId } from '../platform/ids';
import { CONFIG } from '../platform/platform.module';
import { conflict, invalidField, notFound } from '../platform/problem';
import { requireCursor } from './cursor';
import { mayFetch } from './fetch-json';
import type { IssuerDto, IssuerListDto, NewIssuerDto } from './issuers.dto';

const COLUMNS = `id, issuer, audience, subjects, subject_claim AS "subjectClaim", role_claim AS "roleClaim",
                 client_id AS "clientId", created_at AS "createdAt"`;
const INSERT: Statement = {
  name: 'insert_token_issuer',
  text: `INSERT INTO token_issuers (programme_id, id, issuer, audience, subjects, subject_claim, role_claim, client_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
};
const LIST: Statement = {
  name: 'list_token_issuers',
  text: `SELECT ${COLUMNS} FROM token_issuers
          WHERE programme_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
};
const DELETE: Statement = {
  name: 'delete_token_issuer',
  text: 'DELETE FROM token_issuers WHERE programme_id = $1 AND id = $2 RETURNING id',
};

/** Whose OpenID Connect tokens a programme accepts. */
@Injectable()
export class IssuersService {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** @throws 422 when issuer is no usable URL, or clientId is not for staff; 409 `issuer-taken`, also when it is another programme that has it. */
  async register(tx: Tx, wanted: NewIssuerDto): Promise<IssuerDto> {
    const { issuer, audience, subjects, clientId } = wanted;
    if (clientId !== undefined && subjects !== 'staff') throw invalidField('/clientId', 'clientId is only for staff');
    if (!isIssuer(issuer, this.config.allowLoopbackWebhooks)) {
      throw invalidField(
        '/issuer',
        'issuer must be an https URL of a public address, without user, password, query and fragment',
      );
    }
    try {
      const claims = [wanted.subjectClaim ?? 'sub', wanted.roleClaim ?? 'role'];
      const values = [tx.programmeId, newId(), issuer, audience, subjects, ...claims, clientId ?? null];
      const [row] = await tx.query<IssuerRow>(INSERT, values);
      return toDto(row!);
    } catch (error) {
      if (violatedConstraint(error) === 'token_issuers_audience_unique') {
        throw conflict(
          'issuer-taken',
          'The issuer is registered for this audience already',
          'Choose another audience.',
        );
      }
      throw error;
    }
  }

  async list(tx: Tx, { limit, after }: PageQuery): Promise<IssuerListDto> {
    const rows = await tx.query<IssuerRow>(LIST, [tx.programmeId, requireCursor('iss', after), limit + 1]);
    return pageOf(rows, limit, toDto, ({ id }) => toPublicId('iss', id));
  }

  /** From its commit on none of its tokens gets through. @throws 404. */
  async remove(tx: Tx, publicId: string): Promise<void> {
    const [removed] = await tx.query(DELETE, [tx.programmeId, requireId('iss', publicId, 'issuer')]);
    if (!removed) throw notFound('issuer');
  }
}

type IssuerRow = Omit<IssuerDto, 'clientId'> & { clientId: string | null };

const toDto = ({ clientId, ...row }: IssuerRow): IssuerDto => ({
  ...row,
  id: toPublicId('iss', row.id),
  ...(clientId !== null && { clientId }),
});

/** An issuer as OpenID Connect Discovery 1.0 has it: no query, no fragment; and one that we would go to. */
function isIssuer(text: string, allowLoopback: boolean): boolean {
  return !/[?#]/.test(text) && URL.canParse(text) && mayFetch(new URL(text), allowLoopback);
}
