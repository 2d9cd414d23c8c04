import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Api } from './api';
import { explain } from './explain';
import { MyData } from './my-data';
import './parts/balance';
import './parts/card';
import './parts/history';
import type { Drafts } from './parts/answer';
import { AWAY, DOWN } from './parts/icons';
import './parts/offers';
import { activeOf, reach } from './parts/reach';
import { define, Spoken } from './parts/spoken';
import './parts/take-away';
import './parts/take-back';
import type { TakeBack, Wish } from './parts/take-back';
import './parts/values';
import type { Values } from './parts/values';
import { base, buttons } from './styles/base';
import { ledgerStyle } from './styles/ledger';
import { tokens } from './styles/tokens';
import { localeOf } from './texts';
import type { Balance, Card } from './types';
import { whose } from './whose';

const PAUSE_DAYS = 30;
const CARDS_IN_SIGHT = 20;
const CARD_PARTS = 'card, card-title, purpose, worth, code, take-back';

/**
 * The customer's data-for-value ledger: points, offers, what was given for what and what came of it, and taking it back.
 * @fires gegenwert-session-expired the token is over: give the element another one
 * @fires gegenwert-shared @fires gegenwert-taken-back
 */
export class Ledger extends Spoken {
  static override properties = {
    ...Spoken.properties,
    token: { type: String },
    api: { type: String },
    theme: { type: String, reflect: true },
    said: { state: true },
    showsHistory: { state: true },
  };
  /** Of a customer session. */
  declare token: string;
  /** Origin of the service; without, the one that this file came from. */
  declare api: string | undefined;
  /** `light` or `dark`; without, as the device has it. */
  declare theme: string | undefined;
  declare private said: string;
  declare private showsHistory: boolean;

  private readonly data = new MyData(this, {
    onExpired: () => this.emit('gegenwert-session-expired'),
    onOtherTab: () => this.one<Values>('gegenwert-values')?.forget(),
  });
  private calls: Api | undefined;
  /** Card whose button opened the dialog: focus goes there again. */
  private asking: HTMLElement | undefined;
  private customer: string | undefined;
  /** Of this customer: a session that ends in the middle of it takes nothing of it away. */
  private drafts: Drafts = new Map();
  private isChanging = false;

  static override styles = [tokens, base, buttons, ledgerStyle];

  constructor() {
    super();
    this.token = '';
    this.locale = localeOf(document.documentElement.lang);
    this.said = '';
    this.showsHistory = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    this.locale = localeOf(this.locale);
    if (this.token === '' || !(changed.has('token') || changed.has('api') || changed.has('locale'))) return;
    this.calls = new Api(this.api ?? new URL(import.meta.url).origin, this.token, this.locale);
    const customer = whose(this.token);
    const isSameCustomer = !changed.has('token') || (customer !== undefined && customer === this.customer);
    this.customer = customer;
    if (!isSameCustomer) this.drafts = new Map();
    this.data.use(this.calls, isSameCustomer);
  }

  protected override render(): TemplateResult {
    return html`<div
      class="widget"
      part="widget"
      lang=${this.locale}
      @gegenwert-changed=${(event: Event) => this.changed(event)}
      @gegenwert-moved=${(event: Event) => this.moved(event)}
      @gegenwert-unauthorized=${() => void this.data.refresh()}
      @gegenwert-take-back=${(event: CustomEvent<Wish>) => this.takeBack(event.detail, event)}
      @gegenwert-progress=${(event: CustomEvent<Card>) => this.follow(event)}
      @gegenwert-pause=${({ detail }: CustomEvent<Card>) => this.pause(detail)}
      @gegenwert-resume=${({ detail }: CustomEvent<Card>) => this.resume(detail)}
      @gegenwert-closed=${() => this.closed()}
    >
      <div class="column">
        ${this.content()}
        ${
          this.calls
            ? html`<gegenwert-take-back
                exportparts="dialog, consequence, yes, no"
                .locale=${this.locale}
                .api=${this.calls}
              ></gegenwert-take-back>`
            : nothing
        }
      </div>
    </div>`;
  }

