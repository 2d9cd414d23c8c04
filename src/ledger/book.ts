import { newId } from '../platform/ids';
import type { TransferKind } from './entries';
import { byExpiry, comingBack, graceFrom, isPast, type OpenLot, pick, spendable, type Take } from './lots';

/** Where the programme's side of a transfer is. */
export type Side = 'issued' | 'redeemed' | 'expired' | 'reversed';

/** A transfer to be booked. */
export interface NewTransfer {
  /** uuid; that of a hold, or of a capture at once, is the redemption's own. */
  id: string;
  kind: TransferKind;
  /** uuid */
  cause: string;
  points: number;
}

export interface Account {
  /** bigint, as a number */
  id: number;
  balance: number;
  /** The last transfer on it, uuid. */
  last: string | null;
}

/** Whose points, and where: an account that transfers change. */
interface OpenAccount extends Account {
  delta: number;
  transfers: number;
}

export interface OpenBook {
  /** When what is written here is booked. */
  now: Date;
  /** The same as a day in the programme's time zone, YYYY-MM-DD. */
  today: string;
  /** By customer id. */
  customers: Map<string, { available: Account; held?: Account; lots: OpenLot[] }>;
  sides: Map<Side, Account>;
  /** What was taken by transfers before, by their id. */
  takes: Map<string, Take[]>;
}

interface Customer {
  available: OpenAccount;
  held: OpenAccount | undefined;
  lots: OpenLot[];
}

export interface BookedTransfer extends NewTransfer {
  debit: { account: number; balance: number; previous: string | null };
  credit: { account: number; balance: number; previous: string | null };
}

/** What is to be written: everything since the book was opened, and nothing of what it was opened with. */
export interface BookChanges {
  now: Date;
  transfers: BookedTransfer[];
  accounts: { id: number; delta: number; transfers: number; last: string | null }[];
  lots: { customerId: string; lotId: string; delta: number }[];
  moves: { customerId: string; transferId: string; lotId: string; points: number }[];
  opened: { customerId: string; lotId: string; points: number; expiresOn: string | null; origin: string }[];
}

/**
 * The points of some customers in memory, as they are under the locks of one transaction: transfers are decided here one
 * after the other, and written at once. Knows no database, no clock and nobody's state but that of accounts and lots.
 */
export class Book {
  readonly now: Date;
  readonly today: string;
  private readonly customers = new Map<string, Customer>();
  private readonly sides = new Map<Side, OpenAccount>();
  private readonly takes = new Map<string, Take[]>();
  private readonly transfers: BookedTransfer[] = [];
  private readonly moves: BookChanges['moves'] = [];
  private readonly lotChanges = new Map<string, BookChanges['lots'][number]>();
  private readonly openedLots = new Map<string, BookChanges['opened'][number]>();

  constructor({ now, today, customers, sides, takes }: OpenBook) {
    this.now = now;
    this.today = today;
    for (const [id, taken] of takes) this.takes.set(id, taken.toSorted(byExpiry));
    for (const [id, { available, held, lots }] of customers) {
      this.customers.set(id, {
        available: opened(available),
        held: held && opened(held),
        lots: lots.map((lot) => ({ ...lot })).sort(byExpiry),
      });
    }
    for (const [side, account] of sides) this.sides.set(side, opened(account));
  }

  /** What can be spent: not what is held, nor what is left in lots whose day has passed. 0 for one who never had points. */
  spendable(customerId: string): number {
    const customer = this.customers.get(customerId);
    return customer ? spendable(customer.lots, this.today) : 0;
  }

  /**
   * Takes points out of the lots: first of the lot named, then first-expiring-first. False, and nothing done, when fewer
   * can be spent.
   */
  take(customerId: string, transfer: NewTransfer, to: 'held' | Side, firstLot?: string): boolean {
    const customer = this.customers.get(customerId);
    const takes = customer && pick(inOrder(customer.lots, firstLot), transfer.points, this.today);
    if (!takes) return false;
    for (const { id: lotId, points } of takes) this.move(customerId, transfer.id, lotId, -points);
    this.takes.set(transfer.id, takes);
    this.book(transfer, customer.available, this.other(customer, to));
    return true;
  }

  /** What was held is spent; its lots have moved with the hold. */
  spendHeld(customerId: string, transfer: NewTransfer): void {
    const customer = this.customer(customerId);
    this.book(transfer, this.other(customer, 'held'), this.other(customer, 'redeemed'));
  }

  /**
   * Gives points back to the lots that the transfer takenBy took them from, when given of those came back before. Where
   * a lot's day has passed they get a new one, with 30 days of grace.
   */
  giveBack(
    customerId: string,
    transfer: NewTransfer,
    from: 'held' | 'redeemed',
    { takenBy, given }: { takenBy: string; given: number },
  ): void {
    const customer = this.customer(customerId);
    const takes = this.takes.get(takenBy);
    if (!takes) throw new Error('What was taken is not in the book');
    for (const take of comingBack(takes, given, transfer.points)) {
      if (isPast(take, this.today)) this.openLot(customerId, transfer.id, take, graceFrom(this.today));
      else this.refill(customerId, transfer.id, take);
    }
    this.book(transfer, this.other(customer, from), customer.available);
  }

