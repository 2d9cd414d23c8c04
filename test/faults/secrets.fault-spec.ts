import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { migrate } from '../../src/platform/migrate';
import { brokenInvariants } from '../setup/invariants';
import { call, eventually, type Answer } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { databaseUrl } from '../setup/test-cluster';
import { filesWith, holds } from './canary';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { describeOnEachBackend, startBench, type FaultBench } from './fault-bench';

/** I10: what was shared is in clear nowhere but in the answer to who may have it. */

jest.setTimeout(180_000);

/** A value that nothing else looks like; each in a place of its own, so that a find says how it got there. */
const canary = (where: string): string => `CANARY-${where}-${randomBytes(9).toString('hex')}`;

let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres({ dataDir: temporaryFolder(), throwAway: true });
});
afterAll(() => postgres.stop());

async function newDatabase(name: string): Promise<string> {
  const admin = new Client({ connectionString: databaseUrl(postgres.url, 'postgres') });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = databaseUrl(postgres.url, name);
  await migrate(url);
  return url;
}

describeOnEachBackend('shared values', (backend) => {
  const said = {
    shared: canary('shared'),
    corrected: canary('corrected'),
    special: canary('special'),
    revoked: canary('revoked'),
    kept: canary('kept'),
    tooLong: canary('too-long'),
    wrongType: canary('wrong-type'),
    refusedRow: canary('refused-row'),
    context: canary('context'),
    unknownField: canary('unknown-field'),
    malformed: canary('malformed'),
    key: canary('idempotency-key'),
  };
  const secrets = Object.values(said);
  const problems: Answer[] = [];
  const released: string[] = [];
  let bench: FaultBench;

  beforeAll(async () => {
    bench = await startBench({
      backend,
      databaseUrl: await newDatabase(`secrets_${backend.toLowerCase()}`),
      worker: true,
      env: { LOG_LEVEL: 'trace', METRICS_PORT: '0' },
    });
    await journey(bench.programme);
  });
  afterAll(() => bench.stop());

  async function journey(programme: TestProgramme): Promise<void> {
    const both = await programme.publish({
      asks: [
        { attribute: 'birthday', purposes: ['greeting'], required: true },
        { attribute: 'diet', purposes: ['advice'], required: false },
        { attribute: 'shoeSize', purposes: ['advice'], required: false },
      ],
    });
    const greeting = { attribute: 'birthday', purposes: ['greeting'] };
    const advice = (attribute: string) => ({ attribute, purposes: ['advice'] });
    const give = async (status: number, ref: string, values: object, consents = [greeting], more: object = {}) => {
      const answer = await programme.share(ref, { offer: both, values: { ...values }, consents, ...more });
      expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
      if (status !== 201) problems.push(answer);
    };

    await give(201, 'one', { birthday: said.shared }, [greeting], { idempotencyKey: said.key });
    released.push(JSON.stringify((await programme.disclose('one')).body));
    await give(201, 'one', { birthday: said.corrected }, [greeting], { context: { note: said.context } });
    released.push(JSON.stringify((await programme.disclose('one')).body));
    await give(201, 'two', { birthday: said.kept, diet: said.special }, [greeting, advice('diet')]);
    await give(201, 'three', { birthday: said.revoked });
    await programme.disclose('three');

    await give(422, 'four', { birthday: said.tooLong.repeat(4) });
    await give(422, 'four', { birthday: '1', shoeSize: said.wrongType }, [greeting, advice('shoeSize')]);
    await give(422, 'four', { birthday: '1', colour: said.unknownField });
    await bench.sql(`ALTER TABLE vault_values ADD CONSTRAINT refuses_four CHECK (attribute <> 'shoeSize')`);
    await bench.sql(`
      CREATE FUNCTION quote_the_row() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'a trigger quotes %', NEW USING DETAIL = NEW::text, ERRCODE = 'check_violation'; END $$;
      CREATE TRIGGER quote_the_row BEFORE INSERT ON vault_values FOR EACH ROW WHEN (NEW.attribute = 'diet')
        EXECUTE FUNCTION quote_the_row()`);
    await give(500, 'four', { birthday: said.refusedRow, shoeSize: 40 }, [greeting, advice('shoeSize')]);
    await give(500, 'four', { birthday: said.refusedRow, diet: said.refusedRow }, [greeting, advice('diet')]);
    await bench.sql('DROP TRIGGER quote_the_row ON vault_values');
    problems.push(await malformed(programme));
    problems.push(
      await call(bench.service.url, 'GET', `/v1/no-such/${said.malformed}?value=${said.malformed}`, {
        key: programme.storefrontKey,
      }),
    );

    const revoked = await programme.revoke('three', { everything: true });
    expect(revoked.status).toBe(201);
    await eventually(
      () => bench.sql('SELECT FROM outbox'),
      ({ length }) => length === 0,
      30_000,
    );
  }

  async function malformed(programme: TestProgramme): Promise<Answer> {
    const response = await fetch(`${bench.service.url}/v1/shares`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${programme.storefrontKey}`,
        'content-type': 'application/json',
        'idempotency-key': randomUUID(),
      },
      body: `{"values": {"birthday": ${said.malformed}`,
    });
    return { status: response.status, body: (await response.json()) as object, headers: response.headers };
  }

  const foundIn = (text: string): string[] => secrets.filter((secret) => holds(text, secret));

  it('come out to who may have them', () => {
    expect(released.map(foundIn)).toEqual([[said.shared], [said.corrected]]);
  });

  // Fails when a value is written in clear, even into a row that is deleted again: it stays in the heap and in the WAL.
  it('are in no file of PostgreSQL: no table, index, WAL segment or log', async () => {
    await bench.sql('CHECKPOINT');
    expect(filesWith(postgres.dataDir, secrets)).toEqual([]);
  });

  it('which a canary of our own shows: it is found in a table, the WAL and in each form', async () => {
    const control = canary('control');
    const hidden = Buffer.from(`xx${control}`).toString('base64');
    await bench.sql('CREATE TABLE control (value text)');
    await bench.sql('INSERT INTO control VALUES ($1), ($2)', [control, hidden]);
    await bench.sql('DELETE FROM control');
    await bench.sql('CHECKPOINT');
    const files = filesWith(postgres.dataDir, [control]);
    expect(files.some((file) => file.includes('/pg_wal/'))).toBe(true);
    expect(files.some((file) => file.includes('/base/'))).toBe(true);
    for (const form of [control, hidden, Buffer.from(control).toString('hex')]) expect(holds(form, control)).toBe(true);
    expect(holds(hidden, canary('other'))).toBe(false);
  });

  if (backend === 'Redis') {
    it('are not in Redis, where a canary of our own is found', async () => {
      const redis = new Redis(bench.redis!.url);
      try {
        const [, folder = ''] = (await redis.config('GET', 'dir')) as string[];
        await redis.save();
        expect(filesWith(folder, secrets)).toEqual([]);
        const control = canary('control');
        await redis.set('control', control);
        await redis.save();
        expect(filesWith(folder, [control])).toEqual([join(folder, 'dump.rdb')]);
      } finally {
        redis.disconnect();
      }
    });
  }

  // Fails when a log line takes on an error's message, a path or a body.
  it('are in no line of API and worker, which trace everything', () => {
    const lines = bench.service.lines.join('\n');
    expect(lines).toContain('refuses_four');
    expect(foundIn(lines)).toEqual([]);
  });

  it('are in no problem', () => {
    expect(problems.map(({ status }) => status)).toEqual([422, 422, 422, 500, 500, 400, 404]);
    expect(foundIn(JSON.stringify(problems.map(({ body, headers }) => [body, [...headers]])))).toEqual([]);
  });

  it('are in no metric', async () => {
    const ports = [bench.service.api, bench.service.worker!].map(({ ready }) => String(ready['metricsPort']));
    const texts = await Promise.all(
      ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    );
    expect(texts.join('\n')).toContain('gegenwert_http_request_seconds_bucket{');
    expect(foundIn(texts.join('\n'))).toEqual([]);
  });

  it('are not in what PostgreSQL logs, and every invariant is kept', async () => {
    expect(foundIn(readFileSync(join(postgres.dataDir, 'postgres.log'), 'utf8'))).toEqual([]);
    expect(await brokenInvariants(bench.databaseUrl)).toEqual({});
  });
});

describe('a value that is tampered with', () => {
  const own = canary('own');
  const other = canary('other');
  let bench: FaultBench;
  let second: TestProgramme;

  beforeAll(async () => {
    bench = await startBench({ backend: 'PostgreSQL', databaseUrl: await newDatabase('tampered') });
    second = await createProgramme(bench.service);
    for (const programme of [bench.programme, second]) {
      await programme.share('victim', { values: { birthday: own } });
      await programme.share('thief', { values: { birthday: other } });
    }
  });
  afterAll(() => bench.stop());
  // The same row, ciphertext and key: a key is moved by moving all of it, since keys themselves never change.
  beforeEach(() => bench.sql('CREATE TABLE untouched AS SELECT * FROM vault_values').then(() => undefined));
  afterEach(async () => {
    await bench.sql(`UPDATE vault_values v SET version = u.version, ciphertext = u.ciphertext
      FROM untouched u WHERE (u.programme_id, u.customer_id, u.attribute) = (v.programme_id, v.customer_id, v.attribute)`);
    await bench.sql('DROP TABLE untouched');
  });

  it('comes out as long as nobody does', async () => {
    expect((await bench.programme.disclose('thief')).body['values']).toEqual({ birthday: other });
  });

  /** Puts the victim's value, or parts of it, where the thief's is. */
  const move = (columns: string, from: 'same programme' | 'other programme') =>
    bench.sql(
      `UPDATE vault_values t SET (${columns}) = ROW (${columns
        .split(', ')
        .map((column) => `v.${column}`)
        .join(', ')})
         FROM vault_values v
         JOIN customers vc ON vc.id = v.customer_id AND vc.ref = 'victim'
         CROSS JOIN customers tc
        WHERE tc.ref = 'thief' AND t.customer_id = tc.id AND (tc.programme_id = vc.programme_id) = $1 RETURNING 1`,
      [from === 'same programme'],
    );

  async function expectNothing(programme = bench.programme, how = [500, 'internal']): Promise<void> {
    const answer = await programme.disclose('thief');
    expect([answer.status, answer.body['type']]).toEqual([how[0], `urn:gegenwert:problem:${how[1]}`]);
    expect([own, other].filter((secret) => holds(JSON.stringify(answer.body), secret))).toEqual([]);
  }

  // Fails when the value's place (programme, customer, attribute, version) is not authenticated with it.
  it.each([
    ['version, ciphertext', 'same programme'],
    ['version, ciphertext', 'other programme'],
    ['ciphertext', 'same programme'],
    ['version', 'same programme'],
  ] as const)('%s moved from another row of the %s does not open', async (columns, from) => {
    expect(await move(columns, from)).toHaveLength(2);
    // A version of another programme has no key in this one: it is not even tried.
    const how = from === 'other programme' ? [503, 'unavailable'] : [500, 'internal'];
    await expectNothing(bench.programme, how);
    await expectNothing(second, how);
  });

  // Fails when a data key does not say what it is the key of.
  it.each(['same programme', 'other programme'] as const)(
    'whose key is that of another value of the %s does not open',
    async (from) => {
      // Past the trigger, as only a superuser gets.
      const swap = (set: string) =>
        bench.sql(`SET session_replication_role = replica; ${set}; SET session_replication_role = DEFAULT`);
      await bench.sql('CREATE TABLE keys_untouched AS SELECT * FROM key_store.data_keys');
      try {
        await swap(`UPDATE key_store.data_keys k SET wrapped_key = o.wrapped_key
        FROM vault_values t JOIN customers tc ON tc.id = t.customer_id AND tc.ref = 'thief' CROSS JOIN vault_values v
        JOIN customers vc ON vc.id = v.customer_id AND vc.ref = 'victim' JOIN keys_untouched o ON o.id = v.version
       WHERE k.id = t.version AND (t.programme_id = v.programme_id) = ${from === 'same programme'}`);
        await expectNothing();
        await expectNothing(second);
      } finally {
        await swap(
          'UPDATE key_store.data_keys k SET wrapped_key = o.wrapped_key FROM keys_untouched o WHERE o.id = k.id',
        );
        await bench.sql('DROP TABLE keys_untouched');
      }
    },
  );

  it('of which one bit is flipped does not open', async () => {
    await bench.sql('UPDATE vault_values SET ciphertext = set_bit(ciphertext, 300, 1 - get_bit(ciphertext, 300))');
    await expectNothing();
  });

  // Fails when the value is decrypted before, or without, the record of its release.
  it('is not released when the record of it cannot be written', async () => {
    await bench.sql('REVOKE INSERT ON disclosures FROM gegenwert_app');
    try {
      await expectNothing();
    } finally {
      await bench.sql('GRANT INSERT ON disclosures TO gegenwert_app');
    }
  });

  // Fails when current_setting gets its "missing_ok", or the programme is set for the session.
  it('is an error, not a row, for who has not said which programme they act for', async () => {
    const tables = await bench.sql<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relrowsecurity`,
    );
    expect(tables.length).toBeGreaterThan(20);
    const [programme] = await bench.sql<{ id: string }>('SELECT id FROM programmes LIMIT 1');
    const client = new Client({ connectionString: bench.databaseUrl });
    await client.connect();
    try {
      await client.query('SET ROLE gegenwert_app');
      for (const when of ['a new connection', 'a connection that acted for one before']) {
        for (const { name } of tables) {
          const [{ filled } = { filled: false }] = await bench.sql<{ filled: boolean }>(
            `SELECT EXISTS (SELECT FROM ${name}) AS filled`,
          );
          const read = await client.query(`SELECT * FROM ${name}`).then(
            ({ rows }) => rows.length,
            (error: { code?: string }) => error.code,
          );
          // Where there is no row there is no policy to ask, and nothing to see; some tables only the functions may read.
          expect([when, name, read]).toEqual([
            when,
            name,
            filled ? expect.stringMatching(/^(42704|22P02|42501)$/) : expect.anything(),
          ]);
          if (!filled) expect([0, '42704', '22P02', '42501']).toContain(read);
        }
        await client.query('BEGIN');
        await client.query(`SELECT set_config('gegenwert.programme', $1, true)`, [programme!.id]);
        expect((await client.query('SELECT * FROM shares')).rows).toHaveLength(2);
        await client.query('COMMIT');
      }
    } finally {
      await client.end();
    }
  });
});
