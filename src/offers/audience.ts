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

const COUNTRY = /^[A-Z]{2}$/;
/** ISO 3166-2 */
const REGION = /^[A-Z]{2}-[A-Z0-9]{1,3}$/;

/** Where the customer is, as far as it is told in codes: `DE`, `US-CA`. undefined: it is not known. */
interface Place {
  country: string | undefined;
  region: string | undefined;
  /** Whether what is said of the country is no code: it may be any. */
  isUnclear: boolean;
  /** Also where nobody can tell that it is not. */
  isCalifornia: boolean;
}

function placeOf(context: Context): Place {
  const said = upperCase(context.country) || undefined;
  const part = upperCase(context.region) || undefined;
  const full = part === undefined || said === undefined || part.startsWith(`${said}-`) ? part : `${said}-${part}`;
  const region = full !== undefined && REGION.test(full) ? full : undefined;
  const country = said ?? region?.slice(0, 2);
  const isCode = country !== undefined && COUNTRY.test(country);
  const isAnyOfUs = country === 'US' && part !== undefined && region === undefined;
  const isAnyCa = !isCode && (part === 'CA' || part === CALIFORNIA);
  return {
    country: isCode ? country : undefined,
    region,
    isUnclear: country !== undefined && !isCode,
    isCalifornia: region === CALIFORNIA || isAnyOfUs || isAnyCa,
  };
}

function isIn(regions: string[], { country, region, isUnclear }: Place): boolean {
  if (country === undefined && !isUnclear) return true;
  return [country, region].some((one) => one !== undefined && regions.includes(one));
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
    const place = placeOf(context);
    const minimum = audience.minimumAge === null ? 0 : minimumAgeIn(audience.minimumAge, place.country);
    const age = provenAge(context);
    if (age !== undefined && age < minimum) return 'too-young';
    if (age === undefined && minimum > 0) return 'not-eligible';
    if (audience.regions && !isIn(audience.regions, place)) return 'not-eligible';
    const isValued = audience.valuedUntil !== null && audience.valuedUntil > new Date();
    if (place.isCalifornia && !isValued) return 'not-eligible';
    return isEligible(context) ? undefined : 'not-eligible';
  };
}

/** Whether an offer with these regions names California, itself or within the country. */
export const namesCalifornia = (regions: string[] | null): boolean =>
  regions !== null && (regions.includes(CALIFORNIA) || regions.includes('US'));
