import { Injectable } from '@nestjs/common';
import { Database, violatedConstraint, type Statement, type Tx } from '../platform/database';
import { newId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { conflict } from '../platform/problem';
import { issueKey } from './issue-key';
import type { EditProgrammeDto, NewProgrammeDto, ProgrammeDto, ProgrammeSettingsDto } from './programmes.dto';

const INSERT: Statement = {
  name: 'insert_programme',
  text: 'INSERT INTO programmes (id, slug, name, locale, wrapped_key) VALUES ($1, $2, $3, $4, $5)',
};
const SHOW: Statement = {
  name: 'programme_settings',
  text: `SELECT name, slug, locale, requires_approval AS "requiresApproval" FROM programmes WHERE id = $1`,
};
const EDIT: Statement = {
  name: 'edit_programme',
  text: 'UPDATE programmes SET requires_approval = $2 WHERE id = $1',
};

@Injectable()
export class ProgrammesService {
  constructor(
    private readonly database: Database,
    private readonly keyRing: KeyRing,
  ) {}

  /** A new programme with a key of its own and a first admin. @throws 409 `slug-taken`. */
  async found({ slug, name, locale }: NewProgrammeDto): Promise<ProgrammeDto> {
    const programmeId = newId();
    const wrappedKey = await this.keyRing.newProgrammeKey(programmeId);
    const insert = async (tx: Tx) => {
      await tx.query(INSERT, [programmeId, slug, name, locale, wrappedKey]);
      return issueKey(tx, { kind: 'staff', role: 'admin', name: 'First admin' });
    };
    try {
      const { key: adminKey } = await this.database.inProgramme({ programmeId, kind: 'operator' }, insert);
      return { id: toPublicId('prg', programmeId), adminKey };
    } catch (error) {
      if (violatedConstraint(error) === 'programmes_slug_unique') {
        throw conflict('slug-taken', 'Another programme has this slug', 'Choose another slug.');
      }
      throw error;
    }
  }

  async settings(tx: Tx): Promise<ProgrammeSettingsDto> {
    const [row] = await tx.query<Omit<ProgrammeSettingsDto, 'id'>>(SHOW, [tx.programmeId]);
    if (!row) throw new Error('The programme of this transaction is not there');
    return { id: toPublicId('prg', tx.programmeId), ...row };
  }

  async edit(tx: Tx, { requiresApproval }: EditProgrammeDto): Promise<ProgrammeSettingsDto> {
    await tx.query(EDIT, [tx.programmeId, requiresApproval]);
    return this.settings(tx);
  }
}
