import { setTimeout as sleep } from 'node:timers/promises';
import { parsePublicId } from '../../src/platform/ids';
import { brokenInvariants } from '../setup/invariants';
import type { Answer } from '../setup/service';
import { startTwoApis, WITHOUT_CUSTOMER_LOCK, type TwoApis } from './two-apis';
import { RELEASED_TOO_LATE, witnesses } from './witnesses';

/**
 * I4 for batch releases: once a revocation has been acknowledged, no line of a batch for what it ended commits. The guard is
 * the lock of each customer of a transaction, shared; it is taken out at the end, and the same race is then expected to leak.
 */

/** More than one transaction of a batch. */
const CUSTOMERS = 200;
const ROUNDS = 4;
const REVOKED_A_ROUND = 30;
const refs = Array.from({ length: CUSTOMERS }, (_, n) => `customer-${n}`);

interface Line {
  customerRef: string;
  id?: string;
  values?: object;
}

let apis: TwoApis;
beforeAll(async () => {
  apis = await startTwoApis({ worker: true });
  await apis.sql(witnesses(0.01, ['disclosures']));
}, 120_000);
afterAll(() => apis.stop());

async function batch(api: number): Promise<Line[]> {
  const response = await fetch(`${apis.urlOf(api)}/v1/disclosures/batch`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apis.programme.recipients.newsletter.apiKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ purpose: 'greeting', attributes: ['birthday'], customerRefs: refs, reason: 'race' }),
  });
  if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
  const lines = (await response.text()).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

interface Seen {
  revocations: Answer[];
  /** Lines of batches that were asked for after the revocations of their round were answered. */
  after: Line[];
  /** Of customers revoked in the round. */
  during: Line[];
}

/** Who has no consent at the moment. */
const gone = new Set(refs);

/** All share; both processes read all of them over and over while some revoke; then both read once more. */
async function oneRound(round: number, seen: Seen): Promise<void> {
  const sharing = [...gone];
  for (let at = 0; at < sharing.length; at += 100) {
    await Promise.all(sharing.slice(at, at + 100).map((ref, n) => apis.share(n, ref)));
  }
  gone.clear();
  for (let n = 0; n < REVOKED_A_ROUND; n++) gone.add(refs[(round * 3 + n * 7) % CUSTOMERS]!);
  const ofGone = (lines: Line[]): Line[] => lines.filter(({ customerRef }) => gone.has(customerRef));
  let isOver = false;
  const reader = async (api: number): Promise<void> => {
    while (!isOver) seen.during.push(...ofGone(await batch(api)));
  };
  const readers = [reader(0), reader(1)];
  await sleep(Math.random() * 50);
  for (const ref of gone) seen.revocations.push(await apis.revoke(round, ref, { everything: true }));
  isOver = true;
  seen.after.push(...ofGone((await Promise.all([batch(0), batch(1)])).flat()));
  await Promise.all(readers);
}

const tooLate = async (): Promise<number> => (await apis.sql<{ count: number }>(RELEASED_TOO_LATE))[0]?.count ?? -1;

describe('revocations that race batch releases', () => {
  const seen: Seen = { revocations: [], after: [], during: [] };
  beforeAll(async () => {
    for (let round = 0; round < ROUNDS; round++) await oneRound(round, seen);
  }, 180_000);

  it('are all answered, while values are released and while they are not', () => {
    expect(seen.revocations.map(({ status }) => status)).toEqual(Array(ROUNDS * REVOKED_A_ROUND).fill(201));
    expect(new Set(seen.during.map((line) => 'values' in line))).toEqual(new Set([true, false]));
  });

  it('let no line through that is asked for after their answer', () => {
    expect(seen.after).toHaveLength(ROUNDS * REVOKED_A_ROUND * 2);
    expect(seen.after.filter((line) => 'values' in line)).toEqual([]);
  });

  it('let no line commit that was asked for before', async () => {
    expect(await tooLate()).toBe(0);
  });

  it('leave each line with its row, and every invariant whole', async () => {
    const ids = seen.during.flatMap(({ id }) => (id === undefined ? [] : [parsePublicId('dsc', id)]));
    const [found] = await apis.sql<{ count: number }>(
      'SELECT count(*)::int AS count FROM disclosures WHERE id = ANY ($1::uuid[])',
      [ids],
    );
    expect(found?.count).toBe(ids.length);
    expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
  });
});

it('without the lock they let lines through, and are found out', async () => {
  await apis.sql(WITHOUT_CUSTOMER_LOCK);
  const seen: Seen = { revocations: [], after: [], during: [] };
  for (let round = 0; round < 3; round++) await oneRound(round, seen);
  expect(await tooLate()).toBeGreaterThan(0);
  expect(await brokenInvariants(apis.databaseUrl)).toHaveProperty('i05_release_has_consent');
}, 120_000);
