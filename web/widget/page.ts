import { html, LitElement, nothing, type TemplateResult } from 'lit';
import './gegenwert-ledger';
import { entered } from './enter';
import { Format } from './format';
import icon from './icon.svg?url';
import { enter, enterAgain, type Entry, forget, keep, leave, takeLink } from './session';
import { type Key, type Locale, localeOf, text } from './texts';
import type { OpenSession } from './types';

const WARN_MS = 2 * 60_000;
/** The longest that a timer can wait is far more than a session lasts. */
const MOST_MS = 2 ** 31 - 1;

type Showing = 'opening' | 'open' | 'signed-out' | Exclude<Entry, OpenSession>;

/** The page around the ledger: how it is entered and left. In the light, so that the page's stylesheet holds for it. */
class HostedPage extends LitElement {
  static override properties = {
    showing: { state: true },
    session: { state: true },
    isEnding: { state: true },
    locale: { state: true },
  };
  declare private showing: Showing;
  declare private session: OpenSession | undefined;
  declare private isEnding: boolean;
  declare private locale: Locale;
  /** The last attempt to come in. */
  private entering: Promise<Entry> | undefined;
  private warning: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.showing = 'opening';
    this.isEnding = false;
    this.speak(localeOf(navigator.language));
    void this.open(entered);
    // A link that is followed in a tab that is open already changes the address alone.
    addEventListener('hashchange', () => {
      const link = takeLink();
      if (link !== undefined) void this.open(enter(link));
    });
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`<a class="skip" href="#content" @click=${(event: Event) => this.skip(event)}
        >${this.text('page.skip')}</a
      >
      ${this.bar()}
      <main id="content" tabindex="-1">${this.content()}</main>
      ${this.session && this.showing === 'open' ? this.foot(this.session) : nothing}`;
  }

  private bar(): TemplateResult {
    const other: Locale = this.locale === 'de' ? 'en' : 'de';
    return html`<header class="bar">
      <p class="brand">
        <img src=${icon} width="28" height="28" alt="" />
        <span>${this.session?.programme.name ?? 'Gegenwert'}</span>
      </p>
      <button lang=${other} @click=${() => this.speak(other)}>${other === 'de' ? 'Deutsch' : 'English'}</button>
      ${this.showing === 'open' ? html`<button @click=${() => this.signOut()}>${this.text('page.signOut')}</button>` : nothing}
    </header>`;
  }

  private content(): TemplateResult {
    switch (this.showing) {
      case 'opening':
        return html`<div class="full"><p role="status">${this.text('page.opening')}</p></div>`;
      case 'open':
        return this.ledger(this.session!);
      case 'failed':
        return html`<div class="full" role="alert">
          <h1>${this.text('state.failed')}</h1>
          <p>${this.text('problem.unavailable')}</p>
          <button @click=${() => this.again()}>${this.text('state.retry')}</button>
        </div>`;
      case 'signed-out':
        return this.word('page.signedOut', 'page.signedOutHelp');
      case 'none':
        return this.word('page.noLink', 'page.noLinkHelp');
      default:
        return this.word(`page.${this.showing}`, 'page.linkHelp');
    }
  }

  private word(title: Key, help: Key): TemplateResult {
    return html`<div class="full">
      <h1>${this.text(title)}</h1>
      <p>${this.text(help)}</p>
    </div>`;
  }

  private ledger({ token, expiresAt }: OpenSession): TemplateResult {
    const time = new Format(this.locale).time(new Date(expiresAt));
    return html`<div role="status">
        ${this.isEnding ? html`<p class="soon">${this.text('page.endsSoon', { time })}</p>` : nothing}
      </div>
      <h1>${this.text('page.title')}</h1>
      <gegenwert-ledger .token=${token} .api=${''} .locale=${this.locale} @gegenwert-session-expired=${forget}>
      </gegenwert-ledger>`;
  }

  private foot({ expiresAt }: OpenSession): TemplateResult {
    const time = new Format(this.locale).time(new Date(expiresAt));
    return html`<footer class="foot"><p>${this.text('page.ends', { time })}</p></footer>`;
  }

  private text(key: Key, fill?: Record<string, string>): string {
    return text(this.locale, key, fill);
  }

  private async open(entering: Promise<Entry>): Promise<void> {
    this.entering = entering;
    const found = await entering;
    // Another link was followed meanwhile.
    if (this.entering !== entering) return;
    clearTimeout(this.warning);
    this.isEnding = false;
    if (typeof found === 'string') {
      this.showing = found;
      return;
    }
    this.session = found;
    this.showing = 'open';
    this.speak(found.locale);
    const left = new Date(found.expiresAt).getTime() - Date.now() - WARN_MS;
    this.warning = setTimeout(() => (this.isEnding = true), Math.min(Math.max(left, 0), MOST_MS));
  }

  private async again(): Promise<void> {
    this.showing = 'opening';
    const entering = this.open(enterAgain());
    await this.updateComplete;
    // The button has gone.
    this.querySelector<HTMLElement>('main')?.focus();
    await entering;
  }

  private speak(locale: Locale): void {
    this.locale = locale;
    document.documentElement.lang = locale;
    document.title = text(locale, 'page.title');
    if (!this.session || this.session.locale === locale) return;
    this.session = { ...this.session, locale };
    keep(this.session);
  }

  private async signOut(): Promise<void> {
    const { session } = this;
    this.session = undefined;
    this.showing = 'signed-out';
    await this.updateComplete;
    this.querySelector<HTMLElement>('main')?.focus();
    if (session) await leave(session);
  }

  /** By hand: the hash is where links come in. */
  private skip(event: Event): void {
    event.preventDefault();
    this.querySelector<HTMLElement>('main')?.focus();
  }
}

customElements.define('gegenwert-page', HostedPage);
