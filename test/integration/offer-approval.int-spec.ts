import { Client } from 'pg';
import { parsePublicId } from '../../src/platform/ids';
import {
  both,
  created,
  type Calls,
  fillCatalogue,
  offer,
  type OffersTestApp,
  published,
  startOffersApp,
  type TestProgramme,
} from './offers.test-app';

/** A programme where no offer is published on one person's word. The database states it; these tests go round the service, too. */
let app: OffersTestApp;
let superuser: Client;
let programme: TestProgramme;
let ada: Calls;
let ben: Calls;
let cleo: Calls;

beforeAll(async () => {
  app = await startOffersApp();
  superuser = new Client({ connectionString: app.url });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await app.stop();
});
beforeEach(async () => {
  programme = await app.foundProgramme();
  await fillCatalogue(programme);
  const staff = async (name: string) =>
    app.callsOf((await programme.admin('POST', '/v1/keys', { kind: 'staff', role: 'marketing', name })).body.key);
  [ada, ben, cleo] = [await staff('Ada'), await staff('Ben'), await staff('Cleo')];
});
afterEach(() => {
  if (app.errors.length > 0) throw new AggregateError(app.errors.splice(0), 'unexpected errors');
});

const conflict = (type: string) => ({ status: 409, body: { type: `urn:gegenwert:problem:${type}` } });
const requireApproval = (requiresApproval = true) => programme.admin('PATCH', '/v1/programme', { requiresApproval });
const draftBy = async (staff: Calls, changes: object = {}): Promise<string> => {
  const answer = await staff('POST', '/v1/offers', offer('birthday', changes));
  expect(answer.status).toBe(201);
  return `/v1/offers/${answer.body.id}`;
};
const uuidOf = (path: string): string => parsePublicId('off', path.split('/').at(-1) ?? '') ?? '';

describe('a programme', () => {
  it('says whether it wants a second person, and only admins decide', async () => {
    expect(await ada('GET', '/v1/programme')).toMatchObject({
      status: 200,
      body: { name: 'Rosenrot Club', locale: 'de', requiresApproval: false },
    });
    expect((await ada('PATCH', '/v1/programme', { requiresApproval: true })).status).toBe(403);
    expect((await programme.dpo('PATCH', '/v1/programme', { requiresApproval: true })).status).toBe(403);
    for (const body of [{}, { requiresApproval: 'true' }, { requiresApproval: null }]) {
      expect((await programme.admin('PATCH', '/v1/programme', body)).status).toBe(422);
    }
    expect(await requireApproval()).toMatchObject({ status: 200, body: { requiresApproval: true } });
    expect((await programme.dpo('GET', '/v1/programme')).body.requiresApproval).toBe(true);
  });

  it('that wants none publishes as before', async () => {
    const path = await draftBy(ada);
    expect(await ada('POST', `${path}/publish`)).toMatchObject({ status: 200, body: { approval: { state: 'none' } } });
  });

  it('that wants none any more publishes what nobody approved', async () => {
    await requireApproval();
    const path = await draftBy(ada);
    expect(await ada('POST', `${path}/publish`)).toMatchObject(conflict('approval-required'));
    await requireApproval(false);
    expect((await ada('POST', `${path}/publish`)).status).toBe(200);
  });
});