  private content(): TemplateResult {
    switch (this.data.phase) {
      case 'expired':
        return html`<div class="full" role="alert">
          <h2>${this.text('state.expired')}</h2>
          <p>${this.text('state.expiredHelp')}</p>
        </div>`;
      case 'failed':
        return html`<div class="full" role="alert">
          <p>${this.text(this.data.doubt === 'offline' ? 'state.offlineEmpty' : 'state.failed')}</p>
          <button @click=${() => this.data.refresh()}>${this.text('state.retry')}</button>
        </div>`;
      case 'loading':
        return this.skeleton();
      case 'ready':
        return html`${this.banner()}
        ${this.data.shown?.balance ? html`${this.points(this.data.shown.balance)} ${this.offers()}` : this.merged()}
        ${this.ledger()} ${this.panels()}`;
    }
  }

  private skeleton(): TemplateResult {
    return html`<div class="stack" aria-busy="true">
      <p class="hidden" role="status">${this.text('state.loading')}</p>
      <div class="bone low"></div>
      <div class="bone low"></div>
      <div class="bone high"></div>
      <div class="bone high"></div>
      <div class="bone high"></div>
    </div>`;
  }

  /** That this is not how it is now, but how it was. */
  private banner(): TemplateResult {
    const { doubt, asOf } = this.data;
    const isLost = doubt === 'offline' || doubt === 'unreachable';
    return html`<div role="status">
      ${
        isLost && asOf
          ? html`<div class="banner" part="banner">
              ${AWAY}
              <span>${this.text(`state.${doubt}`, { time: this.format.time(asOf) })}</span>
              <button class="quiet" @click=${() => this.data.refresh()}>${this.text('state.retry')}</button>
            </div>`
          : nothing
      }
    </div>`;
  }

  private merged(): TemplateResult {
    return html`<section class="merged" part="banner" role="alert">
      <h2>${this.text('state.merged')}</h2>
      <p>${this.text('state.mergedHelp')}</p>
    </section>`;
  }

  private points(balance: Balance): TemplateResult {
    return html`<section aria-labelledby="points">
      <h2 id="points">${this.text('balance.title')}</h2>
      <gegenwert-balance exportparts="balance, points" .locale=${this.locale} .balance=${balance}></gegenwert-balance>
    </section>`;
  }

  private offers(): TemplateResult {
    const { quotes, cards } = this.data.shown!;
    return html`<section aria-labelledby="offers">
      <div>
        <h2 id="offers">${this.text('offers.title')}</h2>
        <p class="intro">${this.text('offers.intro')}</p>
      </div>
      <gegenwert-offers
        exportparts="offers, offer, offer-title, worth, yes, no"
        .locale=${this.locale}
        .theme=${this.theme}
        .api=${this.calls!}
        .quotes=${quotes}
        .drafts=${this.drafts}
        .cards=${cards}
      ></gegenwert-offers>
    </section>`;
  }

  private ledger(): TemplateResult {
    const { cards, nextCursor, balance } = this.data.shown!;
    const isEmpty = cards.length === 0 && balance !== undefined;
    const { doubt, asOf } = this.data;
    const asks = cards.flatMap((card) => card.asks);
    const titles = Object.fromEntries(asks.map(({ attribute, title }) => [attribute, title]));
    return html`<section aria-labelledby="ledger">
      <div>
        <h2 id="ledger" tabindex="-1">${this.text('ledger.title')}</h2>
        <p class="intro">${this.text('ledger.intro')}</p>
      </div>
      <p class=${this.said === '' ? 'hidden' : 'said'} role="status">${this.said}</p>
      ${isEmpty ? html`<p class="empty">${this.text('ledger.empty')}</p>` : nothing}
      <ul class="stack" part="cards" ?hidden=${cards.length === 0}>
        ${repeat(
          cards,
          ({ shareId }) => shareId,
          (card, n) =>
            html`<li>
              <gegenwert-card
                exportparts=${CARD_PARTS}
                data-share=${card.shareId}
                ?far=${n >= CARDS_IN_SIGHT}
                .locale=${this.locale}
                .api=${this.calls!}
                .card=${card}
                .titles=${titles}
                .doubtfulSince=${doubt === undefined ? undefined : asOf}
              ></gegenwert-card>
            </li>`,
        )}
      </ul>
      ${
        nextCursor === null
          ? nothing
          : html`<div><button @click=${() => this.more()}>${this.text('ledger.more')}</button></div>`
      }
      ${
        activeOf(cards).attributes.length === 0
          ? nothing
          : reach(cards, { locale: this.locale, onWish: (wish) => this.takeBack(wish) })
      }
    </section>`;
  }

