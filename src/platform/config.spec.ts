import { readConfig } from './config';

const faultOf = (env: NodeJS.ProcessEnv): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('the limits of callers', () => {
  it('are low for customers and for whoever is not known, and none for keys', () => {
    expect(readConfig({ GEGENWERT_KEY_CALLS_PER_MINUTE: '' })).toMatchObject({
      callsPerMinute: { key: 0, customer: 120, unknown: 60 },
      trustedProxies: [],
    });
  });

  it.each(['-1', '1.5', 'many', ' '])('are not %j', (text) => {
    expect(faultOf({ GEGENWERT_CUSTOMER_CALLS_PER_MINUTE: text })).toContain('GEGENWERT_CUSTOMER_CALLS_PER_MINUTE');
  });
});

describe('the proxies to be believed', () => {
  it('are addresses and networks', () => {
    const { trustedProxies } = readConfig({ GEGENWERT_TRUSTED_PROXIES: '10.0.0.0/8, 192.0.2.7,2001:db8::/32' });
    expect(trustedProxies).toEqual(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);
  });

  it.each(['proxy.internal', '0.0.0.0/0', '::/0', '10.0.0.0/33', '10.0.0.0/8/8', '10.0.0.0/', '1'])(
    'are not %s',
    (text) => {
      expect(faultOf({ GEGENWERT_TRUSTED_PROXIES: `10.0.0.1,${text}` })).toContain('GEGENWERT_TRUSTED_PROXIES');
    },
  );
});

describe('the ports', () => {
  it.each(['65536', '-1', '80a', ' '])('are not %j', (text) => {
    expect(faultOf({ PORT: text, METRICS_PORT: text })).toMatch(/- PORT must.*\n.*- METRICS_PORT must/);
  });

  // Fails when the last one is let through: the worker, which takes the next, then cannot start.
  it('leave one for the worker’s metrics', () => {
    expect(readConfig({ METRICS_PORT: '65534' }).metricsPort).toBe(65534);
    expect(faultOf({ METRICS_PORT: '65535' })).toContain('METRICS_PORT must be a port number from 0 to 65534');
  });

  it('are three', () => {
    for (const served of ['9464', '9465'])
      expect(faultOf({ PORT: served, METRICS_PORT: '9464' })).toContain('must be other ports than PORT');
    expect(readConfig({ PORT: '9463', METRICS_PORT: '9464' }).port).toBe(9463);
    expect(readConfig({ PORT: '0', METRICS_PORT: '0' })).toMatchObject({ port: 0, metricsPort: 0 });
  });
});

describe('the key-encryption key', () => {
  const [one, other] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
  const database = { DATABASE_URL: 'postgres://127.0.0.1/gegenwert' };

  it('is the embedded database’s own, or one that is named', () => {
    expect(readConfig({})).toMatchObject({ kek: undefined, kms: undefined, previousKeks: [] });
    expect(readConfig({ ...database, GEGENWERT_KEK: one }).kek).toEqual(Buffer.alloc(32, 1));
    expect(faultOf(database)).toContain('GEGENWERT_KEK is required');
  });

  it('may lie in KMS, with others of before in either place', () => {
    const env = { ...database, GEGENWERT_KMS_KEY_ID: 'alias/a', GEGENWERT_KMS_REGION: 'eu-central-1' };
    expect(readConfig({ ...env, GEGENWERT_KEK_PREVIOUS: `${other}, aws-kms:alias/b` })).toMatchObject({
      kek: undefined,
      kms: { keyId: 'alias/a', region: 'eu-central-1', endpoint: undefined },
      previousKeks: [Buffer.alloc(32, 2), { keyId: 'alias/b', region: 'eu-central-1' }],
    });
    expect(faultOf({ ...env, GEGENWERT_KEK: one })).toContain('cannot both wrap');
    expect(faultOf({ ...env, GEGENWERT_KMS_REGION: '' })).toContain('GEGENWERT_KMS_REGION is required');
    expect(faultOf({ ...env, GEGENWERT_KMS_ENDPOINT: 'here' })).toContain('GEGENWERT_KMS_ENDPOINT must be a URL');
  });

  it.each(['short', `${one},short`])('of before is not %j', (text) => {
    expect(faultOf({ GEGENWERT_KEK_PREVIOUS: text })).toContain('GEGENWERT_KEK_PREVIOUS must be 32 bytes');
  });
});

describe('the database of the keys', () => {
  it('is another one than that of the values', () => {
    const url = 'postgres://127.0.0.1/gegenwert';
    expect(readConfig({ GEGENWERT_KEYS_DATABASE_URL: url }).keysDatabaseUrl).toBe(url);
    expect(faultOf({ DATABASE_URL: url, GEGENWERT_KEYS_DATABASE_URL: url })).toContain('another database');
    expect(faultOf({ GEGENWERT_KEYS_DATABASE_URL: 'mysql://127.0.0.1' })).toContain('GEGENWERT_KEYS_DATABASE_URL');
  });
});