describe('a draft', () => {
  beforeEach(() => requireApproval());

  it('is published when a second person has approved it, and says by whom', async () => {
    const path = await draftBy(ada);
    expect((await ada('GET', path)).body.approval).toEqual({ state: 'none' });
    expect(await ada('POST', `${path}/publish`)).toMatchObject(conflict('approval-required'));
    expect(await ada('POST', `${path}/submission`)).toMatchObject({
      status: 200,
      body: { status: 'draft', approval: { state: 'awaiting', submittedBy: { name: 'Ada' } } },
    });
    expect(await ada('POST', `${path}/publish`)).toMatchObject(conflict('approval-required'));
    expect(await ben('POST', `${path}/approval`, { revision: 1 })).toMatchObject({
      status: 200,
      body: { approval: { state: 'approved', submittedBy: { name: 'Ada' }, approvedBy: { name: 'Ben' } } },
    });
    const [listed] = (await programme.dpo('GET', '/v1/offers')).body.data;
    expect(listed.approval.state).toBe('approved');
    expect(listed.approval.approvedBy.caller).toMatch(/^key_/);
    expect(await ada('POST', `${path}/publish`)).toMatchObject({ status: 200, body: { status: 'live', version: 1 } });
  });

  it('is approved by none who wrote, edited or submitted it', async () => {
    const path = await draftBy(ada);
    await ben('PATCH', path, { title: both('another') });
    await cleo('POST', `${path}/submission`);
    for (const one of [ada, ben, cleo]) {
      expect(await one('POST', `${path}/approval`)).toMatchObject(conflict('second-person-required'));
    }
    expect((await programme.dpo('POST', `${path}/approval`)).status).toBe(403);
    expect((await programme.storefront('POST', `${path}/approval`, {}, { 'idempotency-key': 'x' })).status).toBe(403);
    expect((await programme.admin('POST', `${path}/approval`)).status).toBe(200);
  });

  it('is approved by none who wrote it and has a new key since', async () => {
    await requireApproval();
    const { body: old } = await programme.admin('POST', '/v1/keys', { kind: 'staff', role: 'marketing', name: 'Dora' });
    const path = await draftBy(app.callsOf(old.key));
    const { body: fresh } = await programme.admin('POST', `/v1/keys/${old.id}/rotate`, { overlapSeconds: 0 });
    const dora = app.callsOf(fresh.key);
    expect((await ada('POST', `${path}/submission`)).status).toBe(200);
    expect(await dora('POST', `${path}/approval`)).toMatchObject(conflict('second-person-required'));
    expect((await ben('POST', `${path}/approval`)).status).toBe(200);
    expect((await dora('POST', `${path}/publish`)).status).toBe(200);
  });

  it('is approved by none who submitted it before it was edited again', async () => {
    const path = await draftBy(ada);
    await cleo('POST', `${path}/submission`);
    await ada('PATCH', path, { title: both('another') });
    await ada('POST', `${path}/submission`);
    expect(await cleo('POST', `${path}/approval`)).toMatchObject(conflict('second-person-required'));
    expect((await ben('POST', `${path}/approval`)).status).toBe(200);
  });

  it('of the next version is approved by who wrote the one before', async () => {
    const path = await draftBy(ada);
    await ada('POST', `${path}/submission`);
    await ben('POST', `${path}/approval`);
    await ben('POST', `${path}/publish`);
    expect(await ben('PATCH', path, { title: both('next') })).toMatchObject({
      status: 200,
      body: { draft: { version: 2, revision: 1 }, approval: { state: 'none' } },
    });
    await ben('POST', `${path}/submission`);
    expect(await ben('POST', `${path}/approval`)).toMatchObject(conflict('second-person-required'));
    expect((await ada('POST', `${path}/approval`)).status).toBe(200);
    expect((await ben('POST', `${path}/publish`)).body.version).toBe(2);
  });

  it('loses its approval with an edit, also one that is taken back', async () => {
    const path = await draftBy(ada);
    await ada('POST', `${path}/submission`);
    await ben('POST', `${path}/approval`);
    const edited = await ada('PATCH', path, { reward: { type: 'points', points: 999 } });
    expect(edited.body).toMatchObject({ draft: { revision: 2 }, approval: { state: 'none' } });
    expect(await ada('POST', `${path}/publish`)).toMatchObject(conflict('approval-required'));
    await ada('PATCH', path, { reward: { type: 'points', points: 100 } });
    expect(await ada('POST', `${path}/publish`)).toMatchObject(conflict('approval-required'));
    expect(await ben('POST', `${path}/approval`)).toMatchObject(conflict('offer-state'));
  });

  it('is not approved as it was when somebody looked at it', async () => {
    const path = await draftBy(ada);
    await ada('POST', `${path}/submission`);
    await ada('PATCH', path, { reward: { type: 'points', points: 999 } });
    await ada('POST', `${path}/submission`);
    expect(await ben('POST', `${path}/approval`, { revision: 1 })).toMatchObject(conflict('offer-state'));
    expect((await ben('POST', `${path}/approval`, { revision: 2 })).status).toBe(200);
  });

  it('loses its approval when the catalogue behind it changes, and can be approved anew', async () => {
    const path = await draftBy(ada);
    await ada('POST', `${path}/submission`);
    await ben('POST', `${path}/approval`);
    await programme.marketing('POST', '/v1/recipients', { key: 'late', name: 'Latecomer', purposes: ['newsletter'] });
    expect(await ada('POST', `${path}/publish`)).toMatchObject(conflict('approval-required'));
    expect((await ada('POST', `${path}/submission`)).body.approval.state).toBe('awaiting');
    await ben('POST', `${path}/approval`);
    const answer = await ada('POST', `${path}/publish`);
    expect(answer.status).toBe(200);
    expect(answer.body.notices[0].text).toContain('Latecomer');
  });

  it('is handed in and approved once, however often that is said', async () => {
    const path = await draftBy(ada);
    const first = await ada('POST', `${path}/submission`);
    expect((await cleo('POST', `${path}/submission`)).body.approval).toEqual(first.body.approval);
    const approved = await ben('POST', `${path}/approval`);
    expect((await ben('POST', `${path}/approval`)).body.approval).toEqual(approved.body.approval);
    const { rows } = await superuser.query('SELECT FROM offer_submissions WHERE offer_id = $1', [uuidOf(path)]);
    expect(rows).toHaveLength(1);
  });

  it('that is not there is neither handed in nor approved', async () => {
    await requireApproval(false);
    const id = await published(programme, offer('published'));
    await requireApproval();
    for (const step of ['submission', 'approval']) {
      expect(await ada('POST', `/v1/offers/${id}/${step}`)).toMatchObject(conflict('offer-state'));
      expect((await ada('POST', `/v1/offers/off_01k9v5m3c8e1p9r2t4y6u8j0aa/${step}`)).status).toBe(404);
    }
    const draft = await created(programme, offer('draft'));
    expect(await ada('POST', `/v1/offers/${draft}/approval`)).toMatchObject(conflict('offer-state'));
    const other = await app.foundProgramme();
    expect((await other.marketing('POST', `/v1/offers/${draft}/approval`)).status).toBe(404);
  });

  it('goes on where a paused offer is resumed', async () => {
    const path = await draftBy(ada);
    await ada('POST', `${path}/submission`);
    await ben('POST', `${path}/approval`);
    await ada('POST', `${path}/publish`);
    await ada('POST', `${path}/pause`);
    expect((await ada('POST', `${path}/resume`)).status).toBe(200);
  });
});

