import { Client } from 'pg';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { type Answer, call, eventually, startService, type RunningService } from '../setup/service';
import { operations, type Operation } from './contract';

/** In everything of the one programme that another could be shown, and in nothing that the other sends. */
const CANARY = 'zitronenfalter';
/** What both programmes may call theirs: a customer, and a key of the catalogue. */
const REF = 'same-customer';
const KEY = 'sameKey';
const both = (text: string) => ({ de: text, en: text });

/** Ids of the first programme by the segment of the path that they follow. */
type Ids = Record<string, string>;

interface Caller {
  name: string;
  /** As the contract's security has it. */
  scheme: string;
  role?: string;
  key: string;
  /** A token for the same, which is used up. */
  spare?: string;
}

describe('two programmes in one service', () => {
  let database: TestDatabase;
  let service: RunningService;
  let superuser: Client;
  let theirs: TestProgramme;
  let ids: Ids;
  let ownCallers: Caller[];
  let otherCallers: Caller[];
  let theirUuid: string;
  let otherUuid: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    service = await startService({ databaseUrl: database.url });
    superuser = new Client({ connectionString: database.url });
    await superuser.connect();
    theirs = await createProgramme(service);
    await fillCatalogue(service, theirs, CANARY);
    ids = await fill(service, theirs);
    const other = await createProgramme(service);
    await fillCatalogue(service, other, 'another word');
    await by(service, other.storefrontKey)('POST', '/v1/awards', {
      customerRef: REF,
      points: 1000,
      reason: 'another word',
      reference: 'another word',
    });
    await nothingOwed(superuser);
    await historySealed(superuser);
    await service.worker?.stop();
    await superuser.query(`INSERT INTO suspensions SELECT programme_id, id, now(), now() FROM recipients`);
    // Owed, and nobody there to do it: the outbox has rows, and nothing changes unless a call changes it.
    await theirs.share('owed', { values: { birthday: CANARY } });
    ownCallers = await callersOf(service, theirs);
    await figuresNoted();
    otherCallers = await callersOf(service, other);
    const { rows } = await superuser.query<{ id: string }>('SELECT id FROM programmes ORDER BY id');
    [theirUuid = '', otherUuid = ''] = rows.map(({ id }) => id);
  });

  afterAll(async () => {
    await superuser.end();
    await service.stop();
    await database.drop();
  });

  interface Try {
    operation: Operation;
    caller: Caller;
    allowed: boolean;
    body: unknown;
  }

  /** Every operation of a programme, from the contract, with each of its examples; all that they name is the other's. */
  const tries = (callers: Caller[]): Try[] =>
    operations
      .filter(({ security }) => security.some((who) => !('operatorKey' in who)))
      .sort((a, b) => endsThings(a) - endsThings(b))
      .flatMap((operation) =>
        callers.flatMap((caller) =>
          bodiesOf(operation, ids).map((body) => ({ operation, caller, allowed: mayCall(operation, caller), body })),
        ),
      );

  const send = ({ operation, caller, body }: Try): Promise<Answer> =>
    call(service.url, operation.method, fillPath(operation, ids), {
      // Who signs out goes on with another session.
      key: operation.operationId === 'endMySession' ? (caller.spare ?? caller.key) : caller.key,
      body,
    });

  const shows = (text: string): boolean =>
    text.includes(CANARY) ||
    Object.values(ids).some((id) => /^([a-z]{3}_|[0-9A-Z]{12}$)/.test(id) && text.includes(id));

  it('show, change and admit nothing of each other on any route, whoever calls', async () => {
    const before = await rowsOf(superuser, theirUuid);
    const wrong: string[] = [];
    let answered = 0;
    for (const one of tries(otherCallers)) {
      const { status, body } = await send(one);
      const text = JSON.stringify(body ?? null);
      const isForbidden = status === 403 && body['type'] === 'urn:gegenwert:problem:forbidden';
      const isOwn = !namesTheirs(one.operation, one.body) && [200, 201, 202, 204].includes(status);
      const isRefused = [403, 404, 422].includes(status) && !isForbidden;
      if (shows(text) || !(one.allowed ? isOwn || isRefused : isForbidden)) {
        wrong.push(`${one.operation.operationId} by ${one.caller.name}: ${status} ${text}`);
      }
      if (isOwn) answered += 1;
    }
    expect(wrong).toEqual([]);
    expect(await rowsOf(superuser, theirUuid)).toEqual(before);
    // Lists, quotes, what has the same name in both: the calls were not all refused for their form.
    expect(answered).toBeGreaterThan(40);
  });

  it('show nothing of each other’s lists to a cursor of theirs', async () => {
    let lists = 0;
    for (const { operation, caller } of tries(ownCallers).filter(({ allowed }) => allowed)) {
      if (!operation.parameters.some(({ name }) => name === 'after')) continue;
      const path = fillPath(operation, ids);
      const { body: page } = await call(service.url, 'GET', `${path}?limit=1`, { key: caller.key });
      if (page['nextCursor'] === null) continue;
      lists += 1;
      const key = otherCallers.find(({ name }) => name === caller.name)?.key ?? '';
      const { status, body } = await call(service.url, 'GET', `${path}?after=${page['nextCursor']}`, { key });
      expect({ path, status: [200, 404, 422].includes(status), shown: shows(JSON.stringify(body)) }).toEqual({
        path,
        status: true,
        shown: false,
      });
    }
    expect(lists).toBeGreaterThan(10);
  });

  it('are served each on its own: the same calls reach the rows with the programme’s own keys', async () => {
    const unreached: string[] = [];
    let shown = 0;
    for (const one of tries(ownCallers)) {
      if (!one.allowed || one.operation.method === 'DELETE') continue;
      const { status, body } = await send(one);
      const text = JSON.stringify(body);
      if (![200, 201, 202, 409].includes(status)) {
        unreached.push(`${one.operation.operationId} by ${one.caller.name}: ${status} ${text}`);
      }
      if (shows(text)) shown += 1;
    }
    // Of the programme's job, which staff began: customers see their own erasure, storefronts stop what they began. Of the
    // storefront's webhook: recipients see their own.
    const others = ['getMyJob by customer: 404', 'cancelJob by storefront: 403'];
    const isOthers = (one: string) =>
      others.some((other) => one.startsWith(other)) || /Webhook\w* by recipient: 404/.test(one);
    expect(unreached.filter((one) => !isOthers(one))).toEqual([]);
    expect(shown).toBeGreaterThan(20);
  });

  describe('are kept apart by the database as well, for the role of the services:', () => {
    let app: Client;
    let tables: Table[];

    beforeAll(async () => {
      app = new Client({ connectionString: database.url });
      await app.connect();
      await app.query('SET ROLE gegenwert_app');
      tables = await tenantTables(superuser);
    });
    afterAll(() => app.end());

    const as = async <T>(programme: string, work: () => Promise<T>): Promise<T> => {
      await app.query('BEGIN');
      await app.query(`SELECT set_config('gegenwert.programme', $1, true)`, [programme]);
      try {
        return await work();
      } finally {
        await app.query('ROLLBACK');
      }
    };

    it('there are rows to see in every table', async () => {
      const rows = await rowsOf(superuser, theirUuid);
      expect(Object.entries(rows).filter(([, { count }]) => count === 0)).toEqual([]);
      expect(tables.length).toBeGreaterThan(20);
      for (const { name, column } of tables) {
        const { rows: seen } = await as(theirUuid, () =>
          app.query(`SELECT 1 FROM ${name} WHERE ${column} = $1`, [theirUuid]),
        );
        expect({ name, seen: seen.length > 0 }).toEqual({ name, seen: true });
      }
    });

    it('no row of another programme is seen, changed or deleted', async () => {
      for (const { name, column, updatable, deletable } of tables) {
        const count = async (statement: string) =>
          (await as(otherUuid, () => app.query(statement, [theirUuid]))).rowCount;
        expect(await count(`SELECT 1 FROM ${name} WHERE ${column} = $1`)).toBe(0);
        const { rows } = await as(otherUuid, () =>
          app.query(`SELECT 1 FROM ${name} WHERE ${column} <> $1`, [otherUuid]),
        );
        expect(rows).toEqual([]);
        for (const changed of updatable.slice(0, 1)) {
          expect(await count(`UPDATE ${name} SET ${changed} = ${changed} WHERE ${column} = $1`)).toBe(0);
        }
        if (deletable) expect(await count(`DELETE FROM ${name} WHERE ${column} = $1`)).toBe(0);
      }
    });

    it('no row is written for another programme', async () => {
      for (const { name, column } of tables.filter(({ insertable }) => insertable)) {
        const { rows } = await superuser.query(`SELECT to_json(t) AS row FROM ${name} t WHERE ${column} = $1 LIMIT 1`, [
          theirUuid,
        ]);
        const insert = `INSERT INTO ${name} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_record(NULL::${name}, $1)`;
        const attempt = as(otherUuid, () => app.query(insert, [rows[0].row]));
        const unqualified = name.split('.').at(-1);
        await expect(attempt).rejects.toThrow(`new row violates row-level security policy for table "${unqualified}"`);
      }
    });

    it('no row of its own is given to another programme', async () => {
      await superuser.query(`INSERT INTO outbox (programme_id, topic, id) VALUES ($1, 'points', gen_random_uuid())`, [
        otherUuid,
      ]);
      const attempt = as(otherUuid, () => app.query('UPDATE outbox SET programme_id = $1', [theirUuid]));
      await expect(attempt).rejects.toThrow('new row violates row-level security policy for table "outbox"');
    });

    it('without a programme every read is an error, also on a connection that had one', async () => {
      const fresh = new Client({ connectionString: database.url });
      await fresh.connect();
      await fresh.query('SET ROLE gegenwert_app');
      for (const { name } of tables) {
        await expect(fresh.query(`SELECT 1 FROM ${name}`)).rejects.toThrow('unrecognized configuration parameter');
      }
      for (const end of ['COMMIT', 'ROLLBACK']) {
        await fresh.query('BEGIN');
        await fresh.query(`SELECT set_config('gegenwert.programme', $1, true)`, [theirUuid]);
        await fresh.query(end);
        for (const { name } of tables) {
          await expect(fresh.query(`SELECT 1 FROM ${name}`)).rejects.toThrow('invalid input syntax for type uuid');
        }
      }
      await fresh.end();
    });

    it('the role cannot lift its guard', async () => {
      const { rows } = await superuser.query(
        `SELECT rolsuper, rolbypassrls, rolcreaterole,
                EXISTS (SELECT FROM pg_class WHERE relowner = r.oid) AS owns FROM pg_roles r WHERE rolname = 'gegenwert_app'`,
      );
      expect(rows).toEqual([{ rolsuper: false, rolbypassrls: false, rolcreaterole: false, owns: false }]);
      for (const { name } of tables) {
        await expect(app.query(`ALTER TABLE ${name} DISABLE ROW LEVEL SECURITY`)).rejects.toThrow('must be owner');
      }
    });
  });
});

