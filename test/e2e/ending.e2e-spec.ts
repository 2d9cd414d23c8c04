import { Client } from 'pg';
import { parsePublicId, toPublicId } from '../../src/platform/ids';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { brokenInvariants } from '../setup/invariants';
import { type Answer, call, eventually, type RunningService, startService } from '../setup/service';
import { trueCertificate } from '../setup/true-certificate';

/**
 * However consents end, it is one way: blocked, in the history, erased with their keys, told to whoever got something and to
 * nobody else, proven by a certificate, and never at the cost of an award. A row fails as soon as one way of ending leaves out
 * one of these.
 */

let database: TestDatabase;
let service: RunningService;
let superuser: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startService({ databaseUrl: database.url });
  superuser = new Client({ connectionString: database.url });
  await superuser.connect();
});
afterAll(async () => {
  await superuser.end();
  await service.stop();
  await database.drop();
});

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await superuser.query<Row>(text, values)).rows;
}
/** What only time would do. */
async function inThePast(...updates: [update: string, values: unknown[]][]): Promise<void> {
  await sql('SET session_replication_role = replica');
  for (const [update, values] of updates) await sql(update, values);
  await sql('RESET session_replication_role');
  // A new worker looks for what has ended a second after its start, the old one once a minute.
  await service.worker?.stop();
  await service.startWorker();
}
const succeeded = async (answer: Promise<Answer>): Promise<Record<string, any>> => {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
};

type As = (method: string, path: string, body?: object) => Promise<Record<string, any>>;

/** A programme with two recipients that read, and one that may and does not. */
interface House {
  programme: TestProgramme;
  readers: string[];
  admin: As;
  storefront: As;
}
async function build(): Promise<House> {
  const programme = await createProgramme(service);
  const as =
    (key: string): As =>
    (method, path, body) =>
      succeeded(call(service.url, method, path, { key, ...(body && { body }) }));
  const admin = as(programme.adminKey);
  const club = await admin('POST', '/v1/recipients', { key: 'club', name: 'Club', purposes: ['greeting'] });
  await admin('POST', '/v1/recipients', { key: 'silent', name: 'Silent', purposes: ['greeting'] });
  const readers = [programme.recipients.newsletter.apiKey, club['apiKey'] as string];
  return { programme, readers, admin, storefront: as(programme.storefrontKey) };
}
let shared: Promise<House> | undefined;

interface Subject extends House {
  ref: string;
  offer: { id: string; version: number; noticeHash: string };
  shareId: string;
  /** bigint, as text */
  customerId: string;
}
const BIRTHDAY = { values: { birthday: '1990-04-01' }, consents: [{ attribute: 'birthday', purposes: ['greeting'] }] };
const SHOE_SIZE = { values: { shoeSize: 38 }, consents: [{ attribute: 'shoeSize', purposes: ['greeting'] }] };

/** A customer who shared a birthday for 120 points; three recipients may have it, two of them got it, one of these twice. */
async function subject(house: House, ref: string): Promise<Subject> {
  const { programme, readers } = house;
  const offer = await programme.publish({ asks: [{ attribute: 'birthday', purposes: ['greeting'] }] });
  const share = await succeeded(programme.share(ref, { offer, ...BIRTHDAY }));
  await eventually(
    () => programme.balance(ref),
    ({ available }) => available === 120,
  );
  for (const key of [...readers, readers[0]!]) expect((await read(key, ref)).status).toBe(200);
  const shareId = parsePublicId('shr', share['id'] as string)!;
  const [row] = await sql<{ id: string }>('SELECT customer_id AS id FROM shares WHERE id = $1', [shareId]);
  return { ...house, ref, offer, shareId, customerId: row!.id };
}
const read = (key: string, customerRef: string): Promise<Answer> =>
  call(service.url, 'POST', '/v1/disclosures', {
    key,
    body: { customerRef, purpose: 'greeting', attributes: ['birthday'], reason: 'test' },
  });

/** The next version asks for the shoe size instead, which is materially another notice. */
async function askAnew({ ref, offer, admin, storefront }: Subject, graceDays?: number): Promise<Subject['offer']> {
  const path = `/v1/offers/${offer.id}`;
  await admin('PATCH', path, { asks: [{ attribute: 'shoeSize', purposes: ['greeting'] }] });
  await admin('POST', `${path}/publish`, { change: 'material', ...(graceDays && { graceDays }) });
  const quotes = await storefront('GET', `/v1/customers/${ref}/offers?locale=en`);
  const quote = (quotes['data'] as Record<string, any>[]).find(({ offerId }) => offerId === offer.id)!;
  return { id: offer.id, version: quote['offerVersion'] as number, noticeHash: quote['notice'].hash as string };
}

