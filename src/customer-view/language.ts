import { localeOf, type Locale } from '../offers';
import type { Statement, Tx } from '../platform/database';

const PROGRAMME_LOCALE: Statement = { name: 'programme_locale', text: 'SELECT locale FROM programmes WHERE id = $1' };

/** The language that a tag asks for (de, en, de-AT); the programme's own where it asks for none that texts are written in. */
export async function languageOf(tx: Tx, tag: string | undefined): Promise<Locale> {
  const asked = localeOf(tag);
  if (asked) return asked;
  const [programme] = await tx.query<{ locale: Locale }>(PROGRAMME_LOCALE, [tx.programmeId]);
  if (!programme) throw new Error('The programme of this transaction is not there');
  return programme.locale;
}
