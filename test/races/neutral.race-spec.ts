import { brokenInvariants } from '../setup/invariants';
import { eventually } from '../setup/service';
import { startTwoApis, type TwoApis } from './two-apis';

/**
 * I1 and I3: what was promised is paid, whenever the customer takes back what they shared: before, between and after the
 * bookings, with the worker stopped in the middle of it all. Each position fails when a revocation strikes out what is
 * queued: see the end of this file.
 */

const OFFERS = 3;
/** After how many of the bookings a customer revokes; never, for the one that all are compared with. */
const POSITIONS = [undefined, 0, 1, 2, 3];
const SCOPES = [{ everything: true }, { attribute: 'birthday' }, { purpose: 'greeting' }];

let apis: TwoApis;
let offers: Awaited<ReturnType<TwoApis['programme']['publish']>>[];

beforeAll(async () => {
  apis = await startTwoApis({ worker: true });
  offers = [];
  for (let n = 0; n < OFFERS; n++)
    offers.push(await apis.programme.publish({ reward: { type: 'points', points: 10 ** n } }));
});
afterAll(() => apis.stop());

interface Customer {
  ref: string;
  position: number | undefined;
  scope: object;
}

/** Every customer shares for one offer after the other; the worker books one, then is paused, and so on. */
async function live(
  prefix: string,
  { honest = true } = {},
): Promise<Record<string, { available: number; pending: number }>> {
  const customers = SCOPES.flatMap((scope, s) =>
    POSITIONS.map((position): Customer => ({ ref: `${prefix}-${s}-${position}`, position, scope })),
  );
  const revokeAt = (step: number) =>
    Promise.all(
      customers
        .filter(({ position }) => position === step)
        .map(async ({ ref, scope }, n) => {
          const before = await apis.programme.balance(ref);
          const revoked = await apis.revoke(n, ref, scope);
          expect(revoked.status).toBe(201);
          // The answer counts what is there after the revocation, so one that strikes points out says so itself.
          if (honest) expect(revoked.body['keepsPoints']).toBe(before.available + before.pending);
        }),
    );
  for (const [step, offer] of offers.entries()) {
    apis.pauseWorker();
    await Promise.all(customers.map(({ ref }, n) => apis.share(n, ref, { offer })));
    await revokeAt(step);
    apis.resumeWorker();
    await eventually(owed, (count) => count === 0, 30_000);
  }
  await revokeAt(OFFERS);
  await eventually(owed, (count) => count === 0, 30_000);
  const balances: Record<string, { available: number; pending: number }> = {};
  for (const { ref } of customers) balances[ref] = await apis.programme.balance(ref);
  return balances;
}

async function owed(): Promise<number | undefined> {
  return (await apis.sql<{ count: number }>('SELECT count(*)::int AS count FROM outbox'))[0]?.count;
}

it('has the same balance with and without a revocation, at every position', async () => {
  const balances = Object.values(await live('customer'));
  expect(balances).toHaveLength(SCOPES.length * POSITIONS.length);
  for (const balance of balances) expect(balance).toMatchObject({ available: 111, pending: 0 });
  expect(await brokenInvariants(apis.databaseUrl)).toEqual({});
});

it('is found out when a revocation strikes out what is queued', async () => {
  await apis.sql(`
    CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN DELETE FROM outbox WHERE id = NEW.share_id; RETURN NULL; END $$;
    CREATE TRIGGER strike AFTER UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION strike()`);
  const balances = await live('struck', { honest: false });
  for (const [ref, { available }] of Object.entries(balances)) {
    const isQueuedThen = /-[012]$/.test(ref);
    expect(available === 111).toBe(!isQueuedThen);
  }
  expect(await brokenInvariants(apis.databaseUrl)).toHaveProperty('i12_owed_or_done');
});
