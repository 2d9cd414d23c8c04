import type { Issuer } from './oidc';

/** What the service is called with: in this tab's sessionStorage alone, so that it goes with the tab. */
export interface Credential {
  token: string;
  /** Absent of a staff key. */
  oidc?: { issuer: Issuer; idToken: string | undefined };
}

const KEPT_AS = 'gegenwert.console.credential';

export function readCredential(): Credential | undefined {
  const kept = sessionStorage.getItem(KEPT_AS);
  return kept === null ? undefined : (JSON.parse(kept) as Credential);
}

export const keepCredential = (credential: Credential): void =>
  sessionStorage.setItem(KEPT_AS, JSON.stringify(credential));

export const forgetCredential = (): void => sessionStorage.removeItem(KEPT_AS);

const PROGRAMME = 'gegenwert.console.programme';

/** The programme's short name: of the address (`/console?programme=…`), else the last one here. */
export const firstProgramme = (): string =>
  new URLSearchParams(location.search).get('programme') ?? localStorage.getItem(PROGRAMME) ?? '';

export const keepProgramme = (slug: string): void => localStorage.setItem(PROGRAMME, slug);
