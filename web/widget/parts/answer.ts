import { inputKind } from '../choices';
import type { Entered } from '../check-value';
import type { Ask, Quote, Schema, ShareConsent } from '../types';

/** What the customer has entered for one offer so far. */
export interface Draft {
  entered: Record<string, Entered>;
  /** `attribute:purpose` that is ticked. */
  ticked: Set<string>;
  /** Attributes of which the customer would rather not say. */
  declined: Set<string>;
}

/** By offer's id, and under which notice: what was begun is taken up again, unless the text is another one now. */
export type Drafts = Map<string, { draft: Draft; noticeHash: string }>;

export const emptyDraft = (): Draft => ({ entered: {}, ticked: new Set(), declined: new Set() });

export const purposeId = (ask: Ask, purpose: { key: string }): string => `${ask.attribute}:${purpose.key}`;

const isTicked = (ask: Ask, { ticked }: Draft): boolean => ask.purposes.some((one) => ticked.has(purposeId(ask, one)));

const hasEntered = (ask: Ask, { entered }: Draft): boolean => {
  const one = entered[ask.attribute];
  return one !== undefined && one !== '' && !(Array.isArray(one) && one.length === 0);
};

/** What is asked and not required is left out where nothing was entered and nothing ticked. */
export const isLeftOut = (ask: Ask, draft: Draft): boolean =>
  !ask.required && !isTicked(ask, draft) && !hasEntered(ask, draft) && !draft.declined.has(ask.attribute);

/** Which ticks are missing, by `attribute:purpose`; `attribute:` where any one will do. */
export function missingTicks(ask: Ask, draft: Draft): string[] {
  if (draft.declined.has(ask.attribute) || isLeftOut(ask, draft)) return [];
  const missing = ask.purposes
    .filter((purpose) => purpose.required && !draft.ticked.has(purposeId(ask, purpose)))
    .map((purpose) => purposeId(ask, purpose));
  return missing.length > 0 || isTicked(ask, draft) ? missing : [`${ask.attribute}:`];
}

/** Whether every value that the offer needs can be entered on a page. */
export const canBeEntered = (quote: Quote): boolean =>
  quote.asks.every((ask) => !ask.required || inputKind(ask.schema as Schema) !== undefined);

/** What a share sends. */
export function sharedOf(
  quote: Quote,
  draft: Draft,
  valueOf: (ask: Ask) => unknown,
): { values: Record<string, unknown>; consents: ShareConsent[] } {
  const asks = quote.asks.filter((ask) => !isLeftOut(ask, draft));
  return {
    values: Object.fromEntries(
      asks.map((ask) => [ask.attribute, draft.declined.has(ask.attribute) ? null : valueOf(ask)]),
    ),
    consents: asks
      .filter((ask) => !draft.declined.has(ask.attribute))
      .map((ask) => ({
        attribute: ask.attribute,
        purposes: ask.purposes.filter((one) => draft.ticked.has(purposeId(ask, one))).map(({ key }) => key),
      })),
  };
}
