import type { Schemas } from '../../api/client';

export type Offer = Schemas['OfferDto'];
export type Approval = Schemas['ApprovalDto'];
export type Person = Schemas['PersonDto'];
export type OfferVersion = Schemas['OfferVersionDto'];
export type OfferCheck = Schemas['OfferCheckDto'];
export type DryRunResult = Schemas['DryRunResultDto'];