  private panels(): TemplateResult {
    const panel = (title: string, content: TemplateResult | typeof nothing, onToggle?: (event: Event) => void) =>
      html`<details class="panel" @toggle=${onToggle ?? nothing}>
        <summary>
          <h2>${title}</h2>
          ${DOWN}
        </summary>
        <div>${content}</div>
      </details>`;
    return html`<div>
      ${panel(
        this.text('history.title'),
        this.showsHistory
          ? html`<gegenwert-history
              exportparts="history"
              .locale=${this.locale}
              .api=${this.calls!}
            ></gegenwert-history>`
          : nothing,
        ({ target }) => {
          this.showsHistory = (target as HTMLDetailsElement).open;
        },
      )}
      ${panel(
        this.text('values.title'),
        html`<gegenwert-values exportparts="values" .locale=${this.locale} .api=${this.calls!}></gegenwert-values>`,
      )}
      ${panel(
        this.text('export.title'),
        html`<gegenwert-take-away .locale=${this.locale} .api=${this.calls!}></gegenwert-take-away>`,
      )}
    </div>`;
  }

  private changed(event: Event): void {
    event.stopPropagation();
    const by = (event.composedPath()[0] as HTMLElement).localName;
    if (by !== 'gegenwert-values') this.one<Values>('gegenwert-values')?.forget();
    if (by === 'gegenwert-take-back') this.emit('gegenwert-taken-back');
    void this.data.changed();
  }

  private moved(event: Event): void {
    event.stopPropagation();
    void this.data.changed();
  }

  private takeBack(wish: Wish, event?: Event): void {
    event?.stopPropagation();
    this.asking = event?.composedPath()[0] as HTMLElement | undefined;
    this.said = '';
    void this.one<TakeBack>('gegenwert-take-back')?.ask(wish);
  }

  private follow(event: CustomEvent<Card>): void {
    event.stopPropagation();
    this.asking = event.composedPath()[0] as HTMLElement;
    void this.one<TakeBack>('gegenwert-take-back')?.follow(event.detail.revocations, event.detail.offer.title);
  }

  /** The browser puts focus back where it was, unless that has gone with what was taken back. */
  private closed(): void {
    void this.updateComplete.then(() => {
      const active = this.shadowRoot?.activeElement;
      // Right after it is closed the dialog may still have the focus, which the browser takes from it a moment later.
      if (active && active.localName !== 'gegenwert-take-back') return;
      if (this.asking?.isConnected) this.asking.focus();
      else this.one('#ledger')?.focus();
    });
  }

  private async pause({ shareId }: Card): Promise<void> {
    // The same button ends the pause: a second click is not meant for that.
    if (this.isChanging) return;
    const until = new Date(Date.now() + PAUSE_DAYS * 86_400_000).toISOString();
    await this.tried(async (api) => {
      await api.change('POST', '/v1/me/pauses', { body: { share: shareId, until } });
      return this.text('card.paused.done', { date: this.format.date(until) });
    });
  }

  private async resume({ pauses }: Card): Promise<void> {
    if (this.isChanging) return;
    await this.tried(async (api) => {
      for (const { id } of pauses) await api.change('DELETE', `/v1/me/pauses/${id}`);
      return this.text('card.resumed.done');
    });
  }

  private async more(): Promise<void> {
    await this.tried(async () => {
      const before = this.data.shown?.cards.length ?? 0;
      await this.data.more();
      await this.updateComplete;
      // The button goes with the last of them.
      if (this.data.shown?.nextCursor === null) this.renderRoot.querySelectorAll('gegenwert-card')[before]?.focus();
      return '';
    }, 'look');
  }

  private async tried(what: (api: Api) => Promise<string>, kind: 'look' | 'change' = 'change'): Promise<void> {
    if (!this.calls) return;
    if (kind === 'change') this.isChanging = true;
    try {
      this.said = await this.data.heed(what(this.calls));
      if (kind === 'change') await this.data.changed();
    } catch (error) {
      this.said = explain(this.locale, error, kind);
    } finally {
      if (kind === 'change') this.isChanging = false;
    }
  }
}

define('gegenwert-ledger', Ledger);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-ledger': Ledger;
  }
}