describe('the database', () => {
  const inDatabase = async (text: string, values: unknown[]) => superuser.query(text, values);
  const PUBLISH = `UPDATE offer_versions SET published_at = now() WHERE offer_id = $1 AND published_at IS NULL`;

  beforeEach(() => requireApproval());

  it('publishes nothing that was not approved, nor anything else along with it', async () => {
    const path = await draftBy(ada);
    const id = uuidOf(path);
    const refused = { constraint: 'offer_versions_approved' };
    await expect(inDatabase(PUBLISH, [id])).rejects.toMatchObject(refused);
    await ada('POST', `${path}/submission`);
    await ben('POST', `${path}/approval`);
    // The draft's own asks, without the catalogue, were not what was approved.
    await expect(inDatabase(PUBLISH, [id])).rejects.toMatchObject(refused);
    const approved = `asks = (SELECT s.asks FROM offer_submissions s WHERE s.offer_id = $1)`;
    const publishing = PUBLISH.replace('SET', `SET ${approved},`);
    for (const also of [
      `reward = '{"type":"points","points":999}'`,
      'valid_days = 1',
      `revision = 1, regions = '{AT}'`,
    ]) {
      await expect(inDatabase(publishing.replace('SET', `SET ${also},`), [id])).rejects.toMatchObject(refused);
    }
    expect((await inDatabase(publishing, [id])).rowCount).toBe(1);
  });

  it('counts revisions and writers itself', async () => {
    const id = uuidOf(await draftBy(ada));
    await inDatabase(`UPDATE offer_versions SET revision = 1, writers = '{}', valid_days = 3 WHERE offer_id = $1`, [
      id,
    ]);
    const { rows } = await inDatabase(
      'SELECT revision, cardinality(writers) AS writers FROM offer_versions WHERE offer_id = $1',
      [id],
    );
    expect(rows).toEqual([{ revision: 2, writers: 1 }]);
  });

  it('has nobody approve their own, nor an approval changed or taken away', async () => {
    const path = await draftBy(ada);
    const id = uuidOf(path);
    await cleo('POST', `${path}/submission`);
    const approve = `UPDATE offer_submissions s SET approved_at = now(), asks = '[]', approved_by = $2 WHERE s.offer_id = $1`;
    const { rows } = await inDatabase('SELECT written_by FROM offer_versions WHERE offer_id = $1', [id]);
    const second = { constraint: 'offer_submissions_second_person' };
    await expect(inDatabase(approve, [id, rows[0].written_by])).rejects.toMatchObject(second);
    await expect(inDatabase(approve.replace('$2', 'submitted_by'), [id])).rejects.toMatchObject(second);
    await ben('POST', `${path}/approval`);
    await expect(inDatabase(`UPDATE offer_submissions SET revision = 7 WHERE offer_id = $1`, [id])).rejects.toThrow(
      'never change',
    );
    await expect(inDatabase('DELETE FROM offer_submissions WHERE offer_id = $1', [id])).rejects.toThrow('never change');
  });
});
