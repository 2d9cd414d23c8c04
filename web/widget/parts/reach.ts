import { html, type TemplateResult } from 'lit';
import { text, type Locale } from '../texts';
import type { Card, Scope } from '../types';
import type { Wish } from './take-back';
import { BACK, DOWN } from './icons';

interface Named {
  key: string;
  title: string;
}

/** Attributes and purposes under which something may still be used, each once. */
export function activeOf(cards: Card[]): { attributes: Named[]; purposes: Named[] } {
  const attributes = new Map<string, string>();
  const purposes = new Map<string, string>();
  for (const ask of cards.flatMap(({ asks }) => asks)) {
    for (const { key, title, status } of ask.purposes) {
      if (status !== 'active') continue;
      attributes.set(ask.attribute, ask.title);
      purposes.set(key, title);
    }
  }
  const named = (map: Map<string, string>): Named[] => [...map].map(([key, title]) => ({ key, title }));
  return { attributes: named(attributes), purposes: named(purposes) };
}

/** Taking back what goes across shares: a purpose, an attribute, everything. */
export function reach(
  cards: Card[],
  { locale, onWish }: { locale: Locale; onWish: (wish: Wish) => void },
): TemplateResult {
  const { attributes, purposes } = activeOf(cards);
  const button = (label: string, scope: Scope, title: string): TemplateResult =>
    html`<button class="quiet" @click=${() => onWish({ scope, title })}>${BACK} ${label}</button>`;
  return html`<details class="panel">
    <summary>${text(locale, 'ledger.takeBackMore')} ${DOWN}</summary>
    <div class="reach">
      <div>
        <h3 class="small soft">${text(locale, 'ledger.allAttributes')}</h3>
        <ul>
          ${attributes.map(
            ({ key, title }) =>
              html`<li>${button(text(locale, 'ledger.takeBackAttribute', { title }), { attribute: key }, title)}</li>`,
          )}
        </ul>
      </div>
      <div>
        <h3 class="small soft">${text(locale, 'ledger.allPurposes')}</h3>
        <ul>
          ${purposes.map(
            ({ key, title }) =>
              html`<li>${button(text(locale, 'ledger.takeBackPurpose', { title }), { purpose: key }, title)}</li>`,
          )}
        </ul>
      </div>
      ${button(text(locale, 'ledger.takeBackEverything'), { everything: true }, '')}
    </div>
  </details>`;
}
