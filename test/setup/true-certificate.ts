import type { Client } from 'pg';
import { toPublicId } from '../../src/platform/ids';
import { verifiedClaims, whatIsTrue, whatItSays } from './certificate';
import { call } from './service';

/** Whoever asks for a certificate, and whoever looks at the rows. */
export interface Onlooker {
  url: string;
  /** Of a storefront. */
  key: string;
  /** As the superuser. */
  owner: Client;
}

/** A revocation's certificate, verified and held against the rows; a test fails where it says more or less than these. */
export async function trueCertificate({ url, key, owner }: Onlooker, revocation: string): Promise<Record<string, any>> {
  const id = toPublicId('rev', revocation);
  const { status, body } = await call(url, 'GET', `/v1/revocations/${id}/certificate`, { key });
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  const claims = await verifiedClaims(url, body['certificate'] as string, 'revocation-certificate+jwt');
  expect(whatItSays(claims)).toEqual(await whatIsTrue(owner, id));
  return claims;
}
