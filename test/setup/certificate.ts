import { createHash } from 'node:crypto';
import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from 'jose';
import type { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import { call } from './service';

type Row = Record<string, any>;

/** Claims of a JWS by one of the service's published keys; rejects for any other. */
export async function verifiedClaims(url: string, jws: string, type: string): Promise<Row> {
  const { body } = await call(url, 'GET', '/.well-known/jwks.json');
  const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(body as unknown as JSONWebKeySet), {
    algorithms: ['EdDSA'],
  });
  if (protectedHeader.typ !== type) throw new Error(`It is of type ${protectedHeader.typ}`);
  return JSON.parse(Buffer.from(payload).toString()) as Row;
}

/**
 * What a certificate should say while nothing changes: told again from the tables' plain rows, by none of the statements that
 * certificates are made by. As the superuser.
 */
export async function whatIsTrue(owner: Client, publicId: string): Promise<Row> {
  const of = async (table: string, where: string, value: unknown): Promise<Row[]> =>
    (await owner.query<Row>(`SELECT * FROM ${table} WHERE ${where} = $1`, [value])).rows;
  const id = parsePublicId('rev', publicId);
  const [revocation] = await of('revocations', 'id', id);
  if (!revocation) throw new Error('There is no such revocation');
  const ofCustomer = (table: string) => of(table, 'customer_id', revocation['customer_id']);
  const consents = await ofCustomer('consents');
  const ended = consents.filter((row) => row['revocation_id'] === id);
  const active = new Set(consents.filter((row) => row['status'] === 'active').map((row) => row['attribute']));
  const disclosures = (await ofCustomer('disclosures')).filter((row) =>
    row['consents'].some((consent: string) => ended.some((one) => one['id'] === consent)),
  );
  const values = await ofCustomer('vault_values');
  const journal = await of('erasure_journal', 'revocation_id', id);
  const keys = (await owner.query<Row>('SELECT id, destroyed_at FROM key_store.data_keys')).rows;
  const notices = await of('revocation_notices', 'revocation_id', id);
  const recipients = (await owner.query<Row>('SELECT * FROM recipients')).rows;
  const answers = (await owner.query<Row>('SELECT * FROM acknowledgements')).rows;
  const [{ now }] = (await owner.query<Row>('SELECT clock_timestamp() AS now')).rows as [Row];
  const told = notices.map((notice) => {
    const said = answers.filter((row) => row['notice_id'] === notice['id']);
    const got = disclosures.filter((row) => row['recipient_id'] === notice['recipient_id']);
    return {
      recipient: recipients.find((row) => row['id'] === notice['recipient_id'])?.['key'],
      told: notice['listed_at']?.toISOString(),
      dueAt: notice['due_at'].toISOString(),
      useUntil: new Date(Math.max(...got.map((row) => row['use_until'].getTime()))).toISOString(),
      overdue: said.length === 0 && (notice['overdue_at'] !== null || notice['due_at'] <= now),
      answers: said
        .map((row) => ({
          did: row['did'],
          at: row['at'].toISOString(),
          sha256: row['signature'] === null ? undefined : createHash('sha256').update(row['signature']).digest('hex'),
        }))
        .sort(by(({ did }) => (did === 'stopped' ? 'a' : 'b'))),
    };
  });
  return {
    status: revocation['status'],
    blockedAt: revocation['blocked_at'].toISOString(),
    erasedAt: revocation['erased_at']?.toISOString(),
    ended: ended.map((row) => [row['attribute'], row['purpose'], row['status']].join(' ')).sort(),
    destroyed: journal
      .map((row) => ({
        attribute: row['attribute'],
        version: row['version'],
        at: row['erased_at'].toISOString(),
        keyDestroyed: keys.some((key) => key['id'] === row['version'] && key['destroyed_at'] !== null),
        isGone: values.every((value) => value['version'] !== row['version']),
      }))
      .sort(by(({ version }) => version)),
    stored: values
      .filter((value) => ended.some((row) => row['attribute'] === value['attribute']))
      .map((value) => `${value['attribute']} ${active.has(value['attribute']) ? 'other-consent' : 'erasure-owed'}`)
      .sort(),
    recipients: told.sort(by(({ recipient }) => recipient)),
    confirmed: told.filter((one) => one.answers.length > 0).length,
    of: told.length,
    overdue: told
      .filter((one) => one.overdue)
      .map(({ recipient }) => recipient as string)
      .sort(),
  };
}

/** What a certificate says, in the shape of whatIsTrue. */
export function whatItSays(claims: Row): Row {
  return {
    status: claims['status'],
    blockedAt: claims['blockedAt'],
    erasedAt: claims['erasedAt'],
    ended: claims['consents'].map((row: Row) => [row['attribute'], row['purpose'], row['ended']].join(' ')).sort(),
    destroyed: claims['values'].destroyed
      .map((row: Row) => ({ ...row, isGone: true }))
      .sort(by((row: Row) => row['version'])),
    stored: claims['values'].stored.map((row: Row) => `${row['attribute']} ${row['because']}`).sort(),
    recipients: claims['recipients']
      .map((row: Row) => ({
        recipient: row['recipient'],
        told: row['toldAt'],
        dueAt: row['dueAt'],
        useUntil: row['useUntil'],
        overdue: row['overdue'],
        answers: row['answers'].map((answer: Row) => ({
          did: answer['did'],
          at: answer['at'],
          sha256: answer['signature']?.sha256,
        })),
      }))
      .sort(by((row: Row) => row['recipient'])),
    confirmed: claims['confirmed'],
    of: claims['of'],
    overdue: claims['overdue'].toSorted(),
  };
}

const by =
  <T>(key: (one: T) => string) =>
  (a: T, b: T): number =>
    key(a) < key(b) ? -1 : 1;
