/** Numbers that look drawn, and are the same every time (mulberry32): so is the demo's past. */
export class Dice {
  constructor(private state: number) {}

  /** From 0 to below 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  chance(of: number): boolean {
    return this.next() < of;
  }

  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  of<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.next() * list.length)];
    if (one === undefined) throw new Error('Nothing to choose from');
    return one;
  }

  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list];
    const chosen: T[] = [];
    while (chosen.length < count && left.length > 0)
      chosen.push(...left.splice(Math.floor(this.next() * left.length), 1));
    return chosen;
  }
}

/** A customer of the past, with what the shop knows of them. */
export interface Person {
  ref: string;
  locale: 'de' | 'en';
  /** Their own, so that what they do does not hang on who else is being waited for. */
  dice: Dice;
  context: { country: string; age: number; orders: number };
  /** Offers that they have said yes to. */
  shared: Set<string>;
  /** Whether they have taken something back. */
  hasTakenBack: boolean;
}

/** Attributes by what is asked for, with what somebody would say. */
export const ANSWERS: Record<string, { likelihood: number; values: (dice: Dice) => Record<string, unknown> }> = {
  birthday: { likelihood: 0.6, values: (dice) => ({ birthday: dateOfBirth(dice) }) },
  'shoe-size': { likelihood: 0.45, values: (dice) => ({ shoeSize: dice.between(70, 94) / 2 }) },
  breakfast: {
    likelihood: 0.55,
    values: (dice) => ({
      favouriteBreakfast: dice.of(['porridge', 'rolls', 'rolls', 'croissant', 'eggs', 'coffeeOnly']),
      ...(dice.chance(0.5) && { householdSize: dice.between(1, 5) }),
    }),
  },
  diet: {
    likelihood: 0.18,
    values: (dice) => ({ diet: dice.of(['everything', 'vegetarian', 'vegan', 'glutenFree']) }),
  },
  regulars: {
    likelihood: 0.3,
    values: (dice) => ({ newsTopics: dice.some(['running', 'baking', 'events', 'repairs'], dice.between(1, 3)) }),
  },
  'tasting-evening': { likelihood: 0.25, values: (dice) => ({ postcodeArea: String(dice.between(10, 99)) }) },
};

function dateOfBirth(dice: Dice): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${dice.between(1948, 2006)}-${two(dice.between(1, 12))}-${two(dice.between(1, 28))}`;
}

export function newcomer(number: number): Person {
  const dice = new Dice(number);
  return {
    ref: `k-${number}`,
    dice,
    locale: dice.chance(0.7) ? 'de' : 'en',
    context: {
      country: dice.of(['DE', 'DE', 'DE', 'AT', 'CH']),
      age: dice.between(19, 74),
      orders: dice.between(0, 9),
    },
    shared: new Set(),
    hasTakenBack: false,
  };
}