interface Way {
  /** It is for everyone: in a programme of its own. */
  ofAll?: true;
  /** What the consent is in the end, and its event. */
  endedAs: 'withdrawn' | 'expired' | 'superseded';
  /** What the revocation says it is of. */
  scope: (one: Subject) => object;
  /** Of the readers, how many are refused at once; all, unless said: the rest when the consents have ended. */
  atOnce?: 1;
  /** Resolves when it is acknowledged, or has been done by itself. */
  end: (one: Subject) => Promise<unknown>;
}
const takenBack = (scope: object): Way => ({
  endedAs: 'withdrawn',
  scope: () => scope,
  end: ({ ref, storefront }) => storefront('POST', '/v1/revocations', { customerRef: ref, ...scope }),
});

const WAYS: Record<string, Way> = {
  'a share is taken back': {
    endedAs: 'withdrawn',
    scope: ({ shareId }) => ({ share: shareId }),
    end: ({ ref, shareId, storefront }) =>
      storefront('POST', '/v1/revocations', { customerRef: ref, share: toPublicId('shr', shareId) }),
  },
  'a purpose is taken back': takenBack({ purpose: 'greeting' }),
  'an attribute is taken back': takenBack({ attribute: 'birthday' }),
  'everything is taken back': takenBack({ everything: true }),
  'its retention is over': {
    endedAs: 'expired',
    scope: () => ({ expired: true }),
    end: ({ shareId, customerId }) =>
      inThePast(
        // A lease ends with the consent.
        ['UPDATE disclosures SET use_until = now() WHERE customer_id = $1', [customerId]],
        ['UPDATE consents SET until = now() WHERE share_id = $1', [shareId]],
      ),
  },
  'a materially new notice is confirmed': {
    endedAs: 'superseded',
    scope: ({ offer }) => ({ offer: parsePublicId('off', offer.id), before: 2 }),
    end: async (one) => {
      const { body } = await one.programme.share(one.ref, { offer: await askAnew(one), ...SHOE_SIZE });
      expect(body['award']).toEqual({ status: 'none', why: 'confirming' });
    },
  },
  'a materially new notice is not confirmed, and its grace is over': {
    endedAs: 'superseded',
    scope: ({ offer }) => ({ offer: parsePublicId('off', offer.id), before: 2 }),
    // It is not ended at the minute, but by the worker's next look.
    end: async (one) => {
      await askAnew(one, 30);
      expect((await read(one.readers[0]!, one.ref)).status).toBe(200);
      await inThePast([
        'UPDATE notice_graces SET until = now() WHERE offer_id = $1',
        [parsePublicId('off', one.offer.id)],
      ]);
      await eventually(
        () => read(one.readers[0]!, one.ref),
        ({ status }) => status === 403,
      );
    },
  },
  'staff withdraw the purpose': {
    ofAll: true,
    endedAs: 'withdrawn',
    scope: () => ({ purpose: 'greeting' }),
    end: ({ admin }) => admin('POST', '/v1/purposes/greeting/withdrawal'),
  },
  'staff withdraw a recipient': {
    ofAll: true,
    atOnce: 1,
    endedAs: 'withdrawn',
    scope: () => ({ recipient: 'newsletter' }),
    end: ({ admin }) => admin('POST', '/v1/recipients/newsletter/withdrawal'),
  },
  'the programme ends': {
    ofAll: true,
    endedAs: 'withdrawn',
    scope: () => ({ programme: true }),
    end: ({ programme }) => endProgramme(programme),
  },
  'the customer leaves': {
    endedAs: 'withdrawn',
    scope: () => ({ everything: true }),
    end: ({ ref, storefront }) => storefront('DELETE', `/v1/customers/${ref}`),
  },
  'the customer is merged into another': {
    endedAs: 'withdrawn',
    scope: () => expect.objectContaining({ merge: expect.any(String) as string }) as object,
    end: async ({ ref, customerId, storefront }) => {
      await storefront('POST', `/v1/customers/${ref}/merge`, { into: `${ref}-again` });
      // It is blocked from here on, and ends when the merge can be undone no more.
      const [{ at }] = (await sql<{ at: Date }>('SELECT now() AS at')) as [{ at: Date }];
      await inThePast(['UPDATE merges SET merged_at = $2, undo_until = $2 WHERE from_id = $1', [customerId, at]]);
    },
  },
};

async function slugOf({ id }: TestProgramme): Promise<string> {
  return (await sql<{ slug: string }>('SELECT slug FROM programmes WHERE id = $1', [parsePublicId('prg', id)]))[0]!
    .slug;
}
async function endProgramme(programme: TestProgramme): Promise<Record<string, any>> {
  const body = { slug: await slugOf(programme) };
  return succeeded(call(service.url, 'POST', `/v1/programmes/${programme.id}/end`, { key: service.operatorKey, body }));
}

