import { eligibilityRule } from './eligibility';
import type { Context, PublishedOffer } from './published-offer';

/** Whom an offer is for. */
export interface Audience {
  /** By ISO 3166-1 country; `default` for every other one. */
  minimumAge: Record<string, number> | null;
  regions: string[] | null;
  eligibility: string | null;
  /** Until when the offer may be made in California (§ 7081 CCPA Regulations); null: not at all. */
  valuedUntil: Date | null;
}

const CALIFORNIA = 'US-CA';
/** "18-24", "16+": what counts is the lower end, since nobody in the band is younger. */
const AGE_BAND = /^(\d{1,3})(?:\+|\s?[-–]\s?\d{1,3})$/;

/** The least age that these facts prove. */
function provenAge({ age, ageBand }: Context): number | undefined {
  if (typeof age === 'number' && age >= 0) return age;
  const band = typeof ageBand === 'string' ? AGE_BAND.exec(ageBand.trim()) : null;
  return band ? Number(band[1]) : undefined;
}

const upperCase = (fact: unknown): string | undefined =>
  typeof fact === 'string' ? fact.trim().toUpperCase() : undefined;

/** Where the customer is: a country, and `US-CA` where its region is known too. */
function placesOf(context: Context): string[] {
  const country = upperCase(context.country);
  const region = upperCase(context.region);
  if (country === undefined) return [];
  if (region === undefined) return [country];
  return [country, region.startsWith(`${country}-`) ? region : `${country}-${region}`];
}

/** What the country asks for; the strictest of all as long as the country is not known. */
function minimumAgeIn(minimumAge: Record<string, number>, country: string | undefined): number {
  if (country === undefined) return Math.max(0, ...Object.values(minimumAge));
  return minimumAge[country] ?? minimumAge.default ?? 0;
}

/** Compiles whom an offer is for; what cannot be told counts against making the offer. */
export function refusalOf(audience: Audience): PublishedOffer['refusal'] {
  const isEligible = audience.eligibility === null ? () => true : eligibilityRule(audience.eligibility);
  return (context) => {
    const places = placesOf(context);
    const minimum = audience.minimumAge === null ? 0 : minimumAgeIn(audience.minimumAge, places[0]);
    const age = provenAge(context);
    if (age !== undefined && age < minimum) return 'too-young';
    if (age === undefined && minimum > 0) return 'not-eligible';
    if (places.length > 0 && audience.regions && !places.some((place) => audience.regions?.includes(place))) {
      return 'not-eligible';
    }
    const isValued = audience.valuedUntil !== null && audience.valuedUntil > new Date();
    if (places.includes(CALIFORNIA) && !isValued) return 'not-eligible';
    return isEligible(context) ? undefined : 'not-eligible';
  };
}

/** Whether an offer with these regions names California, itself or within the country. */
export const namesCalifornia = (regions: string[] | null): boolean =>
  regions !== null && (regions.includes(CALIFORNIA) || regions.includes('US'));
