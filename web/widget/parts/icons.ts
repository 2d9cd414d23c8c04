import { svg, type SVGTemplateResult } from 'lit';

const icon = (path: SVGTemplateResult): SVGTemplateResult =>
  svg`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${path}</svg>`;

export const CHECK = icon(svg`<path d="M4 10.5 8.2 15 16 5.5" />`);
export const BACK = icon(svg`<path d="M4 8h8.5a4 4 0 0 1 0 8H9M7.5 4 3.5 8l4 4" />`);
export const PAUSE = icon(svg`<path d="M7 4.5v11M13 4.5v11" />`);
export const PLAY = icon(svg`<path d="M6.5 4.5 15 10l-8.5 5.5z" />`);
export const CROSS = icon(svg`<path d="m5 5 10 10M15 5 5 15" />`);
export const CLOCK = icon(svg`<circle cx="10" cy="10" r="7" /><path d="M10 6v4.2l2.8 1.8" />`);
export const SAVE = icon(svg`<path d="M10 3v9M6 8.5l4 4 4-4M4 16.5h12" />`);
export const LOCK = icon(
  svg`<rect x="4.5" y="9" width="11" height="7.5" rx="1.5" /><path d="M7 9V6.5a3 3 0 0 1 6 0V9" />`,
);
export const AWAY = icon(svg`<path d="M3 8a11 11 0 0 1 14 0M6 11.5a6.5 6.5 0 0 1 8 0M10 15h.01M3 3l14 14" />`);
export const DOWN = icon(svg`<path d="m5 8 5 5 5-5" />`);
