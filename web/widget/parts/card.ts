import { html, nothing, type TemplateResult } from 'lit';
import { copyText } from '../../shared/copy-text';
import type { Api } from '../api';
import type { Key } from '../texts';
import { base, buttons, slip } from '../styles/base';
import { cardStyle } from '../styles/card';
import type { Card, CardPurpose } from '../types';
import { BACK, CHECK, CLOCK, CROSS, DOWN, PAUSE, PLAY } from './icons';
import { define, Spoken } from './spoken';
import './uses';

/**
 * One share: what was given, for what, what was got, who used it, until when.
 * @fires gegenwert-take-back detail: what to take back, and its title
 * @fires gegenwert-pause @fires gegenwert-resume @fires gegenwert-progress detail: the card
 */
export class LedgerCard extends Spoken {
  static override properties = {
    ...Spoken.properties,
    card: { attribute: false },
    api: { attribute: false },
    doubtfulSince: { attribute: false },
    titles: { attribute: false },
    showsUses: { state: true },
    copied: { state: true },
  };
  declare card: Card;
  declare api: Api;
  /** Since when nobody knows whether this is still so; undefined while it is known. */
  declare doubtfulSince: Date | undefined;
  /** Of every attribute by key: what was used with this card's may be on another. */
  declare titles: Record<string, string>;
  declare private showsUses: boolean;
  /** False where it could not be. */
  declare private copied: boolean | undefined;

  static override styles = [base, buttons, slip, cardStyle];

  constructor() {
    super();
    this.showsUses = false;
    this.titles = {};
  }

  override focus(): void {
    this.one('h3')?.focus();
  }

  private get isActive(): boolean {
    return this.card.asks.some(({ purposes }) => purposes.some(({ status }) => status === 'active'));
  }

  protected override render(): TemplateResult {
    const { offer, sharedAt, asks } = this.card;
    return html`<article class="slip" part="card" aria-labelledby="title">
      <div class="halves">
        <div class="half given">
          <div class="head">
            <h3 id="title" tabindex="-1" part="card-title">${offer.title}</h3>
            <p class="small soft">
              <time datetime=${sharedAt}>${this.text('card.sharedAt', { date: this.format.date(sharedAt) })}</time>
            </p>
          </div>
          ${asks.map(
            ({ attribute, title, purposes }) =>
              html`<div>
                <h4>${this.text('card.gave')}</h4>
                <p class="attribute">${title}</p>
                <ul class="purposes" aria-label=${title}>
                  ${purposes.map((purpose) => this.purpose(purpose, attribute))}
                </ul>
              </div>`,
          )}
        </div>
        <div class="half got">${this.got()}</div>
      </div>
      <div class="foot">${this.told()} ${this.uses()} ${this.actions()}</div>
    </article>`;
  }

  private purpose(purpose: CardPurpose, attribute: string): TemplateResult {
    const { key, title, status, recipients = [] } = purpose;
    const isActive = status === 'active';
    return html`<li
      class="purpose"
      part="purpose"
      data-attribute=${attribute}
      data-purpose=${key}
      data-status=${status}
    >
      <span>${title}</span>
      <span class="small">${this.mark(purpose)}</span>
      ${
        isActive
          ? html`<span class="small soft">
                ${
                  recipients.length === 0
                    ? this.text('card.nobody')
                    : this.text('card.who', { names: this.format.list(recipients) })
                }
              </span>
              <button
                class="link"
                aria-label=${this.text('card.takeBackPurpose', { title })}
                @click=${() => this.emit('gegenwert-take-back', { scope: { purpose: key }, title })}
              >
                ${this.text('card.takeBack')}
              </button>`
          : nothing
      }
    </li>`;
  }

  /** A consent that nobody can vouch for at this moment is never called active. */
  private mark({ status, until, pausedUntil }: CardPurpose): TemplateResult {
    const end = until === undefined ? '' : this.text('card.until', { date: this.format.date(until) });
    if (status !== 'active') return html`<span class="mark">${CROSS} ${this.text(`card.${status}` as Key)}</span>`;
    if (this.doubtfulSince)
      return html`<span class="mark">
        ${CLOCK} ${this.text('state.asOf', { time: this.format.time(this.doubtfulSince) })}
      </span>`;
    if (pausedUntil !== undefined)
      return html`<span class="mark">
        ${PAUSE} ${this.text('card.paused', { date: this.format.date(pausedUntil) })}
      </span>`;
    return html`<span class="mark on">${CHECK} <span>${this.text('card.active')}</span> ${end}</span>`;
  }

