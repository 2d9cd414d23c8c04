import * as fc from 'fast-check';
import { anyCommand, type Run } from './commands';
import { expectAgreement, expectNothingOwed, expectRevocationNeutral } from './compare';
import { Model } from './model';
import { startWorld, type World } from './world';

/**
 * Share, use, take back, book, erase and confirm in any order, against a model of the domain in memory: after every
 * command the answer is the model's, and in the end the database is, every invariant view is empty, and the balances are
 * those of the same run without its revocations.
 *
 * GEGENWERT_MODEL_RUNS=5000 runs more; a run that fails prints its seed, its path and the shortest commands that fail.
 */
const RUNS = Number(process.env['GEGENWERT_MODEL_RUNS'] ?? 30);
const CUSTOMERS = ['ada', 'bela'];
const MINUTE = 60_000;

const runs = (world: World) =>
  fc.asyncProperty(fc.commands(anyCommand, { maxCommands: 40, size: 'max' }), async (commands) => {
    const [programme, other] = await Promise.all([world.foundProgramme(), world.foundProgramme()]);
    const model = new Model(CUSTOMERS);
    const run: Run = { programme, steps: [] };
    await fc.asyncModelRun(() => ({ model, real: run }), commands);
    await expectAgreement(world, programme, model);
    await expectRevocationNeutral(world, programme, other, run.steps);
    await expectNothingOwed(world, programme, model);
  });

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

it(
  'any order of shares, uses, revocations and work keeps every promise',
  async () => {
    await fc.assert(runs(world), { numRuns: RUNS, interruptAfterTimeLimit: 20 * MINUTE });
  },
  30 * MINUTE,
);

/** That the above can fail: each of these is a mistake that the service could make, made by the database for it. */
it.each([
  [
    'a revocation strikes the award that is still queued',
    `CREATE FUNCTION strike() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
       BEGIN DELETE FROM outbox WHERE id = NEW.share_id; RETURN NULL; END $$;
     CREATE TRIGGER strike AFTER UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION strike()`,
  ],
  [
    'a value goes with the first of the consents that cover it',
    `CREATE FUNCTION hurry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
       BEGIN DELETE FROM vault_values WHERE customer_id = NEW.customer_id AND attribute = NEW.attribute; RETURN NULL; END $$;
     CREATE TRIGGER hurry AFTER UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION hurry()`,
  ],
  [
    'a value stays',
    `CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
     CREATE TRIGGER keep BEFORE DELETE ON vault_values FOR EACH ROW EXECUTE FUNCTION keep()`,
  ],
  [
    'whoever took back earns again',
    `CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
       BEGIN DELETE FROM earned_marks WHERE programme_id = NEW.programme_id; RETURN NULL; END $$;
     CREATE TRIGGER forget AFTER INSERT ON revocations FOR EACH ROW EXECUTE FUNCTION forget()`,
  ],
  [
    'a recipient is not told',
    `CREATE FUNCTION hush() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
     CREATE TRIGGER hush BEFORE INSERT ON revocation_notices FOR EACH ROW EXECUTE FUNCTION hush()`,
  ],
])(
  'is found out when %s',
  async (_, mistake) => {
    await world.sql(mistake);
    const { failed, errorInstance } = await fc.check(runs(world), { numRuns: 50, endOnFailure: true });
    expect(failed).toBe(true);
    // By an expectation, not by an error on the way.
    expect(errorInstance).toHaveProperty('matcherResult');
  },
  5 * MINUTE,
);
