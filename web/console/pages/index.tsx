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
    path: '/consents',
    title: { de: 'Einwilligungen', en: 'Consents' },
    section: 'protection',
    roles: ['dpo', 'admin'],
    component: lazy(() => import('./oversight/consents-page')),
  },
  {
    path: '/revocations',
    title: { de: 'Widerrufe', en: 'Revocations' },
    section: 'protection',
    roles: ['dpo', 'admin'],
    component: lazy(() => import('./oversight/revocations-page')),
  },
  {
    path: '/stopping-times',
    title: { de: 'Vom Widerruf bis zum Stopp', en: 'From revocation to stop' },
    section: 'protection',
    roles: ['dpo'],
    component: lazy(() => import('./figures/stopping-times-page')),
  },
  {
    path: '/customers',
    title: { de: 'Auskunft', en: 'Look up a customer' },
    section: 'protection',
    roles: ['dpo', 'admin'],
    component: lazy(() => import('./oversight/customer-page')),
  },
  {
    path: '/changes',
    title: { de: 'Wer hat was geändert', en: 'Who changed what' },
    section: 'protection',
    roles: ['dpo', 'admin'],
    component: lazy(() => import('./oversight/changes-page')),
  },
  {
    path: '/chain',
    title: { de: 'Kette der Nachweise', en: 'Chain of evidence' },
    section: 'protection',
    roles: ['dpo', 'admin'],
    component: lazy(() => import('./oversight/chain-page')),
  },
  {
    path: '/processing-record',
    title: { de: 'Verzeichnis (Art. 30)', en: 'Record (Art. 30)' },
    section: 'protection',
    roles: ['dpo', 'admin'],
    component: lazy(() => import('./oversight/record-page')),
  },
  {
    path: '/attributes',
    title: { de: 'Angaben', en: 'Attributes' },
    section: 'setup',
    roles: ['marketing', 'dpo', 'admin'],
    component: lazy(() => import('./catalogue/attributes-page')),
  },
  {
    path: '/purposes',
    title: { de: 'Zwecke', en: 'Purposes' },
    section: 'setup',
    roles: ['marketing', 'dpo', 'admin'],
    component: lazy(() => import('./catalogue/purposes-page')),
  },
  {
    path: '/recipients',
    title: { de: 'Empfänger', en: 'Recipients' },
    section: 'setup',
    roles: ['marketing', 'dpo', 'admin'],
    component: lazy(() => import('./recipients/recipients-page')),
  },
  {
    path: '/webhooks',
    title: { de: 'Webhooks', en: 'Webhooks' },
    section: 'setup',
    roles: ['admin'],
    component: lazy(() => import('./recipients/webhooks-page')),
  },
  {
    path: '/webhooks/:id',
    title: { de: 'Lieferungen', en: 'Deliveries' },
    roles: ['admin'],
    component: lazy(() => import('./recipients/deliveries-page')),
  },
  {
    path: '/keys',
    title: { de: 'Schlüssel', en: 'Keys' },
    section: 'setup',
    roles: ['admin'],
    component: lazy(() => import('./keys/keys-page')),
  },
  {
    path: '/issuers',
    title: { de: 'Anmeldedienste', en: 'Sign-in services' },
    section: 'setup',
    roles: ['admin'],
    component: lazy(() => import('./keys/issuers-page')),
  },
  {
    path: '/settings',
    title: { de: 'Einstellungen', en: 'Settings' },
    section: 'setup',
    roles: ['admin'],
    component: lazy(() => import('./keys/settings-page')),
  },
];
