import { faultsOfSchema, valueValidator } from './attribute-schema';

describe('faultsOfSchema', () => {
  it.each([
    [{}],
    [{ type: 'string', format: 'date' }],
    [{ enum: ['s', 'm', 'l'] }],
    [{ enum: ['rolls'], 'x-titles': { rolls: { de: 'Brötchen', en: 'Rolls' } } }],
    [{ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'https://example.com/size', type: 'integer' }],
    [{ $defs: { size: { type: 'integer' } }, type: 'object', properties: { size: { $ref: '#/$defs/size' } } }],
    [{ type: 'array', prefixItems: [{ type: 'string' }], items: false }],
    [{ type: 'object', properties: { a: {} }, unevaluatedProperties: false }],
    [{ $defs: { tree: { type: 'object', properties: { of: { $ref: '#/$defs/tree' } } } }, $ref: '#/$defs/tree' }],
  ])('accepts %j', (schema) => {
    expect(faultsOfSchema(schema)).toEqual([]);
    // What is accepted once is accepted again: no schema is known from before by its $id.
    expect(faultsOfSchema(structuredClone(schema))).toEqual([]);
  });

  it.each([
    [{ type: 'strin' }, '/type', /one of array, boolean/],
    [{ minLength: -1 }, '/minLength', />= 0/],
    [{ properties: { a: { minLenght: 3 } } }, '/properties/a/minLenght', /"minLenght" is not a keyword/],
    [{ properties: { 'a/b': { typ: 1 } } }, '/properties/a~1b/typ', /not a keyword/],
    [{ items: { type: 'string', format: 'birthday' } }, '/items/format', /"birthday" is not a known format/],
    [{ $ref: 'https://example.com/schema.json' }, '/$ref', /nothing is fetched/],
    [{ properties: { a: { $ref: 'file:///etc/passwd' } } }, '/properties/a/$ref', /nothing is fetched/],
    [{ $ref: '#/$defs/missing' }, '/$ref', /nothing is fetched/],
    [{ $dynamicRef: 'https://example.com/schema.json' }, '', /hash fragment/],
    [{ $schema: 'http://json-schema.org/draft-07/schema#', type: 'string' }, '/$schema', /2020-12/],
    [{ $async: true }, '/$async', /not a keyword/],
    [{ $ref: '#' }, '', /refer to itself/],
    [{ properties: { a: { $ref: '#/properties/a' } } }, '', /refer to itself/],
    [{ type: 'string', pattern: '(' }, '', /Invalid regular expression/],
    [{ description: 'x'.repeat(16 * 1024) }, '', /16 kB/],
  ])('refuses %j', (schema, pointer, message) => {
    const faults = faultsOfSchema(schema);
    expect(faults[0]?.message).toMatch(message);
    expect(faults[0]?.pointer).toBe(pointer);
  });

  it('refuses what is nested too deeply, however small', () => {
    const deep = JSON.parse(`${'{"not":'.repeat(3000)}{}${'}'.repeat(3000)}`) as Record<string, unknown>;
    expect(faultsOfSchema(deep)).toEqual([{ pointer: '', message: expect.stringMatching(/32 levels/) }]);
  });
});

describe('valueValidator', () => {
  const CANARY = 'canary-4711';
  const A = (length: number) => 'a'.repeat(length);
  const branch = { items: { $ref: '#/$defs/n' }, maxItems: 1, minItems: 1 };
  const forks = { $defs: { n: { anyOf: Array.from({ length: 9 }, () => branch) } } };
  const endless = { $defs: { x: { allOf: [{ $ref: '#/$defs/x' }] } } };
  const nested = (levels: number): unknown => (levels === 0 ? [] : [nested(levels - 1)]);

  // Each of them goes on for minutes and more if nobody ends it, and nobody else is answered meanwhile.
  it.each([
    ['a pattern that can be read in many ways', { pattern: '^(a+)+$' }, `${A(100)}!`],
    ['a pattern of many parts', { pattern: '^a*a*a*a*a*b$' }, A(8000)],
    ['a pattern of many choices', { pattern: `^${'[a-z]?'.repeat(60)}[0-9]$` }, A(60)],
    ['a pattern that begins anywhere', { pattern: 'a{1,999}a{1,999}b' }, A(8000)],
    ['a pattern of names', { patternProperties: { '^(a+)+$': {} } }, { [`${A(100)}!`]: 1 }],
    ['a pattern far within', { properties: { a: { items: { pattern: '^(a|a)*$' } } } }, { a: [`${A(100)}!`] }],
    ['what branches at each level', { ...forks, $ref: '#/$defs/n' }, nested(14)],
    ['what never ends', { properties: { a: { $ref: '#/$defs/x' } }, ...endless }, { a: 1 }],
  ])('gives up %s', (_, schema, value) => {
    expect(valueValidator(schema)(value)).toEqual([{ pointer: '', message: 'The value takes too long to check' }]);
  });

  it.each([
    [{ pattern: '^[0-9]{5}$' }, '10115', '1011'],
    [{ pattern: '^\\+?[0-9 ]{7,15}$' }, '+49 30 1234', '+49 (30)'],
    [{ pattern: '^\\p{L}+$' }, 'Zoë', 'Zoë1'],
    [{ pattern: '^(Mr|Mrs) [A-Z]' }, 'Mrs X', 'Mr x'],
    [{ patternProperties: { '^x-': { type: 'integer' } } }, { 'x-a': 1 }, { 'x-a': 'b' }],
    [{ $defs: { size: { type: 'integer' } }, $ref: '#/$defs/size' }, 5, 'b'],
  ])('judges by %j', (schema, right, wrong) => {
    const validate = valueValidator(schema);
    expect([validate(right), validate(wrong)]).toEqual([[], [expect.anything()]]);
  });

  it.each([
    [{ type: 'string', format: 'date' }, CANARY, ''],
    [{ type: 'string', maxLength: 3 }, CANARY, ''],
    [{ type: 'string', pattern: '^[0-9]+$' }, CANARY, ''],
    [{ enum: ['s', 'm'] }, CANARY, ''],
    [{ const: 's' }, CANARY, ''],
    [{ type: 'object', properties: { size: { type: 'integer' } } }, { size: CANARY }, '/size'],
    [{ type: 'array', items: { type: 'integer' } }, [1, CANARY], '/1'],
    [{ type: 'object', additionalProperties: { type: 'integer' } }, { [CANARY]: CANARY }, ''],
    [{ type: 'object', additionalProperties: false }, { [CANARY]: 1 }, ''],
    [{ type: 'object', propertyNames: { maxLength: 3 } }, { [CANARY]: 1 }, ''],
    [{ type: 'object', properties: { a: { additionalProperties: { type: 'null' } } } }, { a: { [CANARY]: 1 } }, '/a'],
  ])('says what is wrong by the schema %j, without the value', (schema, value, pointer) => {
    const faults = valueValidator(schema)(value);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults[0]?.pointer).toBe(pointer);
    expect(JSON.stringify(faults)).not.toContain(CANARY);
  });

  it('finds nothing wrong with what matches', () => {
    expect(valueValidator({ type: 'string', format: 'date' })('1990-02-28')).toEqual([]);
    expect(valueValidator({ type: 'string', format: 'date' })('1990-02-30')).not.toEqual([]);
  });

  it('refuses a value of more than 8 kB or 16 levels before it looks into it', () => {
    const validate = valueValidator({});
    expect(validate('x'.repeat(8 * 1024 - 2))).toEqual([]);
    expect(validate('x'.repeat(8 * 1024 - 1))).toHaveLength(1);
    expect(validate(JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`))).toHaveLength(1);
  });
});
