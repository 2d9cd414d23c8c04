import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Api } from '../api';
import { base, buttons } from '../styles/base';
import { timelineStyle } from '../styles/card';
import type { Page, Use } from '../types';
import { define, Spoken } from './spoken';

/** Who used what a share gave, and when, newest first. */
export class Uses extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    share: { type: String },
    titles: { attribute: false },
    uses: { state: true },
    next: { state: true },
    failed: { state: true },
  };
  declare api: Api;
  declare share: string;
  /** Titles of attributes by key. */
  declare titles: Record<string, string>;
  declare private uses: Use[] | undefined;
  declare private next: string | null;
  declare private failed: boolean;

  static override styles = [base, buttons, timelineStyle];

  constructor() {
    super();
    this.titles = {};
    this.next = null;
    this.failed = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    // Titles come in the language in which they are asked for.
    if (changed.get('locale') !== undefined && this.uses) void this.load();
  }

  protected override render(): TemplateResult {
    if (this.failed)
      return html`<p>
        ${this.text('state.failed')}
        <button class="quiet" @click=${() => this.load()}>${this.text('state.retry')}</button>
      </p>`;
    if (!this.uses) return html`<p class="soft">${this.text('state.loading')}</p>`;
    if (this.uses.length === 0) return html`<p class="soft">${this.text('card.unused')}</p>`;
    return html`<ol class="uses">
        ${this.uses.map((use) => this.use(use))}
      </ol>
      ${
        this.next === null
          ? nothing
          : html`<button class="quiet" @click=${() => this.load(this.next ?? undefined)}>
              ${this.text('card.usesMore')}
            </button>`
      }`;
  }

  private use({ at, name, purpose, attributes, kind, useUntil }: Use): TemplateResult {
    const names = this.format.list(attributes.map((key) => this.titles[key] ?? key));
    const key = kind === 'predicate' ? 'card.asked' : 'card.used';
    return html`<li tabindex="-1">
      <p>${this.text(key, { recipient: name, attributes: names })}</p>
      <p class="small soft">
        <time datetime=${at}>${this.format.dateTime(at)}</time>,
        ${this.text('card.usedFor', { purpose: purpose.title })},
        ${this.text('card.useUntil', { date: this.format.dateTime(useUntil) })}
      </p>
    </li>`;
  }

  private async load(after?: string): Promise<void> {
    this.failed = false;
    try {
      const page = await this.api.get<Page<Use>>('/v1/me/uses', { share: this.share, limit: 20, after });
      const before = after === undefined ? [] : (this.uses ?? []);
      this.uses = [...before, ...page.data];
      this.next = page.nextCursor;
      await this.updateComplete;
      // The button goes with the last of them.
      if (after !== undefined && this.next === null) this.renderRoot.querySelectorAll('li')[before.length]?.focus();
    } catch {
      // What went wrong is said where a retry is offered; an ended session is noticed by the next reading of the page.
      this.failed = true;
    }
  }
}

define('gegenwert-uses', Uses);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-uses': Uses;
  }
}
