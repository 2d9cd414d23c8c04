import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { Api } from '../api';
import { explain } from '../explain';
import type { Key } from '../texts';
import { base, buttons } from '../styles/base';
import { panelStyle } from '../styles/panels';
import type { Entry, Page } from '../types';
import { define, Spoken } from './spoken';

const ENTRIES = 20;

/** Every change of the customer's points and why, newest first. */
export class History extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    entries: { state: true },
    next: { state: true },
    fault: { state: true },
  };
  declare api: Api;
  declare private entries: Entry[] | undefined;
  declare private next: string | null;
  declare private fault: string;

  static override styles = [base, buttons, panelStyle];

  constructor() {
    super();
    this.next = null;
    this.fault = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.load();
  }

  protected override updated(changed: PropertyValues<this>): void {
    // Titles come in the language in which they are asked for.
    if (changed.get('locale') !== undefined && this.entries) void this.load();
  }

  protected override render(): TemplateResult {
    return html`<div class="stack">
      ${this.table()}
      ${
        this.fault === ''
          ? nothing
          : html`<p class="fault" role="alert">${this.fault}</p>
              <div><button class="quiet" @click=${() => this.load()}>${this.text('state.retry')}</button></div>`
      }
      ${
        this.next === null
          ? nothing
          : html`<div>
              <button class="quiet" @click=${() => this.load(this.next ?? undefined)}>
                ${this.text('history.more')}
              </button>
            </div>`
      }
    </div>`;
  }

  private table(): TemplateResult | typeof nothing {
    if (!this.entries) return this.fault === '' ? html`<p class="soft">${this.text('state.loading')}</p>` : nothing;
    if (this.entries.length === 0) return html`<p class="soft">${this.text('history.none')}</p>`;
    return html`<table part="history">
      <caption class="hidden">
        ${this.text('history.title')}
      </caption>
      <thead>
        <tr>
          <th scope="col">${this.text('history.when')}</th>
          <th scope="col">${this.text('history.what')}</th>
          <th scope="col" class="number">${this.text('history.points')}</th>
          <th scope="col" class="number balance">${this.text('history.balance')}</th>
        </tr>
      </thead>
      <tbody>
        ${this.entries.map((entry) => this.row(entry))}
      </tbody>
    </table>`;
  }

  private row(entry: Entry): TemplateResult {
    const { at, points, balanceAfter, because } = entry;
    return html`<tr tabindex="-1">
      <td class="small soft"><time datetime=${at}>${this.format.date(at)}</time></td>
      <th scope="row">
        ${this.what(entry)}
        ${
          because.shareRevokedAt === undefined
            ? nothing
            : html`<br /><span class="small soft">${this.text('history.revoked')}</span>`
        }
      </th>
      <td class="number ${points > 0 ? 'plus' : ''}">${this.format.signed(points)}</td>
      <td class="number balance">${this.format.number(balanceAfter)}</td>
    </tr>`;
  }

  private what({ kind, because }: Entry): string {
    const order = because.orderRef ?? this.text('history.order');
    if (kind === 'award' && because.title !== undefined) return this.text('history.award', { title: because.title });
    if (kind === 'award') return this.text('history.awardOther', { title: because.reason ?? because.reference ?? '' });
    return this.text(`history.${kind}` as Key, { order });
  }

  private async load(after?: string): Promise<void> {
    this.fault = '';
    try {
      const page = await this.api.get<Page<Entry>>('/v1/me/entries', { limit: ENTRIES, after });
      const before = after === undefined ? [] : (this.entries ?? []);
      this.entries = [...before, ...page.data];
      this.next = page.nextCursor;
      await this.updateComplete;
      // The button goes with the last of them.
      if (after !== undefined && this.next === null) this.renderRoot.querySelectorAll('tr')[before.length + 1]?.focus();
    } catch (error) {
      this.fault = explain(this.locale, error, 'look');
      if (this.fault === '') this.emit('gegenwert-unauthorized');
    }
  }
}

define('gegenwert-history', History);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-history': History;
  }
}
