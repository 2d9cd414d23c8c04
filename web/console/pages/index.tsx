import { lazy, type ComponentType } from 'react';
import type { Texts } from '../locale';
import type { Role } from '../session/session';

export interface ConsolePage {
  /** Within the console, wouter's pattern. */
  path: string;
  title: Texts<string>;
  /** Of the menu; a page without one is not in it. */
  section?: 'marketing' | 'protection' | 'setup';
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
    path: '/offers/new',
    title: { de: 'Neues Angebot', en: 'New offer' },
    roles: ['marketing', 'admin'],
    component: lazy(() => import('./offers/wizard/wizard-page')),
  },
  {
    path: '/offers/:id/edit',
    title: { de: 'Angebot bearbeiten', en: 'Edit an offer' },
    roles: ['marketing', 'admin'],
    component: lazy(() => import('./offers/wizard/wizard-page')),
  },
  {
    path: '/offers/:id',
    title: { de: 'Angebot', en: 'Offer' },
    roles: ['marketing', 'admin'],
    component: lazy(() => import('./offers/offer-page')),
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
