import { html, nothing, type TemplateResult } from 'lit';
import { base } from '../styles/base';
import { balanceStyle } from '../styles/ledger';
import type { Balance } from '../types';
import { define, Spoken } from './spoken';

/** What expires sooner is what matters; the rest is in the history. */
const EXPIRIES = 4;

/** The customer's points: to spend, on their way, set aside, and what expires when. */
export class BalancePart extends Spoken {
  static override properties = { ...Spoken.properties, balance: { attribute: false } };
  declare balance: Balance;

  static override styles = [base, balanceStyle];

  protected override render(): TemplateResult {
    const { available, pending, held, expiring } = this.balance;
    return html`<div class="balance" part="balance">
      <p>
        <span class="points" part="points" data-available=${available}>${this.format.number(available)}</span>
        <br />${this.text('balance.available')}
      </p>
      ${
        pending + held === 0
          ? nothing
          : html`<dl>
              ${this.more(pending, { label: this.text('balance.pending'), help: this.text('balance.pendingHelp') })}
              ${this.more(held, { label: this.text('balance.held'), help: this.text('balance.heldHelp') })}
            </dl>`
      }
      <div class="expiring">
        <h3 class="small soft">${this.text('balance.expiring')}</h3>
        ${
          expiring.length === 0
            ? html`<p class="small">${this.text('balance.never')}</p>`
            : html`<ul class="small">
                ${expiring
                  .slice(0, EXPIRIES)
                  .map(
                    ({ points, on }) =>
                      html`<li>
                        ${this.text('balance.expires', { points: this.format.points(points), date: this.format.date(on) })}
                      </li>`,
                  )}
              </ul>`
        }
      </div>
    </div>`;
  }

  private more(points: number, { label, help }: { label: string; help: string }): TemplateResult | typeof nothing {
    if (points === 0) return nothing;
    return html`<div>
      <dt>${label}</dt>
      <dd>${this.format.number(points)}</dd>
      <dd class="hidden">${help}</dd>
    </div>`;
  }
}

define('gegenwert-balance', BalancePart);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-balance': BalancePart;
  }
}
