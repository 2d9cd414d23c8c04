import { css } from 'lit';

const dark = css`
  --_paper: var(--gw-paper-dark, #111714);
  --_card: var(--gw-card-dark, #1a221e);
  --_got: var(--gw-got-dark, #262718);
  --_ink: var(--gw-ink-dark, #ecefe8);
  --_soft: var(--gw-soft-dark, #a9b5ad);
  --_line: var(--gw-line-dark, #36423b);
  --_edge: var(--gw-edge-dark, #78877e);
  --_accent: var(--gw-accent-dark, #7fd8b0);
  --_on-accent: var(--gw-on-accent-dark, #06281b);
  --_accent-wash: var(--gw-accent-wash-dark, #1c3329);
  --_gold: var(--gw-gold-dark, #ecc46a);
  --_alert: var(--gw-alert-dark, #ff9d8a);
  --_alert-wash: var(--gw-alert-wash-dark, #3a211d);
  --_shade: 0 1px 2px rgb(0 0 0 / 40%), 0 8px 24px -12px rgb(0 0 0 / 60%);
  color-scheme: dark;
`;

/**
 * Colours and measures of the widget. A shop sets `--gw-…`; `--_…` is what the styles use. Each pair of text and ground that is used
 * has a contrast of 4.5 : 1 at least, borders of controls 3 : 1.
 */
export const tokens = css`
  :host {
    --_paper: var(--gw-paper, #f5f2ea);
    --_card: var(--gw-card, #fffdf8);
    --_got: var(--gw-got, #fbf1d9);
    --_ink: var(--gw-ink, #1b2420);
    --_soft: var(--gw-soft, #55625b);
    --_line: var(--gw-line, #ddd7c8);
    --_edge: var(--gw-edge, #7d877f);
    --_accent: var(--gw-accent, #0f5c43);
    --_on-accent: var(--gw-on-accent, #ffffff);
    --_accent-wash: var(--gw-accent-wash, #e3efe8);
    --_gold: var(--gw-gold, #7a5300);
    --_alert: var(--gw-alert, #a3271b);
    --_alert-wash: var(--gw-alert-wash, #fbe9e5);
    --_shade: 0 1px 2px rgb(38 32 16 / 6%), 0 10px 28px -16px rgb(38 32 16 / 28%);
    --_font: var(--gw-font, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif);
    --_display: var(--gw-font-display, 'Iowan Old Style', 'Palatino Linotype', Palatino, 'P052', Georgia, serif);
    --_radius: var(--gw-radius, 14px);
    --_gap: var(--gw-gap, 1.25rem);
    color-scheme: light;
  }
  @media (prefers-color-scheme: dark) {
    :host(:not([theme='light'])) {
      ${dark}
    }
  }
  :host([theme='dark']) {
    ${dark}
  }
`;
