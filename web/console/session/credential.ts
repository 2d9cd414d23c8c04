import { browserMemory, tabMemory } from '../../shared/memory';
import type { Issuer } from './oidc';

/** What the service is called with: in this tab's memory alone, so that it goes with the tab. */
export interface Credential {
  token: string;
  /** Absent of a staff key. */
  oidc?: { issuer: Issuer; idToken: string | undefined };
}

const KEPT_AS = 'gegenwert.console.credential';

export function readCredential(): Credential | undefined {
  const kept = tabMemory.read(KEPT_AS);
  return kept === undefined ? undefined : (JSON.parse(kept) as Credential);
}

export const keepCredential = (credential: Credential): void => {
  tabMemory.keep(KEPT_AS, JSON.stringify(credential));
};

export const forgetCredential = (): void => tabMemory.forget(KEPT_AS);

const PROGRAMME = 'gegenwert.console.programme';

/** The programme's short name: of the address (`/console?programme=…`), else the last one here. */
export const firstProgramme = (): string =>
  new URLSearchParams(location.search).get('programme') ?? browserMemory.read(PROGRAMME) ?? '';

export const keepProgramme = (slug: string): void => {
  browserMemory.keep(PROGRAMME, slug);
};
