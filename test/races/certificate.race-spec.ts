import { Client } from 'pg';
import { verifiedClaims, whatIsTrue, whatItSays } from '../setup/certificate';
import { brokenInvariants } from '../setup/invariants';
import { call } from '../setup/service';
import { startTwoApis, type TwoApis } from './two-apis';

/**
 * Certificates that are asked for while a revocation is erased and confirmed: each is of one moment, so that its parts agree.
 * Fails when the status is read by a statement of its own before the rest: it then lags behind.
 */

type Body = Record<string, any>;
const CUSTOMERS = 12;

let apis: TwoApis;
let owner: Client;

beforeAll(async () => {
  apis = await startTwoApis({ worker: true });
  owner = new Client({ connectionString: apis.databaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await apis.stop();
});

/** What does not fit together in a certificate of a revocation of one value, which two recipients have read. */
function contradictions({ status, erasedAt, values, recipients, confirmed, of, overdue, statement }: Body): string[] {
  const answered = (recipients as Body[]).filter(({ answers }) => answers.length > 0).length;
  const facts: Record<string, boolean> = {
    'erased when it says so': (status !== 'blocked') === (erasedAt !== undefined),
    'one value, there or destroyed': values.destroyed.length + values.stored.length === 1,
    'destroyed once it is erased': (status !== 'blocked') === (values.destroyed.length === 1),
    'complete once all have answered': status === 'blocked' || (status === 'complete') === (answered === of),
    'counts answers': confirmed === answered && of === 2 && overdue.length === 0,
    'says the same in words': (statement as string).includes(`Confirmed ${confirmed} of ${of}.`),
  };
  return Object.keys(facts).filter((fact) => !facts[fact]);
}

/** Taken back, and looked at by both processes until both recipients have answered. */
async function watch(customer: string): Promise<{ seen: Body[]; id: string }> {
  const { newsletter, recommender } = apis.programme.recipients;
  await apis.share(0, customer);
  await apis.disclose(0, customer);
  await apis.disclose(1, customer, 'advice');
  const id = (await apis.revoke(0, customer, { everything: true })).body['id'] as string;
  const seen: Body[] = [];
  let isOver = false;
  const look = async (api: number): Promise<void> => {
    while (!isOver) {
      const { body } = await call(apis.urlOf(api), 'GET', `/v1/revocations/${id}/certificate`, {
        key: apis.programme.storefrontKey,
      });
      seen.push(await verifiedClaims(apis.urlOf(api), body['certificate'] as string, 'revocation-certificate+jwt'));
    }
  };
  const lookers = [look(0), look(1)];
  for (const { apiKey } of [newsletter, recommender]) {
    const list = await call(apis.urlOf(1), 'GET', '/v1/revocation-notices?status=owed', { key: apiKey });
    for (const notice of list.body['data'] as Body[]) {
      if (notice['revocationId'] !== id) continue;
      await apis.post(0, `/v1/revocation-notices/${notice['id']}/acknowledgement`, { did: 'erased' }, { key: apiKey });
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 400));
  isOver = true;
  await Promise.all(lookers);
  return { seen, id };
}

it('agree with themselves at every moment, and with the tables in the end', async () => {
  const seen: Body[] = [];
  for (let n = 0; n < CUSTOMERS; n++) {
    const one = await watch(`customer-${n}`);
    seen.push(...one.seen);
    expect(whatItSays(one.seen.at(-1)!)).toEqual(await whatIsTrue(owner, one.id));
  }
  expect(seen.map(contradictions).filter((found) => found.length > 0)).toEqual([]);
  expect(new Set(seen.map(({ status }) => status as string)).size).toBeGreaterThan(1);
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});
