import * as fc from 'fast-check';
import { TypeID } from 'typeid-js';
import { parsePublicId, toPublicId } from './ids';

describe('public ids', () => {
  it('are the TypeIDs of their uuids, whatever the bits', () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(toPublicId('shr', uuid)).toBe(TypeID.fromUUID('shr', uuid).toString());
        expect(parsePublicId('shr', toPublicId('shr', uuid))).toBe(uuid);
      }),
    );
  });

  it('of another kind, or none, are not read', () => {
    const id = toPublicId('shr', '01890a5d-ac96-774b-bcce-b302099a8057');
    expect(parsePublicId('awd', id)).toBeUndefined();
    expect(parsePublicId('shr', id.slice(0, -1))).toBeUndefined();
    expect(parsePublicId('shr', id.replace('_', '_8'))).toBeUndefined();
  });
});
