import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { ProblemError } from '../shared/problem';
import { type Api, Unreachable } from './api';
import type { Balance, Card, Page, Quote } from './types';

/** One page of cards at first; a click brings the next. */
const CARDS = 20;
const MOST_A_PAGE = 100;
const POLL_MS = 20_000;
/** While something is about to be booked. */
const SOON_MS = 1000;
const SOON_TIMES = 20;
/** Older than this nothing is shown as true now. */
const FRESH_MS = 45_000;
/** A tab that comes back this soon has missed nothing to speak of. */
const BLINK_MS = 5000;
const PATIENCE_MS = 20_000;
const CHANNEL = 'gegenwert';

interface Snapshot {
  /** Undefined where this customer has been merged into another, who has the points. */
  balance: Balance | undefined;
  quotes: Quote[];
  cards: Card[];
  nextCursor: string | null;
}

export type Phase = 'loading' | 'ready' | 'failed' | 'expired';

/**
 * What the customer has, and how far that can be trusted. It is read again when the tab is looked at, the network comes
 * back, another tab changes something, and every few seconds; only the last reading that was begun is ever shown.
 */
export class MyData implements ReactiveController {
  phase: Phase = 'loading';
  shown: Snapshot | undefined;
  /** When what is shown was asked for. */
  asOf: Date | undefined;
  /** Why it may not be true any more; undefined while it is. */
  doubt: 'offline' | 'unreachable' | 'old' | undefined;

