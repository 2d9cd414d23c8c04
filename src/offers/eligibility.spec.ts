import { eligibilityRule, faultOfEligibility } from './eligibility';

describe('faultOfEligibility', () => {
  it.each([
    'true',
    'country == "DE"',
    'country in ["DE", "AT"] && orders >= 3',
    'has(context.tier) && context.tier == "gold"',
    'tags.exists(t, t.startsWith("vip"))',
    'isMember',
    'timestamp(joinedAt) < timestamp("2026-01-01T00:00:00Z")',
    'tags.filter(t, t != "x").exists(t, t == "y") && tags.all(t, t in ["y", "z"])',
    'orders + returns > 2',
    `${'!'.repeat(100)}true`,
  ])('accepts %s', (expression) => {
    expect(faultOfEligibility(expression)).toBeUndefined();
  });

  it.each([
    ['country == "DE" &&', /Unexpected token: EOF \(line 1, column 19\)/],
    ['country == "DE" &&\n  (orders > ', /line 2/],
    ['', /line 1, column 1/],
    ['isAdult(age)', /no function isAdult \(line 1, column 1\)/],
    ['country == "DE" && age.older(3)', /no function older \(line 1, column 20\)/],
    ['"a" + 1 == "b"', /no such overload.*line 1/],
    ['1 + 1', /must come to true or false, not to int/],
    ['"DE"', /must come to true or false, not to string/],
    ['email.matches("^(a+)+$")', /no function matches/],
    ['tags.map(t, t + t).size() > 1', /no function map/],
    ['text.split("").size() > 1', /no function split/],
    ['cel.bind(a, tags + tags, size(a) > 1)', /no function bind/],
    ['a.all(x, a.all(y, y == x))', /all has another loop within it \(line 1, column 1\)/],
    ['a.all(x, b.filter(y, y == x).size() > 0)', /all has another loop/],
    ['(a + a).all(x, x > 1)', /nothing is added up within or for a loop \(line 1, column 2\)/],
    ['a.all(x, size(a + a) > 1)', /nothing is added up/],
    [`${'('.repeat(300)}true${')'.repeat(300)}`, /cannot be used/],
    [`${'['.repeat(900)}${']'.repeat(900)} == 1`, /cannot be used/],
    [`a == ${'1 + '.repeat(300)}1`, /cannot be used/],
    [`a == "${'x'.repeat(2000)}"`, /at most 2000/],
    ['__proto__ == 1', /Reserved identifier/],
  ])('refuses %p and says where', (expression, fault) => {
    expect(faultOfEligibility(expression)).toMatch(fault);
  });
});

describe('eligibilityRule', () => {
  it.each([
    ['country == "DE"', { country: 'DE' }, true],
    ['country == "DE"', { country: 'FR' }, false],
    ['country == "DE"', {}, false],
    ['missing || country == "DE"', { country: 'DE' }, true],
    ['orders >= 3', { orders: 3 }, true],
    ['orders >= 3', { orders: 2.5 }, false],
    ['orders == 3', { orders: 3 }, true],
    ['spent > 99.5', { spent: 100 }, true],
    ['orders >= 3', { orders: '3' }, false],
    ['isMember', { isMember: 'false' }, false],
    ['isMember', { isMember: 'true' }, false],
    ['isMember', { isMember: true }, true],
    ['has(context.tier) && context.tier == "gold"', {}, false],
    ['has(context.tier) && context.tier == "gold"', { tier: 'gold' }, true],
    ['!has(context.tier)', {}, true],
    ['address.city == "Wien"', { address: { city: 'Wien' } }, true],
    ['tags.exists(t, t == "vip")', { tags: ['new', 'vip'] }, true],
    ['size(tags) == 2', { tags: ['new', 'vip'] }, true],
    ['toString != 1', {}, false],
    ['constructor != 1', {}, false],
    ['has(context.constructor)', {}, false],
    ['context.constructor != 1', {}, false],
    ['context == context', { context: 'mine' }, true],
  ])('%s with %j is %s', (expression, facts, expected) => {
    expect(faultOfEligibility(expression)).toBeUndefined();
    expect(eligibilityRule(expression)(facts)).toBe(expected);
  });

  it('does not look at facts that are too many or too long', () => {
    const rule = eligibilityRule('true');
    expect(rule({ text: 'x'.repeat(256) })).toBe(true);
    expect(rule({ text: 'x'.repeat(257) })).toBe(false);
    expect(rule({ list: Array.from({ length: 198 }, () => 1) })).toBe(true);
    expect(rule({ list: Array.from({ length: 199 }, () => 1) })).toBe(false);
  });

  it.each([
    `l.all(x, ${Array.from({ length: 45 }, () => 'l == l').join(' && ')})`,
    `l.all(x, ${Array.from({ length: 35 }, () => '!("y" in l)').join(' && ')})`,
    `${'l.filter(x, x != "y")'}${'.filter(x, x != "y")'.repeat(12)}.all(x, x != "y")`,
    `size(${Array.from({ length: 60 }, () => 'l').join(' + ')}) > 3`,
    `${Array.from({ length: 45 }, () => 'context == context').join(' && ')}`,
  ])('comes to an end soon with the costliest facts: %#', (rule) => {
    expect(faultOfEligibility(rule)).toBeUndefined();
    const facts = { l: Array.from({ length: 198 }, () => 'x'.repeat(30)) };
    const isEligible = eligibilityRule(rule);
    const started = performance.now();
    expect(isEligible(facts)).toBe(true);
    // It took up to 120 ms, and 40 s before loops within loops and sums of lists were refused.
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
