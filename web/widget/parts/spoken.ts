import { LitElement } from 'lit';
import { Format } from '../format';
import { type CountKey, count, type Key, type Locale, text } from '../texts';

/** An element that speaks the customer's language. */
export abstract class Spoken extends LitElement {
  static override properties = { locale: { type: String } };
  declare locale: Locale;

  private spokenFormat: { locale: Locale; format: Format } | undefined;

  constructor() {
    super();
    this.locale = 'en';
  }

  protected text(key: Key, fill?: Record<string, string | number>): string {
    return text(this.locale, key, fill);
  }

  protected count(key: CountKey, n: number, fill?: Record<string, string | number>): string {
    return count(this.locale, key, n, fill);
  }

  protected get format(): Format {
    if (this.spokenFormat?.locale !== this.locale)
      this.spokenFormat = { locale: this.locale, format: new Format(this.locale) };
    return this.spokenFormat.format;
  }

  protected emit(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  protected one<E extends HTMLElement>(selector: string): E | null {
    return this.renderRoot.querySelector<E>(selector);
  }
}

/** A page may hold the bundle twice; a name is given once. */
export function define(name: string, element: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, element);
}
