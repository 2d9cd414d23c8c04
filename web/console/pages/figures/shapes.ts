/**
 * How many persons. Without a value where there are fewer than ten (`fewerThan`), or where by taking one number from another one
 * could tell a group of fewer than ten (`withheld`).
 */
export interface Count {
  value: number | null;
  fewerThan?: number;
  withheld?: boolean;
}

export interface Funnel {
  steps: { step: 'offered' | 'shared' | 'granted' | 'revoked'; persons: Count }[];
  from: string;
  to: string;
}

export interface BurnDown {
  unit: 'points' | 'codes';
  budget: number | null;
  days: { day: string; spent: number | null; left: number | null }[];
  forecast: { perDay: number | null; emptyOn: string | null };
}

export interface Cohorts {
  cohorts: { month: string; given: Count; kept: { monthsAfter: number; persons: Count; share: number | null }[] }[];
}

export interface AttributeCosts {
  attributes: {
    attribute: string;
    title: { de: string; en: string };
    pointsPaid: number | null;
    usable: Count;
    pointsPerUsable: number | null;
  }[];
}

export interface Liability {
  months: { month: string | null; points: number }[];
  total: number;
}

export interface StopTimes {
  blockedP50Ms: number | null;
  blockedP95Ms: number | null;
  erasedP50Seconds: number | null;
  erasedP95Seconds: number | null;
  toldP50Seconds: number | null;
  toldP95Seconds: number | null;
}

export interface StoppingTimes {
  weeks: ({ week: string; revocations: Count } & StopTimes)[];
  all: { revocations: Count } & StopTimes;
}
