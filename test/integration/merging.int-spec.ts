import { randomUUID } from 'node:crypto';
import { reverse as reverseAward } from '../../src/awards/reversals';
import { expireLots } from '../../src/ledger';
import { parsePublicId, toPublicId } from '../../src/platform/ids';
import { startTestApp, type TestApp, type TestProgramme } from './customer-view.test-app';
import { brokenInvariants } from '../setup/invariants';
import { call, type Answer } from '../setup/service';

/** Customers have 120 points each time they share. */
describe('merging two customers', () => {
  let app: TestApp;
  let programme: TestProgramme;
  let names = 0;
  beforeAll(async () => {
    app = await startTestApp();
    programme = await app.programme({ perCustomer: { times: 2, everyDays: 30 }, validDays: 365 });
  });
  afterEach(async () => {
    const broken = Object.entries(await brokenInvariants(app.databaseUrl));
    if (broken.length > 0) throw new Error(`Broken: ${JSON.stringify(broken)}`);
  });
  afterAll(() => app.stop());

  const post = (path: string, body?: object): Promise<Answer> =>
    call(app.url, 'POST', `/v1${path}`, { key: programme.storefrontKey, body });
  const problem = ({ status, body }: Answer): string => `${status} ${String(body['type']).split(':').at(-1)}`;
  const balance = (ref: string) => app.get(`/v1/customers/${ref}/balance`, programme.storefrontKey);
  const merge = (from: string, into: string) => post(`/customers/${from}/merge`, { into });
  const undo = (id: string) => post(`/merges/${id}/undo`);
  const redeem = (customerRef: string, points: number, capture = true) =>
    post('/redemptions', { customerRef, points, orderRef: 'order', capture });
  const award = (customerRef: string, points: number, validDays?: number) =>
    post('/awards', { customerRef, points, reason: 'Order', reference: `order-${(names += 1)}`, validDays });
  /** What each day's points of a customer come to. */
  const days = async (ref: string): Promise<object[]> => (await balance(ref)).body['expiring'] as object[];

  const reverse = (id: string) =>
    app.post(`/v1/awards/${id}/reversals`, programme.adminKey, { reason: 'error', evidence: 'x' });

  /** As if the last day of an award's points were long past, whoever has them; and books their end. */
  async function endLotsOf(id: string): Promise<void> {
    await app.owner.query('BEGIN; SET LOCAL session_replication_role = replica');
    await app.owner.query(
      `WITH RECURSIVE own AS (
         SELECT $1::uuid AS id UNION SELECT l.id FROM own o JOIN lots l ON l.origin = o.id),
       promised AS (UPDATE awards SET expires_on = current_date - 5 WHERE id = $1)
       UPDATE lots SET expires_on = current_date - 5 WHERE id IN (SELECT id FROM own)`,
      [parsePublicId('awd', id)],
    );
    await app.owner.query('COMMIT');
    await expireLots(app.database, app.uuidOf(programme.id), () => false);
  }

  /** New references, each of a customer with the points of an award that never expires. */
  async function customers(...points: number[]): Promise<string[]> {
    const refs = points.map(() => `customer-${(names += 1)}`);
    for (const [n, ref] of refs.entries()) if (points[n]! > 0) expect((await award(ref, points[n]!)).status).toBe(201);
    await app.grant(programme.id);
    return refs;
  }

  describe('points', () => {
    it('move with the expiry that they have, and both know why', async () => {
      const [from, into] = (await customers(10, 5)) as [string, string];
      for (const [ref, points, valid] of [
        [from, 20, 10],
        [from, 30, 40],
        [into, 7, 40],
      ] as const) {
        await award(ref, points, valid);
      }
      await app.grant(programme.id);
      const [ten] = (await days(from)) as [{ on: string }];
      const answer = await merge(from, into);
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.stringMatching(/^mrg_/),
        status: 'merged',
        from,
        into,
        points: 60,
        heldPoints: 0,
        pendingPoints: 0,
        consentsPaused: 0,
        consentsBlocked: 0,
        mergedAt: expect.any(String),
        undoUntil: expect.any(String),
      });
      const { mergedAt, undoUntil } = answer.body as { mergedAt: string; undoUntil: string };
      expect(Date.parse(undoUntil) - Date.parse(mergedAt)).toBeGreaterThan(29.9 * 86_400_000);
      expect((await balance(into)).body).toMatchObject({
        available: 72,
        expiring: [{ points: 20, on: ten.on }, { points: 37 }],
      });
      for (const [ref, points, before] of [
        [into, 60, 12],
        [from, -60, 60],
      ] as const) {
        const { body } = await app.get(`/v1/customers/${ref}/entries?limit=1`, programme.storefrontKey);
        expect(body['data']).toMatchObject([
          { kind: 'merge', points, balanceBefore: before, because: { cause: answer.body['id'] } },
        ]);
      }
      expect((await app.get(`/v1/merges/${answer.body['id']}`, programme.storefrontKey)).body).toEqual(answer.body);
    });

    it('that are pending follow when they are booked', async () => {
      const [from, into] = (await customers(0, 0)) as [string, string];
      await award(from, 50);
      expect((await merge(from, into)).body).toMatchObject({ points: 0, pendingPoints: 50 });
      await app.moveOn(programme.id);
      await app.grant(programme.id);
      expect((await balance(into)).body).toMatchObject({ available: 0 });
      await app.moveOn(programme.id);
      expect((await balance(into)).body).toMatchObject({ available: 50, pending: 0 });
    });

    it('of orders stay with the order: what is captured, released and refunded goes on under its id, and comes to the other', async () => {
      const [from, into] = (await customers(100, 0)) as [string, string];
      const captured = (await redeem(from, 30)).body['id'] as string;
      const held = (await redeem(from, 20, false)).body['id'] as string;
      const later = (await redeem(from, 10, false)).body['id'] as string;
      expect((await merge(from, into)).body).toMatchObject({ points: 40, heldPoints: 30 });
      expect((await balance(into)).body).toMatchObject({ available: 40 });
      expect(await post(`/redemptions/${captured}/refund`, { points: 25 })).toMatchObject({ status: 200 });
      expect(await post(`/redemptions/${held}/release`)).toMatchObject({ status: 200 });
      expect(await post(`/redemptions/${later}/capture`)).toMatchObject({ status: 200 });
      await app.moveOn(programme.id);
      expect((await balance(into)).body).toMatchObject({ available: 85, held: 0 });
    });

    it('go on to the last of several merges', async () => {
      const [one, two, three] = (await customers(100, 10, 1)) as [string, string, string];
      const { body: spent } = await redeem(one, 60);
      const first = await merge(one, two);
      await merge(two, three);
      expect((await balance(one)).body).toMatchObject({ mergedInto: three });
      await post(`/redemptions/${spent['id']}/refund`, {});
      await app.moveOn(programme.id);
      expect((await balance(three)).body).toMatchObject({ available: 111 });
      expect(problem(await undo(first.body['id'] as string))).toBe('409 merge-state');
    });
  });

  it('from then on the old reference is an alias for nothing new: 409 says who to call, in every way that acts', async () => {
    const [from, into] = (await customers(10, 0)) as [string, string];
    const session = await app.tokenOf(programme.storefrontKey, from);
    await merge(from, into);
    const answers = [
      await balance(from),
      await app.get('/v1/me/balance', session),
      await programme.share(from),
      await redeem(from, 1),
      await redeem(from, 1, false),
      await award(from, 1),
      await merge(from, 'somebody'),
      await merge((await customers(1))[0]!, from),
    ];
    for (const answer of answers) {
      expect([problem(answer), answer.body['mergedInto']]).toEqual(['409 customer-merged', into]);
    }
    for (const history of ['ledger', 'entries', 'statement']) {
      expect(await app.get(`/v1/customers/${from}/${history}`, programme.storefrontKey)).toMatchObject({ status: 200 });
    }
    expect(await programme.revoke(from, { everything: true })).toMatchObject({ status: 200 });
  });

  it('what was awarded before is awarded once, by whichever reference it is asked for again', async () => {
    const [from, into] = (await customers(0, 0)) as [string, string];
    const reference = `order-${(names += 1)}`;
    const give = (customerRef: string, points = 40) =>
      post('/awards', { customerRef, points, reason: 'Order', reference });
    const { body: first } = await give(from);
    await merge(from, into);
    for (const ref of [from, into]) {
      const again = await give(ref);
      expect([again.status, again.body['id']]).toEqual([201, first['id']]);
    }
    expect(problem(await give(from, 41))).toBe('409 customer-merged');
    expect(problem(await give(into, 41))).toBe('409 reference-used');
    const [other] = (await customers(0)) as [string];
    expect(problem(await give(other))).toBe('409 reference-used');
    await app.grant(programme.id);
    await app.moveOn(programme.id);
    expect((await balance(into)).body).toMatchObject({ available: 40 });
  });

  it('refuses what is no merge', async () => {
    const [from, into] = (await customers(10, 10)) as [string, string];
    expect(problem(await merge('never-seen', into))).toBe('404 not-found');
    expect(problem(await merge('a%20b', into))).toBe('404 not-found');
    expect(problem(await merge(from, from))).toBe('422 invalid-request');
    expect(problem(await merge(from, 'a b'))).toBe('422 invalid-request');
    for (const id of ['mrg_01k9v5m3c8e1p9r2t4y6u8i0ag', 'nonsense']) {
      expect((await undo(id)).status).toBe(404);
      expect((await app.get(`/v1/merges/${id}`, programme.storefrontKey)).status).toBe(404);
    }
    await call(app.url, 'DELETE', `/v1/customers/${into}`, { key: programme.storefrontKey });
    expect(problem(await merge(from, into))).toBe('409 merge-state');
    expect(problem(await merge(into, from))).toBe('409 merge-state');
    expect((await balance(from)).body).toMatchObject({ available: 10 });
  });

  describe('consents', () => {
    const everything = [{ attribute: 'birthday', purposes: ['greeting', 'advice'] }];
    const withoutAdvice = [{ attribute: 'birthday', purposes: ['greeting'] }];
    let optional: { id: string; version: number; noticeHash: string };
    beforeAll(async () => {
      const purposes = ['greeting', { key: 'advice', required: false }];
      optional = await programme.publish({ asks: [{ attribute: 'birthday', purposes, required: true }] });
    });
    const shared = async (consents: { attribute: string; purposes: string[] }[], offer = optional): Promise<string> => {
      const ref = `customer-${(names += 1)}`;
      expect(await programme.share(ref, { offer, consents })).toMatchObject({ status: 201 });
      return ref;
    };
    const greeting = (ref: string) => programme.disclose(ref).then(({ status }) => status);
    const advice = (ref: string) =>
      programme.disclose(ref, { purpose: 'advice', recipient: 'recommender' }).then(({ status }) => status);
    const uses = async (...refs: string[]): Promise<number[]> => {
      const found: number[] = [];
      for (const ref of refs) found.push(await greeting(ref), await advice(ref));
      return found;
    };

    it('never unite: those of the one are blocked, and what it refused is blocked for the other', async () => {
      const [from, into] = [await shared(withoutAdvice), await shared(everything)];
      expect(await uses(from, into)).toEqual([200, 403, 200, 200]);
      expect((await merge(from, into)).body).toMatchObject({ consentsPaused: 1, consentsBlocked: 1 });
      expect(await uses(from, into)).toEqual([403, 403, 200, 403]);
    });

    it('nobody who consented as the one has consented as the other', async () => {
      const [from, into] = [await shared(everything), (await customers(1))[0]!];
      await merge(from, into);
      expect(await uses(from, into)).toEqual([403, 403, 403, 403]);
    });

    it('what the one withdrew last is blocked for the other; what it gave again is not', async () => {
      const [from, into] = [await shared(everything), await shared(everything)];
      await programme.revoke(from, { everything: true });
      await programme.share(from, { offer: optional, consents: withoutAdvice });
      await merge(from, into);
      expect(await uses(into)).toEqual([200, 403]);
      // A new word of the customer, as the other: it counts.
      await programme.share(into, { offer: optional, consents: everything });
      expect(await uses(into)).toEqual([200, 200]);
    });

    it('that are blocked are shown so, to whoever may look', async () => {
      const [from, into] = [await shared(withoutAdvice), await shared(everything)];
      const { body: merged } = await merge(from, into);
      const token = await app.tokenOf(programme.storefrontKey, into);
      const looks = await Promise.all([
        app.get(`/v1/customers/${into}/ledger`, programme.storefrontKey),
        app.get('/v1/me/ledger', token),
        app.get(`/v1/customers/${into}/export`, programme.storefrontKey),
        app.get(`/v1/customers/${into}/recipients`, programme.storefrontKey),
        app.get(`/v1/customers/${into}/consents`, programme.adminKey),
      ]);
      expect(looks.map(({ status, body }) => [status, body['type']])).toEqual(looks.map(() => [200, undefined]));
      const { body: ledger } = looks[0]!;
      expect(ledger['data'][0].asks[0].purposes).toMatchObject([
        { key: 'greeting', status: 'active' },
        { key: 'advice', status: 'active', pausedUntil: merged['undoUntil'] },
      ]);
      expect(ledger['data'][0]).toMatchObject({ pauses: [] });
    });

    it('of who is merged away are shown as blocked, all of them, until the merge is undone', async () => {
      const [from, into] = [await shared(everything), (await customers(1))[0]!];
      const { body: merged } = await merge(from, into);
      const look = async (): Promise<[object[], object[], string[]]> => {
        const { body: ledger } = await app.get(`/v1/customers/${from}/ledger`, programme.storefrontKey);
        const { body: consents } = await app.get(`/v1/customers/${from}/consents`, programme.adminKey);
        const [card] = ledger['data'];
        return [card.asks[0].purposes, card.pauses, consents['data'].map(({ status }: { status: string }) => status)];
      };
      const blocked = { status: 'active', pausedUntil: merged['undoUntil'] };
      expect(await look()).toEqual([
        [expect.objectContaining(blocked), expect.objectContaining(blocked)],
        [],
        ['paused', 'paused'],
      ]);
      await undo(merged['id'] as string);
      const [purposes, , statuses] = await look();
      expect([purposes.filter((one) => 'pausedUntil' in one), statuses]).toEqual([[], ['active', 'active']]);
    });

    it('what the one had paused is paused for the other', async () => {
      const [from, into] = [await shared(everything), await shared(everything)];
      await post('/pauses', { customerRef: from, purpose: 'greeting', until: '2099-01-01T00:00:00Z' });
      const { body } = await merge(from, into);
      expect(await uses(into)).toEqual([403, 200]);
      await undo(body['id'] as string);
      expect(await uses(from, into)).toEqual([403, 200, 200, 200]);
    });

    it('an undo lets everything be used again that the merge blocked, and nothing that has ended', async () => {
      const [from, into] = [await shared(withoutAdvice), await shared(everything)];
      const { body } = await merge(from, into);
      await programme.share(into, { offer: optional, consents: withoutAdvice });
      expect(await undo(body['id'] as string)).toMatchObject({ status: 200, body: { status: 'undone' } });
      expect(await uses(from, into)).toEqual([200, 403, 200, 200]);
      const again = await merge(from, into);
      await programme.revoke(from, { everything: true });
      await undo(again.body['id'] as string);
      expect(await uses(from, into)).toEqual([403, 403, 200, 200]);
    });

    it('end when it can be undone no more: values are erased, and whoever got something is told', async () => {
      const [from, into] = [await shared(withoutAdvice), await shared(everything)];
      expect(await uses(from, into)).toEqual([200, 403, 200, 200]);
      const { body } = await merge(from, into);
      const id = body['id'] as string;
      await app.finish(programme.id);
      expect((await app.get(`/v1/merges/${id}`, programme.storefrontKey)).body['status']).toBe('merged');
      const { rows } = await app.owner.query<{ id: string }>('SELECT id FROM merges ORDER BY merged_at DESC LIMIT 1');
      await age(rows[0]!.id);
      expect(problem(await undo(id))).toBe('409 merge-state');
      expect(await uses(from, into)).toEqual([403, 403, 200, 403]);
      await app.finish(programme.id);
      await app.erase(programme.id);
      expect((await app.get(`/v1/merges/${id}`, programme.storefrontKey)).body).toMatchObject({
        status: 'final',
        finalAt: expect.any(String),
      });
      expect(await uses(from, into)).toEqual([403, 403, 200, 403]);
      const ended = await app.owner.query(
        `SELECT c.ref, k.purpose, (SELECT count(*)::int FROM revocation_notices n WHERE n.revocation_id = k.revocation_id) AS told,
                EXISTS (SELECT FROM vault_values v WHERE v.customer_id = c.id) AS kept
           FROM customers c JOIN consents k ON k.customer_id = c.id AND k.status = 'withdrawn' WHERE c.ref IN ($1, $2) ORDER BY c.id`,
        [from, into],
      );
      expect(ended.rows).toEqual([
        { ref: from, purpose: 'greeting', told: 1, kept: false },
        { ref: into, purpose: 'advice', told: 1, kept: true },
      ]);
      expect(problem(await undo(id))).toBe('409 merge-state');
      const { rows: revocations } = await app.owner.query<{ id: string }>(
        `SELECT r.id FROM revocations r JOIN customers c ON c.id = r.customer_id WHERE c.ref = $1`,
        [from],
      );
      expect(revocations).toHaveLength(1);
    });

    /** As if the 30 days were over. */
    async function age(uuid: string): Promise<void> {
      await app.owner.query(`SET session_replication_role = replica`);
      await app.owner.query(`UPDATE merges SET undo_until = clock_timestamp() WHERE id = $1`, [uuid]);
      await app.owner.query(`SET session_replication_role = origin`);
    }
  });

  it('earning: what the one earned from an offer counts for the other, until it is undone', async () => {
    const earns = async (ref: string): Promise<boolean> =>
      ((await programme.share(ref)).body['award'].status as string) === 'pending';
    const [from, into] = [`customer-${(names += 1)}`, `customer-${(names += 1)}`];
    expect([await earns(from), await earns(into)]).toEqual([true, true]);
    const { body } = await merge(from, into);
    expect(await earns(into)).toBe(false);
    await undo(body['id'] as string);
    expect([await earns(from), await earns(from)]).toEqual([true, false]);
    expect([await earns(into), await earns(into)]).toEqual([true, false]);
  });

  describe('an undo', () => {
    it('gives back what is there, to where it was', async () => {
      const [from, into] = (await customers(40, 5)) as [string, string];
      await award(from, 20, 30);
      await app.grant(programme.id);
      const before = (await balance(from)).body;
      const { body } = await merge(from, into);
      const undone = await undo(body['id'] as string);
      expect(undone.body).toMatchObject({ status: 'undone', pointsReturned: 60, pointsMissing: 0 });
      expect((await balance(from)).body).toEqual(before);
      expect((await balance(into)).body).toMatchObject({ available: 5 });
      expect(problem(await undo(body['id'] as string))).toBe('409 merge-state');
      // And again.
      expect((await merge(from, into)).body).toMatchObject({ points: 60 });
    });

    it('after spending: the other pays with its own first, and what is not there is said', async () => {
      const [from, into] = (await customers(40, 50)) as [string, string];
      const { body } = await merge(from, into);
      await redeem(into, 60);
      expect((await undo(body['id'] as string)).body).toMatchObject({ pointsReturned: 30, pointsMissing: 10 });
      expect((await balance(from)).body).toMatchObject({ available: 30 });
      expect((await balance(into)).body).toMatchObject({ available: 0 });
      const [a, b] = (await customers(40, 50)) as [string, string];
      const second = await merge(a, b);
      await redeem(b, 45);
      expect((await undo(second.body['id'] as string)).body).toMatchObject({ pointsReturned: 40, pointsMissing: 0 });
      expect((await balance(b)).body).toMatchObject({ available: 5 });
    });

    it('does not ask for what staff took back of a wrong award, which is the other’s to give by then', async () => {
      const [from, into] = (await customers(0, 50)) as [string, string];
      const { body: wrong } = await award(from, 40);
      await app.grant(programme.id);
      const { body } = await merge(from, into);
      const reason = { reason: 'error', evidence: 'x', points: 30 };
      const path = `/v1/awards/${wrong['id']}/reversals`;
      expect((await app.post(path, programme.adminKey, reason)).body).toMatchObject({ reversed: 30, uncovered: 0 });
      expect((await balance(into)).body).toMatchObject({ available: 60 });
      expect(problem(await app.post(path, programme.adminKey, { ...reason, points: 11 }))).toBe(
        '409 reversal-exceeds-award',
      );
      expect((await undo(body['id'] as string)).body).toMatchObject({ pointsReturned: 10, pointsMissing: 0 });
      expect((await app.post(path, programme.adminKey, { ...reason, points: 5 })).body).toMatchObject({ reversed: 5 });
      expect((await balance(from)).body).toMatchObject({ available: 5 });
    });

    it('is refused while what is missing is held for an order, and gives it back once that is released', async () => {
      const [from, into] = (await customers(40, 5)) as [string, string];
      const { body } = await merge(from, into);
      const { body: held } = await redeem(into, 30, false);
      expect(problem(await undo(body['id'] as string))).toBe('409 merge-state');
      expect((await balance(into)).body).toMatchObject({ available: 15, held: 30 });
      await post(`/redemptions/${held['id']}/release`);
      expect((await undo(body['id'] as string)).body).toMatchObject({ pointsReturned: 40, pointsMissing: 0 });
      // What the other holds of their own is in nobody's way.
      const [one, other] = (await customers(40, 30)) as [string, string];
      const second = await merge(one, other);
      await redeem(other, 30, false);
      expect((await undo(second.body['id'] as string)).body).toMatchObject({ pointsReturned: 40, pointsMissing: 0 });
    });

    it('of each of two in a row asks for nothing that staff took back meanwhile, or that ended with the last', async () => {
      for (const goes of ['taken back', 'ended'] as const) {
        const [first, second, last] = (await customers(0, 50, 0)) as [string, string, string];
        const { body: wrong } = await award(first, 40, goes === 'ended' ? 10 : undefined);
        await app.grant(programme.id);
        const [inner, outer] = [(await merge(first, second)).body, (await merge(second, last)).body];
        if (goes === 'ended') await endLotsOf(wrong['id'] as string);
        else expect((await reverse(wrong['id'] as string)).body).toMatchObject({ reversed: 40 });
        expect((await undo(outer['id'] as string)).body).toMatchObject({ pointsReturned: 50, pointsMissing: 0 });
        expect((await undo(inner['id'] as string)).body).toMatchObject({ pointsReturned: 0, pointsMissing: 0 });
        expect((await balance(second)).body).toMatchObject({ available: 50 });
      }
    });

    it('says to nobody what another one shared, also where their points were spent or ended with them', async () => {
      const [from, into] = (await customers(0, 0)) as [string, string];
      await programme.share(from);
      await award(from, 9, 10);
      await app.grant(programme.id);
      const { body } = await merge(from, into);
      const { rows } = await app.owner.query<{ id: string }>(`SELECT id FROM awards ORDER BY promised_at DESC LIMIT 1`);
      await endLotsOf(toPublicId('awd', rows[0]!.id));
      const { body: spent } = await redeem(into, 100);
      const { body: kept } = await redeem(into, 20, false);
      const token = await app.tokenOf(programme.storefrontKey, into);
      const seen = async (key: string, me: string) =>
        JSON.stringify([
          (await app.get(`/v1${me}/redemptions/${spent['id']}/lineage`, key)).body['data'],
          (await app.get(`/v1${me === '' ? `/customers/${into}` : me}/entries`, key)).body['data'],
          (await app.get(`/v1${me === '' ? `/customers/${into}` : me}/statement`, key)).body['entries'],
        ]);
      const told = ['"title":"Offer"', '"reason":"Order"'];
      for (const words of told) expect(await seen(token, '/me')).toContain(words);
      await post(`/redemptions/${kept['id']}/release`);
      expect((await undo(body['id'] as string)).body).toMatchObject({ pointsReturned: 20, pointsMissing: 100 });
      for (const words of told) {
        expect(await seen(token, '/me')).not.toContain(words);
        expect(await seen(programme.storefrontKey, '')).toContain(words);
      }
    });

    it('is of no use to points that ended before it: a reversal takes them no second time', async () => {
      const [from, into] = (await customers(70, 0)) as [string, string];
      const { body: wrong } = await award(from, 40, 10);
      await app.grant(programme.id);
      const { body } = await merge(from, into);
      await endLotsOf(wrong['id'] as string);
      await undo(body['id'] as string);
      expect(problem(await reverse(wrong['id'] as string))).toBe('409 reversal-exceeds-award');
      expect((await balance(from)).body).toMatchObject({ available: 70 });
    });

    it('knows a reversal that waited for the merge: it took from the other, whenever it began', async () => {
      const [from, into] = (await customers(0, 50)) as [string, string];
      const { body: wrong } = await award(from, 40);
      await app.grant(programme.id);
      let merged: Answer | undefined;
      await app.database.inProgramme(app.uuidOf(programme.id), async (tx) => {
        await tx.query({ name: 'begins_before', text: 'SELECT now()' }, []);
        merged = await merge(from, into);
        const awardId = parsePublicId('awd', wrong['id'] as string)!;
        const staff = { callerId: randomUUID(), role: 'admin' as const };
        expect(await reverseAward(tx, { awardId, reason: 'fraud', evidence: 'x', staff })).toMatchObject({
          reversed: 40,
        });
      });
      const { body: undone } = await undo(merged?.body['id'] as string);
      expect(undone).toMatchObject({ pointsReturned: 0, pointsMissing: 0 });
      expect((await balance(into)).body).toMatchObject({ available: 50 });
    });

    it('leaves what is refunded and booked afterwards where it belongs', async () => {
      const [from, into] = (await customers(40, 0)) as [string, string];
      const { body: spent } = await redeem(from, 40);
      await award(from, 5);
      const { body } = await merge(from, into);
      await undo(body['id'] as string);
      await post(`/redemptions/${spent['id']}/refund`, {});
      await app.grant(programme.id);
      await app.moveOn(programme.id);
      expect((await balance(from)).body).toMatchObject({ available: 45 });
    });
  });

  it('a reversal waits until an award that was pending is with the other', async () => {
    const [from, into] = (await customers(0, 50)) as [string, string];
    const { body: wrong } = await award(from, 40);
    await merge(from, into);
    expect(problem(await reverse(wrong['id'] as string))).toBe('409 award-pending');
    await app.grant(programme.id);
    expect(problem(await reverse(wrong['id'] as string))).toBe('409 award-pending');
    await app.moveOn(programme.id);
    expect((await reverse(wrong['id'] as string)).body).toMatchObject({ reversed: 40, uncovered: 0 });
    expect((await balance(into)).body).toMatchObject({ available: 50 });
  });

  it('who leaves and gives everything up gives up what is still on its way to them', async () => {
    const [from, into] = (await customers(0, 5)) as [string, string];
    const { body: spent } = await redeem(into, 5);
    const [aside] = (await customers(10)) as [string];
    const { body: before } = await redeem(aside, 3);
    const { body: held } = await redeem(aside, 7, false);
    await award(from, 40);
    await merge(from, into);
    await merge(aside, into);
    await post(`/redemptions/${held['id']}/release`);
    await call(app.url, 'DELETE', `/v1/customers/${into}?balance=forfeit`, { key: programme.storefrontKey });
    const outstanding = async (): Promise<number> => {
      const { rows } = await app.owner.query<{ points: number }>(
        `SELECT sum(a.balance)::int AS points FROM redemptions r JOIN customers c ON c.id = r.customer_id OR c.merged_into = r.customer_id
           JOIN accounts a ON a.customer_id = c.id WHERE r.id = $1`,
        [parsePublicId('red', spent['id'] as string)],
      );
      return rows[0]!.points;
    };
    await app.leave(programme.id);
    await app.grant(programme.id);
    await app.leave(programme.id);
    expect(await outstanding()).toBe(47);
    await app.moveOn(programme.id);
    await app.leave(programme.id);
    expect(await outstanding()).toBe(0);
    // What comes back later comes by the merge.
    expect((await post(`/redemptions/${before['id']}/refund`)).status).toBe(200);
    await app.moveOn(programme.id);
    expect(await outstanding()).toBe(3);
    await app.leave(programme.id);
    expect(await outstanding()).toBe(0);
  });

  it('who leaves leaves under every reference', async () => {
    const [from, into] = (await customers(0, 0)) as [string, string];
    await programme.share(from);
    await programme.share(into);
    const { body } = await merge(from, into);
    await call(app.url, 'DELETE', `/v1/customers/${into}`, { key: programme.storefrontKey });
    await app.leave(programme.id);
    const { rows } = await app.owner.query(
      `SELECT count(*)::int AS left FROM customers c JOIN merges m ON c.id IN (m.from_id, m.into_id)
        WHERE m.id = $1 AND (c.ref IS NOT NULL OR EXISTS (SELECT FROM vault_values v WHERE v.customer_id = c.id))`,
      [(await app.owner.query<{ id: string }>('SELECT id FROM merges ORDER BY merged_at DESC LIMIT 1')).rows[0]!.id],
    );
    expect(rows).toEqual([{ left: 0 }]);
    expect(problem(await undo(body['id'] as string))).toBe('409 merge-state');
    const { body: view } = await app.get(`/v1/merges/${body['id']}`, programme.storefrontKey);
    expect([view['from'], view['into']]).toEqual([undefined, undefined]);
  });
});