type By = (method: string, path: string, body?: object) => Promise<Record<string, any>>;

const by =
  (service: RunningService, key: string): By =>
  async (method, path, body) => {
    const answer = await call(service.url, method, path, { key, body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };

/** An attribute, a purpose and a recipient, called the same in both programmes. */
async function fillCatalogue(service: RunningService, programme: TestProgramme, word: string): Promise<void> {
  const admin = by(service, programme.adminKey);
  const texts = { title: both(word), description: both(word) };
  const schema = { type: 'string', description: word };
  await admin('POST', '/v1/attributes', { ...texts, key: KEY, schema, sensitivity: 'ordinary', retentionDays: 365 });
  await admin('POST', '/v1/purposes', { ...texts, key: KEY });
  const recipient = await admin('POST', '/v1/recipients', { key: KEY, name: word, purposes: [KEY] });
  programme.recipients.newsletter = recipient as { id: string; apiKey: string };
}

/** Something of each kind, with the canary wherever a text may stand; answers the ids that calls are made with. */
async function fill(service: RunningService, programme: TestProgramme): Promise<Ids> {
  const admin = by(service, programme.adminKey);
  const storefront = by(service, programme.storefrontKey);
  const terms = { title: both(CANARY), text: both(CANARY), asks: [{ attribute: KEY, purposes: [KEY] }] };
  const offer = await programme.publish({
    ...terms,
    budget: { points: 100_000 },
    perCustomer: { times: 100, everyDays: 1 },
  });
  const discount = { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } };
  const coded = await programme.publish({ ...terms, reward: discount });
  const values = { [KEY]: CANARY };
  const consents = [{ attribute: KEY, purposes: [KEY] }];
  const code = await programme.share(REF, { offer: coded, values, consents });
  const revoked = await programme.share(REF, { offer, values, consents });
  const read = by(service, programme.recipients.newsletter.apiKey);
  await read('POST', '/v1/disclosures', { customerRef: REF, purpose: KEY, attributes: [KEY], reason: CANARY });
  await storefront('GET', `/v1/customers/${REF}/export`);
  const revocation = await storefront('POST', '/v1/revocations', { customerRef: REF, share: revoked.body['id'] });
  const everything = await storefront('POST', '/v1/revocations', { customerRef: REF, everything: true });
  await eventually(
    () => storefront('GET', `/v1/revocations/${everything['id']}`),
    ({ status }) => status !== 'blocked',
  );
  const share = await programme.share(REF, { offer, values, consents });
  await storefront('PUT', `/v1/customers/${REF}/values/${KEY}`, { value: CANARY });
  await admin('PATCH', `/v1/offers/${coded.id}`, { text: both(`${CANARY}!`) });
  await admin('POST', `/v1/offers/${coded.id}/publish`, { change: 'material', graceDays: 30 });
  await admin('PATCH', `/v1/offers/${coded.id}`, { minimumAge: 16 });
  await admin('POST', `/v1/offers/${coded.id}/submission`);
  const award = await storefront('POST', '/v1/awards', {
    customerRef: REF,
    points: 1000,
    reason: CANARY,
    reference: CANARY,
  });
  const { award: withCode } = await eventually(
    () => storefront('GET', `/v1/shares/${code.body['id']}`),
    ({ award: promised }) => promised.status === 'granted',
  );
  await eventually(
    () => storefront('GET', `/v1/awards/${award['id']}`),
    ({ status }) => status === 'granted',
  );
  await admin('POST', `/v1/awards/${award['id']}/reversals`, { reason: 'error', evidence: CANARY, points: 10 });
  await admin('POST', '/v1/point-rates', { points: 1, amountMinor: 1, currency: 'EUR', taxes: 'gross' });
  const order = { customerRef: REF, points: 5, orderRef: CANARY, capture: false, holdSeconds: 604_800 };
  const redemption = await storefront('POST', '/v1/redemptions', order);
  const pause = await storefront('POST', '/v1/pauses', {
    customerRef: REF,
    share: revoked.body['id'],
    until: '2099-01-01T00:00:00Z',
  });
  await storefront('POST', '/v1/awards', {
    customerRef: CANARY,
    points: 5,
    reason: CANARY,
    reference: `${CANARY} twice`,
  });
  const merge = await storefront('POST', `/v1/customers/${CANARY}/merge`, { into: `${CANARY}-again` });
  const { jobId } = await admin('POST', '/v1/purposes/advice/withdrawal');
  const notices = await read('GET', '/v1/revocation-notices');
  await read('POST', `/v1/revocation-notices/${notices['data'][0].id}/acknowledgement`, { did: 'stopped' });
  // Nobody is there, so that what is sent is written down as not answered, and waits for its next try.
  const events = ['share.accepted'];
  const webhook = await storefront('POST', '/v1/webhooks', { url: `http://127.0.0.1:9/${CANARY}`, events });
  const delivery = await storefront('POST', `/v1/webhooks/${webhook['id']}/test`);
  await eventually(
    () => storefront('GET', `/v1/webhook-deliveries/${delivery['id']}`),
    ({ attempts }) => attempts.length > 0,
  );
  await admin('PUT', '/v1/embed-origins', { origins: [`https://${CANARY}.example`] });
  const left = await storefront('POST', '/v1/customer-sessions', { customerRef: REF, locale: 'de' });
  await by(service, left['token'] as string)('DELETE', '/v1/me/session');
  const key = await admin('POST', '/v1/keys', { kind: 'staff', name: CANARY, role: 'dpo' });
  const issuer = await admin('POST', '/v1/issuers', {
    issuer: `https://${CANARY}.example`,
    audience: CANARY,
    subjects: 'customers',
  });
  return {
    keys: key['id'] as string,
    issuers: issuer['id'] as string,
    attributes: KEY,
    purposes: KEY,
    recipients: KEY,
    customers: REF,
    offers: offer.id,
    offerVersion: String(offer.version),
    noticeHash: offer.noticeHash,
    shares: share.body['id'] as string,
    revocations: revocation['id'] as string,
    pauses: pause['id'] as string,
    awards: award['id'] as string,
    merges: merge['id'] as string,
    discounts: withCode.code as string,
    redemptions: redemption['id'] as string,
    jobs: jobId as string,
    values: KEY,
    webhooks: webhook['id'] as string,
    'webhook-deliveries': delivery['id'] as string,
    'revocation-notices': notices['data'][0].id as string,
  };
}

/** A caller of each kind and role, the customer with the reference that the other programme has as well. */
async function callersOf(service: RunningService, programme: TestProgramme): Promise<Caller[]> {
  const made = async (key: string, path: string, body: object) =>
    (await call(service.url, 'POST', path, { key, body })).body;
  const staff = async (role: string): Promise<Caller> => ({
    name: role,
    scheme: 'staffKey',
    role,
    key: (await made(programme.adminKey, '/v1/keys', { kind: 'staff', name: role, role }))['key'],
  });
  const tokenOf = async (): Promise<string> =>
    (await made(programme.storefrontKey, '/v1/customer-sessions', { customerRef: REF, locale: 'de' }))['token'];
  return [
    await staff('admin'),
    await staff('marketing'),
    await staff('dpo'),
    { name: 'storefront', scheme: 'storefrontKey', key: programme.storefrontKey },
    { name: 'recipient', scheme: 'recipientKey', key: programme.recipients.newsletter.apiKey },
    { name: 'customer', scheme: 'customerToken', key: await tokenOf(), spare: await tokenOf() },
  ];
}

function mayCall({ security }: Operation, { scheme, role }: Caller): boolean {
  return security.some((who) => {
    const roles = who[scheme];
    return roles !== undefined && (roles.length === 0 || role === 'admin' || roles.includes(role ?? ''));
  });
}

/** With what the parameter stands for in the first programme, by the segment before it. */
function fillPath({ path, parameters }: Operation, ids: Ids): string {
  const filled = path.replaceAll(/([\w-]+)\/\{\w+\}/g, (_, segment: string) => {
    const id = ids[segment];
    if (id === undefined) throw new Error(`Say in fill() what ${path} is called with`);
    return `${segment}/${id}`;
  });
  return parameters.some(isOffer) ? `${filled}?offer=${ids['offers']}` : filled;
}

/** Of figures: the offer that they are of, where they must be of one. */
const isOffer = ({ name, in: place, required }: Operation['parameters'][number]): boolean =>
  name === 'offer' && place === 'query' && required;

let made = 0;

/** Fields by which a body names something of the programme. */
const FIELDS: Record<string, (ids: Ids) => unknown> = {
  customerRef: ({ customers }) => customers,
  // Who goes on after a merge, and may come to be with it.
  into: () => `customer-${(made += 1)}`,
  customerRefs: ({ customers }) => [customers],
  offerId: ({ offers }) => offers,
  offerVersion: ({ offerVersion }) => Number(offerVersion),
  noticeHash: ({ noticeHash }) => noticeHash,
  share: ({ shares }) => shares,
  attribute: ({ attributes }) => attributes,
  attributes: ({ attributes }) => [attributes],
  purpose: ({ purposes }) => purposes,
  purposes: ({ purposes }) => [purposes],
  consents: ({ attributes, purposes }) => [{ attribute: attributes, purposes: [purposes] }],
  values: ({ attributes }) => ({ [attributes ?? '']: 'x' }),
  expression: ({ attributes }) => `${attributes} != ""`,
  // Under which the caller makes something of its own: new each time.
  key: () => `key${(made += 1)}`,
  audience: () => `https://example.com/${(made += 1)}`,
};

/** The contract's examples, with the first programme's ids where they name something; [undefined] without a body. */
function bodiesOf({ requestBody }: Operation, ids: Ids): unknown[] {
  const media = requestBody?.content['application/json'];
  if (!media) return [undefined];
  const replace = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(replace);
    return Object.fromEntries(
      Object.entries(node).map(([name, child]) => [name, FIELDS[name]?.(ids) ?? replace(child)]),
    );
  };
  return (media.examples ? Object.values(media.examples).map(({ value }) => value) : [media.example]).map(replace);
}

