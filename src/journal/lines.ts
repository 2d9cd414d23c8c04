import type { ReplayedSignal } from '../consents/core';
import type { ReplayedPause } from '../revocation/core';

/**
 * The journal of erasures, and of what else stops use, as it is copied away: lines of JSON. What is in it names values, consents and customers by their
 * ids, and holds none. A file is one section after the other; a section has a head, its lines, and an end that is signed over
 * all of it, so that no line can be changed, left out or cut off.
 */
export interface Head {
  /** Those of version 1 hold neither pauses nor signals. */
  journal: 'gegenwert/erasures/2' | 'gegenwert/erasures/1';
  /** Transactions with this number and higher ones are in it. */
  from: string;
}

/** A value that was destroyed. Without a revocation: a newer version took its place. */
export interface Erased {
  erased: {
    programme: string;
    customer: string;
    attribute: string;
    version: string;
    revocation: string | null;
    at: string;
  };
}

/** Consents that ended. */
export interface Ended {
  ended: {
    programme: string;
    customer: string;
    revocation: string | null;
    as: 'withdrawn' | 'expired' | 'superseded';
    consents: string[];
    at: string;
  };
}

/** A pause of a customer's that is not over, as it was last. */
export interface Paused {
  paused: { programme: string } & ReplayedPause;
}

/** That a customer's browser refused advertising by others (Global Privacy Control), and when it last did. */
export interface Signalled {
  signalled: { programme: string } & ReplayedSignal;
}

/** A customer who asked to be forgotten, by a job; and who stayed after all, where that was cancelled. */
export interface Left {
  programme: string;
  customer: string;
  balance: 'keep' | 'forfeit';
  /** Sections from before this was said name neither. */
  job?: string;
  at?: string;
  cancelled?: boolean;
  /** Whoever was merged into them: they left under these as well, and a backup may be from before the merge. */
  also?: string[];
}

/** A purpose or a recipient that nobody is given anything for any more. Sections from before this was said do not name the job. */
export type Withdrawn = { programme: string } & ({ purpose: string } | { recipient: string }) & {
    /** The newest that ends consents for it; and whether that was cancelled, which leaves those that it had not come to. */
    job?: string | null;
    cancelled?: boolean;
  };

/** A customer who left, a purpose or a recipient that was withdrawn, a programme that ended: all there are, in every section. */
export type State = { left: Left } | { withdrawn: Withdrawn } | { over: { programme: string } };

export type Line = Erased | Ended | Paused | Signalled | State;

export interface End {
  end: {
    /** Transactions with this number and higher ones are not in it: the next section begins with it. */
    to: string;
    lines: number;
    at: string;
    /** JWS over from, to, lines, at and the SHA-256 of the head and the lines, each with its line feed. */
    seal: string;
  };
}

export interface Sealed {
  from: string;
  to: string;
  lines: number;
  at: string;
  /** Hex. */
  sha256: string;
}

export const SEAL_TYPE = 'gegenwert-erasures+jws';