  private api: Api | undefined;
  private reading: AbortController | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private soon = 0;
  private channel: BroadcastChannel | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly heard: { onExpired: () => void; onOtherTab: () => void },
  ) {
    host.addController(this);
  }

  hostConnected(): void {
    this.channel = openChannel();
    this.channel?.addEventListener('message', this.onOtherTab);
    addEventListener('online', this.onBack);
    addEventListener('offline', this.onOffline);
    addEventListener('focus', this.onBack);
    addEventListener('pageshow', this.onBack);
    document.addEventListener('visibilitychange', this.onBack);
    if (this.api) this.refreshQuietly();
  }

  hostDisconnected(): void {
    this.channel?.close();
    removeEventListener('online', this.onBack);
    removeEventListener('offline', this.onOffline);
    removeEventListener('focus', this.onBack);
    removeEventListener('pageshow', this.onBack);
    document.removeEventListener('visibilitychange', this.onBack);
    this.stop();
  }

  /** Begins anew, as another customer or in another language. */
  use(api: Api, isSameCustomer: boolean): void {
    this.stop();
    this.api = api;
    if (!isSameCustomer) this.shown = undefined;
    this.phase = this.shown ? 'ready' : 'loading';
    this.refreshQuietly();
  }

  /** Reads everything again; a reading under way is given up for it. */
  async refresh(): Promise<void> {
    const { api } = this;
    if (!api || this.phase === 'expired') return;
    this.reading?.abort();
    const reading = new AbortController();
    this.reading = reading;
    const begun = new Date();
    try {
      const snapshot = await this.read(api, AbortSignal.any([reading.signal, AbortSignal.timeout(PATIENCE_MS)]));
      if (this.reading !== reading) return;
      Object.assign(this, { shown: snapshot, asOf: begun, phase: 'ready', doubt: undefined });
    } catch (error) {
      if (this.reading !== reading) return;
      this.notRead(error);
    }
    this.reading = undefined;
    this.host.requestUpdate();
    this.schedule();
  }

  async more(): Promise<void> {
    const { api, shown } = this;
    if (!api || !shown?.nextCursor) return;
    // A reading under way would not hold the next page, and would take it away again.
    this.reading?.abort();
    this.reading = undefined;
    const page = await this.heed(api.get<Page<Card>>('/v1/me/ledger', { limit: CARDS, after: shown.nextCursor }));
    if (this.shown !== shown) return this.refresh();
    this.shown = { ...shown, cards: [...shown.cards, ...page.data], nextCursor: page.nextCursor };
    this.host.requestUpdate();
    this.schedule();
  }

  /** After a change of ours: here, and in the other tabs. */
  async changed(): Promise<void> {
    this.soon = 0;
    this.channel?.postMessage('changed');
    await this.refresh();
  }

  /** Passes a call on, and notes when it says that the session is over. */
  async heed<T>(call: Promise<T>): Promise<T> {
    return call.catch((error: unknown) => {
      if (error instanceof ProblemError && error.status === 401) this.expire();
      throw error;
    });
  }

  private async read(api: Api, signal: AbortSignal): Promise<Snapshot> {
    const [balance, quotes, ledger] = await Promise.all([
      api.get<Balance>('/v1/me/balance', { locale: undefined }, signal).catch(noneIfMerged),
      api.get<Page<Quote>>('/v1/me/offers', { limit: MOST_A_PAGE }, signal),
      this.readCards(api, signal),
    ]);
    return { balance, quotes: quotes.data, ...ledger };
  }

  /** As many as are shown. */
  private async readCards(api: Api, signal: AbortSignal): Promise<Pick<Snapshot, 'cards' | 'nextCursor'>> {
    const wanted = Math.max(CARDS, this.shown?.cards.length ?? 0);
    const cards: Card[] = [];
    let after: string | undefined;
    for (;;) {
      const limit = Math.min(MOST_A_PAGE, wanted - cards.length);
      const page: Page<Card> = await api.get<Page<Card>>('/v1/me/ledger', { limit, after }, signal);
      cards.push(...page.data);
      if (cards.length >= wanted || page.nextCursor === null) return { cards, nextCursor: page.nextCursor };
      after = page.nextCursor;
    }
  }

  private notRead(error: unknown): void {
    if (error instanceof ProblemError && error.status === 401) return this.expire();
    this.doubt = navigator.onLine ? 'unreachable' : 'offline';
    if (!this.shown) this.phase = 'failed';
    const isExpected = error instanceof ProblemError || error instanceof Unreachable || error instanceof DOMException;
    if (!isExpected) throw error;
  }

  private expire(): void {
    this.stop();
    this.phase = 'expired';
    this.shown = undefined;
    this.host.requestUpdate();
    this.heard.onExpired();
  }

  private stop(): void {
    this.reading?.abort();
    this.reading = undefined;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.phase === 'expired') return;
    const isSoon = this.isAwaiting() && this.doubt === undefined && this.soon++ < SOON_TIMES;
    this.timer = setTimeout(() => this.onTimer(), isSoon ? SOON_MS : POLL_MS);
  }

  private isAwaiting(): boolean {
    const { cards = [], balance } = this.shown ?? {};
    // Balance and cards are two answers: between them something may have been booked.
    return (balance?.pending ?? 0) > 0 || cards.some(({ awardStatus }) => awardStatus === 'pending');
  }

  private onTimer(): void {
    this.doubtIfOld(FRESH_MS);
    if (document.visibilityState === 'visible' && !this.reading) this.refreshQuietly();
    else this.schedule();
  }

  private doubtIfOld(ms: number): void {
    if (this.doubt !== undefined || !this.asOf || Date.now() - this.asOf.getTime() < ms) return;
    this.doubt = 'old';
    this.host.requestUpdate();
  }

  private readonly onBack = (): void => {
    if (document.visibilityState !== 'visible') return;
    this.doubtIfOld(BLINK_MS);
    if (this.doubt !== undefined || !this.asOf) this.refreshQuietly();
  };

  private readonly onOffline = (): void => {
    this.doubt = 'offline';
    this.host.requestUpdate();
  };

  private readonly onOtherTab = (): void => {
    this.doubt ??= 'old';
    this.host.requestUpdate();
    this.heard.onOtherTab();
    this.refreshQuietly();
  };

  private refreshQuietly(): void {
    void this.refresh();
  }
}

/** What was shared before a merge can be read and taken back all the same. */
function noneIfMerged(error: unknown): undefined {
  if (!(error instanceof ProblemError && error.type === 'customer-merged')) throw error;
}

/** Undefined where the browser lets the page store nothing, and takes this for the same. */
function openChannel(): BroadcastChannel | undefined {
  try {
    return new BroadcastChannel(CHANNEL);
  } catch (error) {
    if (error instanceof DOMException) return undefined;
    throw error;
  }
}
