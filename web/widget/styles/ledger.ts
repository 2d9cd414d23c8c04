import { css } from 'lit';

export const ledgerStyle = css`
  .widget {
    container-type: inline-size;
    background: var(--_paper);
    padding: clamp(0.75rem, 3vw, 1.5rem) clamp(0.75rem, 3vw, 2rem);
    border-radius: var(--_radius);
  }
  .column {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: clamp(1.75rem, 5cqi, 3rem);
    max-width: 62rem;
    margin-inline: auto;
  }
  section,
  .stack {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
    gap: var(--_gap);
  }
  .intro {
    max-width: 42rem;
    text-wrap: pretty;
    margin-top: 0.375rem;
    color: var(--_soft);
  }
  .banner {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem 0.75rem;
    align-items: center;
    padding: 0.75rem 1rem;
    margin-bottom: 1rem;
    border: 1.5px solid var(--_gold);
    border-radius: 10px;
    background: var(--_got);
  }
  .merged {
    padding: 1rem 1.25rem;
    border: 1.5px solid var(--_gold);
    border-radius: 10px;
    background: var(--_got);
  }
  .merged p {
    max-width: 42rem;
    text-wrap: pretty;
  }
  .said {
    padding: 0.75rem 1rem;
    border-radius: 10px;
    background: var(--_accent-wash);
    border: 1px solid var(--_accent);
    font-weight: 600;
  }
  .full {
    display: grid;
    gap: 1rem;
    justify-items: start;
    max-width: 36rem;
    margin: 2rem auto;
  }
  .empty {
    padding: 1.25rem;
    border: 1.5px dashed var(--_line);
    border-radius: var(--_radius);
    color: var(--_soft);
  }
  .stack > details > ul {
    margin-top: 0.75rem;
  }
  .panel {
    border-top: 2px solid var(--_ink);
    padding-top: 0.5rem;
  }
  .panel > summary {
    min-height: 3rem;
    font: 600 1.25rem/1.2 var(--_display);
  }
  .panel > summary > h2 {
    font-size: inherit;
  }
  .panel > :not(summary) {
    padding: 0.75rem 0 0.5rem;
  }
  .reach {
    display: grid;
    gap: 0.75rem;
    justify-items: start;
    padding-block: 0.5rem;
  }
  .reach ul {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-top: 0.375rem;
  }
  .bone {
    border-radius: var(--_radius);
    background: var(--_line);
    opacity: 0.6;
  }
  .bone.low {
    height: 1.75rem;
    width: 12rem;
    border-radius: 6px;
  }
  .bone.high {
    height: 13rem;
  }
  @media (prefers-reduced-motion: no-preference) {
    .bone {
      animation: breathe 1.6s ease-in-out infinite alternate;
    }
    @keyframes breathe {
      to {
        opacity: 0.3;
      }
    }
  }
`;

export const balanceStyle = css`
  .balance {
    display: grid;
    gap: 1rem 2.5rem;
    align-items: end;
    grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), max-content));
  }
  .points {
    font: 600 clamp(3.25rem, 16cqi, 5.5rem) / 0.95 var(--_display);
    letter-spacing: -0.03em;
    font-variant-numeric: tabular-nums lining-nums;
    color: var(--_ink);
  }
  dl {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem 2rem;
  }
  dt {
    font-size: 0.875rem;
    color: var(--_soft);
  }
  dd {
    font: 600 1.5rem/1.2 var(--_display);
    font-variant-numeric: tabular-nums;
  }
  .expiring {
    border-inline-start: 3px solid var(--_gold);
    padding-inline-start: 0.9rem;
  }
`;