const REVOCATIONS = `SELECT id, scope, status, consents_ended FROM revocations WHERE customer_id = $1`;
/** What is there of a share and of its points, by which nothing that ends may be seen. */
const AWARDED = `
  SELECT (SELECT json_agg(w ORDER BY w.id) FROM awards w WHERE w.id = $1) AS award,
         (SELECT json_agg(t ORDER BY t.id) FROM transfers t WHERE t.id = $1) AS transfer,
         (SELECT sum(a.balance)::int FROM accounts a JOIN shares s ON s.programme_id = a.programme_id
           WHERE s.id = $1 AND a.kind = 'available') AS points`;

describe.each(Object.entries(WAYS))('when %s', (name, way) => {
  let one: Subject;
  let before: unknown;
  let version: string;
  let blocked: number[];
  let revocations: { id: string; scope: object; status: string; consents_ended: number }[];
  let id: string;

  beforeAll(async () => {
    shared ??= build();
    one = await subject(await (way.ofAll ? build() : shared), name.replaceAll(/[^a-z]+/g, '-'));
    before = await sql(AWARDED, [one.shareId]);
    version = (
      await sql<{ version: string }>('SELECT version FROM vault_values WHERE customer_id = $1', [one.customerId])
    )[0]!.version;
    await way.end(one);
    blocked = [];
    for (const key of one.readers.slice(0, way.atOnce)) blocked.push((await read(key, one.ref)).status);
    revocations = await eventually(
      () => sql<(typeof revocations)[0]>(REVOCATIONS, [one.customerId]),
      (found) => found.length > 0 && found.every(({ status }) => status !== 'blocked'),
    );
    id = revocations[0]!.id;
  });

  it('nothing is released any more, from the answer on', () => {
    expect(new Set(blocked)).toEqual(new Set([403]));
  });

  it('there is one revocation, which says why', () => {
    expect(revocations).toEqual([{ id, scope: way.scope(one), status: 'erased', consents_ended: 1 }]);
  });

  it('no recipient gets anything in the end', async () => {
    for (const key of one.readers) expect((await read(key, one.ref)).status).toBe(403);
  });

  it('the consent is ended, once, and the history says so', async () => {
    const consents = await sql<{ id: string }>('SELECT id, status, revocation_id FROM consents WHERE share_id = $1', [
      one.shareId,
    ]);
    expect(consents).toEqual([{ id: expect.any(String) as string, status: way.endedAs, revocation_id: id }]);
    const events = await sql(
      `SELECT event, revocation_id, consents FROM consent_events WHERE customer_id = $1 AND event <> 'given'`,
      [one.customerId],
    );
    expect(events).toEqual([{ event: way.endedAs, revocation_id: id, consents: [consents[0]!.id] }]);
  });

  it('the value is destroyed with its key, and the journal says so', async () => {
    const values = await sql(`SELECT FROM vault_values WHERE customer_id = $1 AND attribute = 'birthday'`, [
      one.customerId,
    ]);
    expect(values).toEqual([]);
    const keys = await sql('SELECT wrapped_key, destroyed_at FROM key_store.data_keys WHERE id = $1', [version]);
    expect(keys).toEqual([{ wrapped_key: null, destroyed_at: expect.any(Date) as Date }]);
    const journal = await sql('SELECT attribute, revocation_id FROM erasure_journal WHERE version = $1', [version]);
    expect(journal).toEqual([{ attribute: 'birthday', revocation_id: id }]);
  });

  it('each recipient that got it is owed one notice, and no other', async () => {
    const notices = await sql(
      `SELECT r.key, n.purposes, n.attributes FROM revocation_notices n JOIN recipients r ON r.id = n.recipient_id
        WHERE n.revocation_id = $1 ORDER BY r.key`,
      [id],
    );
    const told = { purposes: ['greeting'], attributes: ['birthday'] };
    expect(notices).toEqual([
      { key: 'club', ...told },
      { key: 'newsletter', ...told },
    ]);
  });

  it('the award and its points are as they were', async () => {
    expect(await sql(AWARDED, [one.shareId])).toEqual(before);
  });

  it('the certificate says so, and what recipients confirm', async () => {
    const onlooker = { url: service.url, owner: superuser, key: one.programme.storefrontKey };
    expect(await trueCertificate(onlooker, id)).toMatchObject({ confirmed: 0, of: 2 });
    const [key] = one.readers;
    const { body } = await call(service.url, 'GET', '/v1/revocation-notices?status=owed&limit=100', { key: key! });
    const notices = body['data'] as { id: string; revocationId: string }[];
    const own = notices.filter(({ revocationId }) => revocationId === toPublicId('rev', id));
    expect(own).toHaveLength(1);
    const path = `/v1/revocation-notices/${own[0]!.id}/acknowledgement`;
    await succeeded(call(service.url, 'POST', path, { key: key!, body: { did: 'erased' } }));
    expect(await trueCertificate(onlooker, id)).toMatchObject({ status: 'erased', confirmed: 1, of: 2 });
  });

  it('every invariant holds', async () => {
    expect(await brokenInvariants(database.url)).toEqual({});
  });
});