/**
 * What the calls after it could not be made with comes later: a merge, then what ends for good, or what a recipient must sign
 * for from then on.
 */
function endsThings({ method, path }: Operation): number {
  if (path.endsWith('/merge')) return 1;
  return method === 'DELETE' || /\/(withdrawal|revocations|public-key)$|^\/v1\/recipients\/{key}$/.test(path) ? 2 : 0;
}

/**
 * Whether a call names what only the first programme has, so that there is nothing of the caller's own to answer. A share
 * that a body names is none: taking back what one does not have ends nothing, and says so.
 */
const namesTheirs = ({ path, parameters }: Operation, body: unknown): boolean =>
  path.includes('{id}') || parameters.some(isOffer) || /"offerId":/.test(JSON.stringify(body ?? null));

interface Table {
  name: string;
  column: string;
  updatable: string[];
  insertable: boolean;
  deletable: boolean;
}

/** The tables of programmes, and what gegenwert_app may do with them. */
async function tenantTables(superuser: Client): Promise<Table[]> {
  const { rows } = await superuser.query<Table>(`
    SELECT t.name, t.column, has_table_privilege('gegenwert_app', t.oid, 'INSERT') AS insertable,
           has_table_privilege('gegenwert_app', t.oid, 'DELETE') AS deletable,
           ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attnum > 0
                   AND a.attgenerated = '' AND has_column_privilege('gegenwert_app', t.oid, a.attnum, 'UPDATE')) AS updatable
      FROM (SELECT c.oid, c.oid::regclass::text AS name, CASE c.relname WHEN 'programmes' THEN 'id' ELSE 'programme_id' END AS column
              FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, 'key_store'::regnamespace)
               AND (c.relname = 'programmes' OR EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'programme_id'))) t
     ORDER BY t.name`);
  return rows;
}

/** How many rows of the programme each table has, and a hash of them. */
async function rowsOf(superuser: Client, programme: string): Promise<Record<string, { count: number; hash: string }>> {
  const found: Record<string, { count: number; hash: string }> = {};
  for (const { name, column } of await tenantTables(superuser)) {
    const { rows } = await superuser.query<{ count: number; hash: string }>(
      `SELECT count(*)::int AS count, md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS hash FROM ${name} t WHERE ${column} = $1`,
      [programme],
    );
    found[name] = rows[0] as { count: number; hash: string };
  }
  return found;
}

/** What figures are made of is written a second after the call that it was noted in. */
const figuresNoted = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2_000));

async function historySealed(superuser: Client): Promise<void> {
  await eventually(
    () => superuser.query('SELECT FROM unsealed_programmes()'),
    ({ rowCount }) => rowCount === 0,
  );
}

async function nothingOwed(superuser: Client): Promise<void> {
  await eventually(
    () => superuser.query('SELECT FROM outbox'),
    ({ rowCount }) => rowCount === 0,
  );
}
