import type { Schemas } from '../../api/client';

/** The figures, as the service answers them. */
export type Count = Schemas['Count'];
export type Funnel = Schemas['FunnelView'];
export type BurnDown = Schemas['BurnDownView'];
export type Cohorts = Schemas['CohortsView'];
export type AttributeCosts = Schemas['AttributeCostsView'];
export type Liability = Schemas['LiabilityFigures'];
export type StoppingTimes = Schemas['StoppingTimesView'];
export type StopTimes = Schemas['StoppingTimes'];
