import { brokenInvariants } from '../setup/invariants';
import { type Step, requestOf } from './commands';
import { ATTRIBUTES } from './catalogue';
import { type Model, statusOf } from './model';
import type { Programme, World } from './world';

const CONSENTS = `SELECT c.ref, k.attribute, k.purpose, k.status FROM consents k
  JOIN customers c ON c.programme_id = k.programme_id AND c.id = k.customer_id WHERE k.programme_id = $1`;
const VALUES = `SELECT c.ref, v.attribute FROM vault_values v
  JOIN customers c ON c.programme_id = v.programme_id AND c.id = v.customer_id WHERE v.programme_id = $1`;
const BALANCES = `SELECT c.ref, coalesce(a.balance, 0)::int AS available, coalesce(o.points, 0)::int AS pending FROM customers c
  LEFT JOIN accounts a ON a.programme_id = c.programme_id AND a.customer_id = c.id AND a.kind = 'available'
  LEFT JOIN (SELECT w.programme_id, w.customer_id, sum(w.points) AS points
               FROM outbox o JOIN awards w ON w.programme_id = o.programme_id AND w.id = o.id
              WHERE o.topic = 'points' GROUP BY 1, 2) o ON o.programme_id = c.programme_id AND o.customer_id = c.id
  WHERE c.programme_id = $1`;

type Balances = Record<string, { available: number; pending: number }>;

async function balances(world: World, programme: Programme): Promise<Balances> {
  const rows = await world.sql<{ ref: string; available: number; pending: number }>(BALANCES, [programme.id]);
  return Object.fromEntries(rows.map(({ ref, available, pending }) => [ref, { available, pending }]));
}

/** The database holds what the model does, and every invariant view is empty. */
export async function expectAgreement(world: World, programme: Programme, model: Model): Promise<void> {
  const consents = await world.sql<Record<string, string>>(CONSENTS, [programme.id]);
  expect(
    consents.map(({ ref, attribute, purpose, status }) => `${ref} ${attribute}:${purpose} ${status}`).sort(),
  ).toEqual(
    model.shares
      .flatMap((share) =>
        share.consents.map(({ attribute, purpose, active }) => {
          return `${share.customer} ${attribute}:${purpose} ${active ? 'active' : 'withdrawn'}`;
        }),
      )
      .sort(),
  );
  const values = await world.sql<{ ref: string; attribute: string }>(VALUES, [programme.id]);
  expect(values.map(({ ref, attribute }) => `${ref} ${attribute}`).sort()).toEqual([...model.values.keys()].sort());
  for (const [ref, { available, pending }] of Object.entries(await balances(world, programme))) {
    expect({ ref, points: available + pending }).toEqual({ ref, points: model.points(ref) });
  }
  for (const revocation of model.revocations) {
    const view = await programme.revocations.find(programme.id, revocation.id);
    expect(view.status).toBe(statusOf(revocation));
    expect(view.values.erasing).toBe(revocation.erased ? 0 : revocation.uncovers);
  }
  expect(await brokenInvariants(world.databaseUrl)).toEqual({});
}

/** When all that is owed is done: every point promised can be spent, and no value is left that nothing covers. */
export async function expectNothingOwed(world: World, programme: Programme, model: Model): Promise<void> {
  await programme.grantAll();
  await programme.erase(1_000);
  model.owedPoints = 0;
  model.erase(Infinity);
  await expectAgreement(world, programme, model);
  for (const customer of model.customers) {
    for (const attribute of ATTRIBUTES) {
      expect(model.valueOf(customer, attribute) !== undefined).toBe(model.isCovered(customer, attribute));
    }
  }
  for (const [ref, balance] of Object.entries(await balances(world, programme))) {
    expect({ ref, ...balance }).toEqual({ ref, available: model.points(ref), pending: 0 });
  }
}

/** The same shares and the same bookings in another programme, where nothing is taken back, come to the same balances. */
export async function expectRevocationNeutral(
  world: World,
  programme: Programme,
  other: Programme,
  steps: Step[],
): Promise<void> {
  const before = await balances(world, programme);
  for (const step of steps) {
    if ('post' in step) {
      await other.post(step.post);
    } else {
      const { request } = requestOf(other, step.customer, step.share);
      await other.exchange.share(other.call(request), request).catch(() => undefined);
    }
  }
  expect(await balances(world, other)).toEqual(before);
}