  private got(): TemplateResult {
    const { reward, why, awardStatus, code, revokedAt } = this.card;
    if (!reward)
      return html`<h4>${this.text('card.got')}</h4>
        <p class="worth">${this.text('card.none')}</p>
        <p class="small">${this.text(`card.${why ?? 'cool-off'}` as Key)}</p>`;
    const { worth, terms } = this.format.reward(reward);
    const isThere = awardStatus === 'granted';
    const state = reward.type === 'discount' ? (isThere ? 'ready' : 'readying') : isThere ? 'granted' : 'pending';
    return html`<h4>${this.text('card.got')}</h4>
      <p class="worth" part="worth">${worth}</p>
      ${code === undefined ? nothing : this.code(code)} ${terms ? html`<p class="small">${terms}</p>` : nothing}
      <p class="small" data-award=${awardStatus}>
        ${isThere ? CHECK : CLOCK} ${this.text(`card.${state}`)}
        ${revokedAt === undefined ? nothing : html`<br /><strong>${this.text('card.kept')}</strong>`}
      </p>`;
  }

  private code(code: string): TemplateResult {
    return html`<p class="code" part="code">
        <span class="hidden">${this.text('card.code')}: </span><span id="code">${code}</span>
      </p>
      <p>
        <button class="link" @click=${() => this.copy(code)}>
          ${this.text(this.copied ? 'card.copied' : 'card.copy')}
        </button>
      </p>
      ${this.copied === false ? html`<p class="small" role="alert">${this.text('card.copyByHand')}</p>` : nothing}`;
  }

  private async copy(code: string): Promise<void> {
    this.copied = await copyText(code, this.one('#code')!);
  }

  private told(): TemplateResult | typeof nothing {
    const { recipientsTold: told, revocations = [], offer } = this.card;
    if (revocations.length === 0) return nothing;
    const { acknowledged = 0, of = 0 } = told ?? {};
    return html`<div class="told">
      ${
        told
          ? html`<p class="small">
              ${
                of === 0
                  ? this.text('card.toldNobody')
                  : this.count('card.told', of, { acknowledged: this.format.number(acknowledged) })
              }
            </p>`
          : nothing
      }
      <button
        class="link"
        aria-label=${this.text('card.progressOf', { title: offer.title })}
        @click=${() => this.emit('gegenwert-progress', this.card)}
      >
        ${this.text('card.progress')}
      </button>
    </div>`;
  }

  private uses(): TemplateResult {
    const times = this.card.usedBy.reduce((sum, use) => sum + use.times, 0);
    if (times === 0) return html`<p class="small soft">${this.text('card.unused')}</p>`;
    return html`<details
      @toggle=${(event: Event) => {
        this.showsUses = (event.target as HTMLDetailsElement).open;
      }}
    >
      <summary>
        <span>${this.text('card.uses')} <span class="soft">(${this.count('card.usesCount', times)})</span></span>
        ${DOWN}
      </summary>
      ${
        this.showsUses
          ? html`<gegenwert-uses
              .locale=${this.locale}
              .api=${this.api}
              .share=${this.card.shareId}
              .titles=${this.titles}
            ></gegenwert-uses>`
          : nothing
      }
    </details>`;
  }

  private actions(): TemplateResult | typeof nothing {
    if (!this.isActive) return nothing;
    const { shareId, offer, pauses = [] } = this.card;
    const { title } = offer;
    const isPaused = pauses.length > 0;
    // One button, so that the focus stays on it.
    return html`<div class="actions">
      <button
        class="quiet"
        part="take-back"
        aria-label=${this.text('card.takeBackShare', { title })}
        @click=${() => this.emit('gegenwert-take-back', { scope: { share: shareId }, title })}
      >
        ${BACK} ${this.text('card.takeBack')}
      </button>
      <button
        class="quiet"
        aria-label=${this.text(isPaused ? 'card.resumeOf' : 'card.pauseOf', { title })}
        @click=${(event: MouseEvent) => this.turn(event, isPaused)}
      >
        ${isPaused ? PLAY : PAUSE} ${this.text(isPaused ? 'card.resume' : 'card.pause')}
      </button>
    </div>`;
  }

  /** The second click of a double one is not meant for what the first, answered meanwhile, has made of the button. */
  private turn({ detail: clicks }: MouseEvent, isPaused: boolean): void {
    if (clicks < 2) this.emit(isPaused ? 'gegenwert-resume' : 'gegenwert-pause', this.card);
  }
}

define('gegenwert-card', LedgerCard);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-card': LedgerCard;
  }
}