  /** Whether the customer has an account, without which nothing can come to them. */
  has(customerId: string): boolean {
    return this.customers.has(customerId);
  }

  /** The lots of a customer that points can be taken of, as they are: first-expiring-first. */
  openLots(customerId: string): OpenLot[] {
    const lots = this.customers.get(customerId)?.lots ?? [];
    return lots.filter((lot) => lot.remaining > 0 && !isPast(lot, this.today)).map((lot) => ({ ...lot }));
  }

  /**
   * Moves available points of one customer to another: what is taken of a lot goes to the lot `to` of the other, otherwise to
   * a new one that ends on the same day.
   */
  hand(giver: string, taker: string, transfer: NewTransfer, takes: (Take & { to?: string | undefined })[]): void {
    // A transfer moves a lot once, also where several go back to the same.
    const refills = new Map<string, Take>();
    for (const { to, ...take } of takes) {
      this.move(giver, transfer.id, take.id, -take.points);
      if (to === undefined) this.openLot(taker, transfer.id, take, take.expiresOn);
      else refills.set(to, { ...take, id: to, points: take.points + (refills.get(to)?.points ?? 0) });
    }
    for (const take of refills.values()) this.refill(taker, transfer.id, take);
    this.book(transfer, this.customer(giver).available, this.customer(taker).available);
  }

  changes(): BookChanges {
    const accounts: OpenAccount[] = [];
    for (const { available, held } of this.customers.values()) {
      accounts.push(available);
      if (held) accounts.push(held);
    }
    return {
      now: this.now,
      transfers: this.transfers,
      accounts: [...accounts, ...this.sides.values()].filter(({ transfers }) => transfers > 0),
      lots: [...this.lotChanges.values()].filter(({ delta }) => delta !== 0),
      moves: this.moves,
      opened: [...this.openedLots.values()],
    };
  }

  private customer(customerId: string): Customer {
    const customer = this.customers.get(customerId);
    if (!customer) throw new Error('The customer is not in the book');
    return customer;
  }

  private other(customer: Customer, which: 'held' | Side): OpenAccount {
    const account = which === 'held' ? customer.held : this.sides.get(which);
    if (!account) throw new Error(`The account ${which} is not in the book`);
    return account;
  }

  private refill(customerId: string, transferId: string, { id: lotId, points, expiresOn }: Take): void {
    const { lots } = this.customer(customerId);
    // Of a lot that is used up only its takes are known.
    if (!lots.some(({ id }) => id === lotId)) {
      lots.push({ id: lotId, remaining: 0, expiresOn });
      lots.sort(byExpiry);
    }
    this.move(customerId, transferId, lotId, points);
  }

  private openLot(
    customerId: string,
    transferId: string,
    { id: origin, points }: Take,
    expiresOn: string | null,
  ): void {
    const { lots } = this.customer(customerId);
    const lotId = newId();
    lots.push({ id: lotId, remaining: points, expiresOn });
    lots.sort(byExpiry);
    this.openedLots.set(lotId, { customerId, lotId, points, expiresOn, origin });
    this.moves.push({ customerId, transferId, lotId, points });
  }

  private move(customerId: string, transferId: string, lotId: string, points: number): void {
    const lot = this.customer(customerId).lots.find(({ id }) => id === lotId);
    if (!lot) throw new Error('The lot is not in the book');
    lot.remaining += points;
    this.moves.push({ customerId, transferId, lotId, points });
    const change = this.lotChanges.get(lotId);
    if (change) change.delta += points;
    else this.lotChanges.set(lotId, { customerId, lotId, delta: points });
  }

  private book(transfer: NewTransfer, debit: OpenAccount, credit: OpenAccount): void {
    const { id, kind, cause, points } = transfer;
    this.transfers.push({
      id,
      kind,
      cause,
      points,
      debit: entry(debit, id, -points),
      credit: entry(credit, id, points),
    });
  }
}

const opened = ({ id, balance, last }: Account): OpenAccount => ({ id, balance, last, delta: 0, transfers: 0 });

function* inOrder(lots: OpenLot[], first: string | undefined): Iterable<OpenLot> {
  for (const lot of lots) if (lot.id === first) yield lot;
  for (const lot of lots) if (lot.id !== first) yield lot;
}

function entry(account: OpenAccount, transferId: string, points: number): BookedTransfer['debit'] {
  const previous = account.last;
  account.balance += points;
  account.delta += points;
  account.transfers += 1;
  account.last = transferId;
  return { account: account.id, balance: account.balance, previous };
}
