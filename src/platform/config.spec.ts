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
