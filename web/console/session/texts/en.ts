import type { de } from './de';

export const en: typeof de = {
  title: 'Sign in',
  about: 'For those who work in the programme: marketing, data protection, administration.',
  programme: 'Short name of the programme',
  programmeHint: 'As it stands in the address, for example rosenrot.',
  goOn: 'Continue',
  other: 'Another programme',
  unknownProgramme: 'There is no such programme here. Check the spelling, or ask the administration.',
  withIssuer: (host: string) => `Sign in with ${host}`,
  or: 'or',
  key: 'Key',
  keyHint: 'A staff key begins with gw_st_. It stays in this tab.',
  withKey: 'Sign in with the key',
  unknownKey: 'There is no such key, or it is no longer good. The administration issues a new one.',
  notStaff: 'That is no staff key. One begins with gw_st_.',
  noWay: 'No sign-in is set up for this programme yet. The administration registers an issuer for it.',
  expired: 'Your sign-in has expired',
  expiredHint: 'Sign in again. You will be back here, and what you have typed is still there.',
  signingIn: 'You are being signed in',
  failed: 'The sign-in did not work',
  failedHint: 'Begin it again. If it stays like this, give this message to the administration:',
  nothingKept:
    'Your browser lets this page store nothing: you would not find back from the sign-in service. Allow it to, and begin again.',
  beginAgain: 'Begin again',
  refused: 'You have no role in this programme yet',
  refusedHint: (host: string) =>
    `You are signed in at ${host}. Ask the administration to give you exactly one role there (marketing, data protection or administration), and then begin again.`,
  otherAccount: 'Another account',
  leftOpen: (host: string) => `You are still signed in at ${host}`,
  leftOpenHint: 'Here you are signed out. Sign out there as well if others use this computer.',
};
