import { lazy, type ComponentType } from 'react';
import type { Texts } from '../locale';
import type { Role } from '../session/session';

export interface ConsolePage {
  /** Within the console, wouter's pattern; a page without parameters is in the menu. */
  path: string;
  /** In the menu. */
  title: Texts<string>;
  section: 'marketing' | 'protection' | 'setup';
  /** Whom it is shown to; the first page of a role is its start page. */
  roles: Role[];
  component: ComponentType;
}

/** Every page, in the order of the menu. */
export const pages: ConsolePage[] = [
  {
    path: '/offers',
    title: { de: 'Angebote', en: 'Offers' },
    section: 'marketing',
    roles: ['marketing', 'admin'],
    component: lazy(() => import('./offers/offers-page')),
  },
  {
    path: '/figures',
    title: { de: 'Zahlen', en: 'Figures' },
    section: 'marketing',
    roles: ['marketing', 'admin'],
    component: lazy(() => import('./figures/figures-page')),
  },
  {
    path: '/stopping-times',
    title: { de: 'Vom Widerruf bis zum Stopp', en: 'From revocation to stop' },
    section: 'protection',
    roles: ['dpo'],
    component: lazy(() => import('./figures/stopping-times-page')),
  },
];
