import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';

/** What ends by itself, where the database throws one of them out: a rule that the service does not know of. */
let app: TestApp;
let shop: TestProgramme;
beforeAll(async () => {
  app = await startTestApp();
  shop = await app.programme();
  await app.owner.query(
    `ALTER TABLE consents ADD CONSTRAINT poison CHECK (attribute <> 'birthday' OR status = 'active')`,
  );
});
afterAll(() => app.stop());

const active = async (...refs: string[]): Promise<string[]> =>
  (
    await app.owner.query<{ ref: string }>(
      `SELECT DISTINCT c.ref FROM consents k JOIN customers c ON c.id = k.customer_id
        WHERE k.status = 'active' AND c.ref = ANY ($1) ORDER BY c.ref`,
      [refs],
    )
  ).rows.map(({ ref }) => ref);

async function sharing(refs: string[]): Promise<void> {
  const offer = await shop.publish({ asks: [{ attribute: 'shoeSize', purposes: ['greeting'], required: true }] });
  for (const ref of refs) {
    const consents = [{ attribute: 'shoeSize', purposes: ['greeting'] }];
    expect((await shop.share(ref, { offer, values: { shoeSize: 40 }, consents })).status).toBe(201);
  }
}
const late = (change: string) =>
  app.owner.query(`SET session_replication_role = replica; ${change}; RESET session_replication_role`);

// Fails when a batch is tried as a whole, or the first that fails is the last that is tried.
it('consents whose time is over end, but for those of the one customer', async () => {
  await sharing(['time-1', 'time-3']);
  await shop.share('time-2');
  await late(
    `UPDATE consents k SET until = now() - interval '1 hour' FROM customers c WHERE c.id = k.customer_id AND c.ref LIKE 'time-%'`,
  );
  await expect(app.expire(shop.id)).rejects.toThrow();
  expect(await active('time-1', 'time-2', 'time-3')).toEqual(['time-2']);
});

it('merges whose time is over become final, but for the one', async () => {
  await sharing(['merge-2']);
  await shop.share('merge-1');
  for (const ref of ['merge-1', 'merge-2'])
    await app.post(`/v1/customers/${ref}/merge`, shop.storefrontKey, { into: `${ref}-into` });
  await late(`UPDATE merges SET undo_until = now() - interval '1 hour', merged_at = now() - interval '31 days'`);
  await expect(app.finish(shop.id)).rejects.toThrow();
  expect(await active('merge-1', 'merge-2')).toEqual(['merge-1']);
});
