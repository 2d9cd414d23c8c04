import { QueryFailedError } from 'typeorm';
import { createLogger, describeError } from './logging';

const canary = 'canary-7f3a@example.org';

function databaseError(): Error {
  return Object.assign(new Error(`new row violates check: ${canary}`), {
    code: '23514',
    detail: `Failing row contains (1, ${canary}).`,
    hint: canary,
    where: canary,
    schema: 'public',
    table: 'share',
    constraint: 'share_age_ck',
    column: canary,
  });
}

describe('describeError', () => {
  it('says what broke, and nothing of the row that broke it', () => {
    const error = new QueryFailedError(`INSERT INTO share VALUES ('${canary}')`, [canary], databaseError());
    const description = describeError(error);
    expect(description).toMatchObject({
      name: 'QueryFailedError',
      code: '23514',
      schema: 'public',
      table: 'share',
      constraint: 'share_age_ck',
    });
    expect(JSON.stringify(description)).not.toContain('canary');
  });

  it('keeps the frames of an unknown error and drops a message made to look like one', () => {
    const error = new TypeError(`no\n    at ${canary} (/srv/app.js:1:1)\n    at more`);
    const description = describeError(error);
    expect((description['frames'] as string[]).join()).toContain('logging.spec');
    expect(JSON.stringify(description)).not.toContain('canary');
  });

  it('shows no frames where the message was changed after the stack was taken', () => {
    const error = new Error(`no\n    at ${canary} (/srv/app.js:1:1)`);
    expect(error.stack).toContain(canary);
    error.message = 'something else';
    expect(describeError(error)).toEqual({ name: 'Error' });
  });

  it('describes causes by the same rule, and only a few of them', () => {
    const error = new Error(canary, { cause: new Error(canary, { cause: databaseError() }) });
    expect(describeError(error)).toMatchObject({ cause: { cause: { code: '23514' } } });
    expect(JSON.stringify(describeError(error))).not.toContain('canary');
    const circle = new Error('a');
    circle.cause = circle;
    expect(JSON.stringify(describeError(circle)).length).toBeLessThan(20_000);
  });

  it('gives our own errors their problem type and no frames', () => {
    class OfferExhausted extends Error {
      override name = 'OfferExhausted';
      readonly type = 'offer-exhausted';
    }
    expect(describeError(new OfferExhausted(canary))).toEqual({ name: 'OfferExhausted', type: 'offer-exhausted' });
  });

  it.each([canary, { message: canary }, null, 7])('says only the kind of a thrown %p', (thrown) => {
    expect(describeError(thrown)).toEqual({ name: `thrown ${typeof thrown}` });
  });

  it('lets no free text through a field that holds a word', () => {
    const error = Object.assign(new Error('x'), {
      name: `${canary} said`,
      code: canary,
      table: `x ${canary}`,
      type: canary,
    });
    error.stack = '';
    expect(JSON.stringify(describeError(error))).not.toContain('canary');
  });
});

describe('the logger', () => {
  let lines: string[] = [];
  const logger = createLogger('info', 'api', { write: (line) => void lines.push(line) });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;

  beforeEach(() => {
    lines = [];
  });

  it('writes the allowed fields as one JSON line', () => {
    logger.info({ requestId: 'r1', method: 'POST', route: '/v1/shares', status: 201, ms: 4 }, 'answered');
    expect(last()).toMatchObject({ level: 'info', name: 'api', msg: 'answered', requestId: 'r1', status: 201, ms: 4 });
  });

  it('leaves out every other field, and objects in allowed ones, and says how many', () => {
    const fields = {
      status: 400,
      body: { email: canary },
      email: canary,
      url: `/x?q=${canary}`,
      route: { path: canary },
    };
    logger.info(fields as object, 'answered');
    expect(last()).toMatchObject({ status: 400, dropped: 4 });
    expect(lines.join()).not.toContain('canary');
  });

  it('reduces an error wherever it stands', () => {
    logger.error({ error: databaseError() }, 'refused');
    expect(last()).toMatchObject({ msg: 'refused', error: { code: '23514' } });
    (logger.error as (...args: unknown[]) => void)(databaseError());
    expect(last()).toMatchObject({ error: { code: '23514' } });
    logger.error({ err: databaseError() } as object, 'refused');
    expect(last()).toMatchObject({ dropped: 1 });
    expect(lines.join()).not.toContain('canary');
  });

  it('puts no values into a message', () => {
    (logger.info as (...args: unknown[]) => void)('shared %s', canary);
    (logger.info as (...args: unknown[]) => void)({}, 'shared %s', canary);
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('canary');
  });

  it('keeps to its level', () => {
    logger.debug('quiet');
    expect(lines).toHaveLength(0);
  });
});
