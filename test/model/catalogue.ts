/** What the model's programme asks, of whom and for whom: few offers that overlap in attributes and purposes. */

export const ATTRIBUTES = ['birthday', 'shoeSize', 'diet'] as const;
export type Attribute = (typeof ATTRIBUTES)[number];
export const SPECIAL: Attribute = 'diet';
export const PURPOSES = ['greeting', 'advice', 'research'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** Who may ask for which purposes. */
export const RECIPIENTS = {
  newsletter: ['greeting'],
  recommender: ['advice'],
  hub: ['greeting', 'advice', 'research'],
} satisfies Record<string, Purpose[]>;
export type RecipientKey = keyof typeof RECIPIENTS;

interface ModelOffer {
  asks: { attribute: Attribute; purposes: { key: Purpose; required: boolean }[]; required: boolean }[];
  reward: { type: 'points'; points: number } | { type: 'discount'; discount: object };
  budget?: { points: number } | { codes: number };
  /** How often a customer earns. */
  times: number;
}

const must = (key: Purpose) => ({ key, required: true });
const may = (key: Purpose) => ({ key, required: false });

export const OFFERS = {
  birthday: {
    asks: [{ attribute: 'birthday', purposes: [must('greeting'), may('advice')], required: true }],
    reward: { type: 'points', points: 120 },
    times: 1,
  },
  profile: {
    asks: [
      { attribute: 'birthday', purposes: [must('advice')], required: true },
      { attribute: 'shoeSize', purposes: [must('advice'), may('research')], required: false },
    ],
    reward: { type: 'points', points: 50 },
    times: 2,
  },
  scarce: {
    asks: [{ attribute: 'shoeSize', purposes: [must('greeting')], required: true }],
    reward: { type: 'points', points: 7 },
    // Three awards, and a rest of 2 that no award fits.
    budget: { points: 23 },
    times: 2,
  },
  diet: {
    asks: [{ attribute: 'diet', purposes: [must('advice')], required: true }],
    reward: { type: 'discount', discount: { kind: 'percent', percent: 10, validDays: 30 } },
    budget: { codes: 2 },
    times: 1,
  },
} satisfies Record<string, ModelOffer>;
export type OfferKey = keyof typeof OFFERS;
export const offerOf = (key: OfferKey): ModelOffer => OFFERS[key];
