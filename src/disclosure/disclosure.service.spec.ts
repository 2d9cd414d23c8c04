import { randomBytes } from 'node:crypto';
import { newId } from '../platform/ids';
import type { ProgrammeKeys } from '../platform/key-ring';
import { sealValue } from '../vault';
import { answerOf } from './disclosure.service';

it('names every attribute that is withheld, also one with a name that every object knows', () => {
  const keys = { values: randomBytes(32) } as ProgrammeKeys;
  const programmeId = newId();
  const sealed = sealValue(keys, { programmeId, customerRef: 'a', attribute: 'valueOf' }, 'given');
  const attributes = ['birthday', 'constructor', 'toString', 'valueOf'];
  const release = { id: newId(), registered: true, suspended: false, values: [sealed], useUntil: new Date() };
  const answer = answerOf(keys, programmeId, { customerRef: 'a', attributes }, release);
  expect(answer?.withheld).toEqual(['birthday', 'constructor', 'toString']);
  expect(Object.entries(answer!.values)).toEqual([['valueOf', 'given']]);
});
