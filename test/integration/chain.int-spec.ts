import { createHash, randomBytes } from 'node:crypto';
import { newId } from '../../src/platform/ids';
import { openHistory, type History } from '../builders/history';
import { createTestDatabase, type TestDatabase } from '../setup/database';

/** Leaves as ADR 10 describes them, made without PostgreSQL: what is written down is what is hashed, in any time zone. */
describe('a leaf', () => {
  let testDatabase: TestDatabase;
  let history: History;
  const programmeId = newId();

  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    history = await openHistory(testDatabase.url, randomBytes(32));
    await history.owner.query('SET session_replication_role = replica');
    await history.owner.query(
      `INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, 'leaf', 'Leaf', 'en', '')`,
      [programmeId],
    );
  });
  afterAll(async () => {
    await history.close();
    await testDatabase.drop();
  });

  const bytesOf = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');
  const number = (value: bigint): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  };
  const withLength = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const text = (value: string): Buffer => withLength(Buffer.from(value));
  /** In microseconds since 2000. */
  const time = (iso: string, microseconds = 0): Buffer =>
    number(BigInt(Date.parse(iso) - Date.parse('2000-01-01T00:00:00Z')) * 1000n + BigInt(microseconds));
  const present = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([1]), bytes]);
  const absent = Buffer.from([0]);
  const leaf = (encoding: string, ...fields: Buffer[]): string =>
    createHash('sha256')
      .update(Buffer.concat([Buffer.from(`${encoding}\0`), bytesOf(programmeId), ...fields]))
      .digest('hex');

  async function sealed(table: string): Promise<{ key: string; hash: string }[]> {
    await history.seal();
    const { rows } = await history.owner.query<{ key: string; hash: string }>(
      `SELECT encode(k, 'hex') AS key, encode(h, 'hex') AS hash FROM chain_leaves, unnest(keys, hashes) AS u(k, h) WHERE of_table = $1`,
      [table],
    );
    return rows;
  }

  it('of a transfer is over its fields and whose its accounts are', async () => {
    const { owner } = history;
    const { rows: accounts } = await owner.query<{ id: string }>(
      `INSERT INTO accounts (programme_id, customer_id, kind) VALUES ($1, 0, 'issued'), ($1, 77, 'available') RETURNING id`,
      [programmeId],
    );
    const [id, previous] = [newId(), newId()];
    const [debit, credit] = [BigInt(accounts[0]!.id), BigInt(accounts[1]!.id)];
    const { rows } = await owner.query<{ number: string }>(
      `INSERT INTO transfers (programme_id, id, kind, cause, points, debit_account, debit_balance, debit_previous, credit_account, credit_balance, booked_at)
         VALUES ($1, $2, 'award', $2, 120, $3, -120, $4, $5, 120, '2026-03-29 03:00:00.000001 Europe/Berlin') RETURNING written_in AS number`,
      [programmeId, id, debit, previous, credit],
    );
    const hash = leaf(
      'gegenwert/transfer/1',
      number(BigInt(rows[0]!.number)),
      bytesOf(id),
      text('award'),
      bytesOf(id),
      number(120n),
      number(debit),
      present(number(0n)),
      present(text('issued')),
      number(-120n),
      present(bytesOf(previous)),
      number(credit),
      present(number(77n)),
      present(text('available')),
      number(120n),
      absent,
      time('2026-03-29T01:00:00Z', 1),
    );
    await owner.query("SET TIME ZONE 'America/St_Johns'");
    expect(await sealed('transfers')).toEqual([{ key: id.replaceAll('-', ''), hash }]);
    expect((await history.verify()).findings).toEqual([]);
  });

  it('of a disclosure tells lists and texts apart, whatever stands in them', async () => {
    const [id, recipient, consent] = [newId(), newId(), newId()];
    const reason = 'Grüße, "wie" gewünscht';
    const { rows } = await history.owner.query<{ number: string }>(
      `INSERT INTO disclosures (programme_id, customer_id, id, recipient_id, purpose, kind, attributes, consents, reason, at, use_until)
         VALUES ($1, 77, $2, $3, 'greeting', 'values', $4, $5, $6, '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z') RETURNING written_in AS number`,
      [programmeId, id, recipient, ['a,b', 'c"d'], [consent], reason],
    );
    const hash = leaf(
      'gegenwert/disclosure/1',
      number(BigInt(rows[0]!.number)),
      number(77n),
      bytesOf(id),
      bytesOf(recipient),
      text('greeting'),
      text('values'),
      text('["a,b","c\\"d"]'),
      text(`["${consent}"]`),
      text(reason),
      time('2026-01-01T00:00:00Z'),
      time('2026-01-02T00:00:00Z'),
    );
    expect(await sealed('disclosures')).toEqual([{ key: id.replaceAll('-', ''), hash }]);
  });

  it('of a corrected value is over the hash of its ciphertext, and never the value', async () => {
    const [version, replaced] = [newId(), newId()];
    const ciphertext = randomBytes(48);
    const ciphertextHash = createHash('sha256').update(ciphertext).digest();
    const { owner } = history;
    const { rows } = await owner.query<{ number: string; sequence: string }>(
      `INSERT INTO value_events (programme_id, customer_id, event, attribute, version, replaced, ciphertext_hash, corrected_by, at)
         VALUES ($1, 77, 'corrected', 'birthday', $2, $3, $4, 'customer', '2026-01-01T00:00:00Z') RETURNING written_in AS number, sequence`,
      [programmeId, version, replaced, ciphertextHash],
    );
    const { number: writtenIn, sequence } = rows[0]!;
    const hash = leaf(
      'gegenwert/value-event/1',
      number(BigInt(writtenIn)),
      number(77n),
      number(BigInt(sequence)),
      text('corrected'),
      text('birthday'),
      bytesOf(version),
      bytesOf(replaced),
      withLength(ciphertextHash),
      text('customer'),
      time('2026-01-01T00:00:00Z'),
    );
    const key = number(BigInt(sequence)).toString('hex');
    expect(await sealed('value_events')).toEqual([{ key, hash }]);
  });
});
