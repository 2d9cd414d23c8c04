/** How many persons; without a value where there are fewer than ten, so that no one can be told from the others. */
export interface Count {
  value: number | null;
  fewerThan?: number;
}

export interface Funnel {
  steps: { step: 'offered' | 'shared' | 'granted' | 'revoked'; persons: Count }[];
  from: string;
  to: string;
}

export interface BurnDown {
  unit: 'points' | 'codes';
  budget: number | null;
  days: { day: string; spent: number; left: number | null }[];
  forecast: { perDay: number; emptyOn: string | null };
}

export interface Cohorts {
  cohorts: { month: string; given: Count; kept: { monthsAfter: number; persons: Count; share: number | null }[] }[];
}

export interface AttributeCosts {
  attributes: {
    attribute: string;
    title: string;
    pointsPaid: number;
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
