import { counted } from '../counted';

/** What the frame around the pages says. */
export const de = {
  product: 'Gegenwert',
  skip: 'Zum Inhalt',
  menu: 'Menü',
  navigation: 'Seiten',
  language: 'Sprache',
  toDark: 'Dunkel darstellen',
  toLight: 'Hell darstellen',
  signOut: 'Abmelden',
  sections: { marketing: 'Marketing', protection: 'Datenschutz', setup: 'Einrichten' },
  roles: { marketing: 'Marketing', dpo: 'Datenschutz', admin: 'Administration' },
  loading: 'Wird geladen',
  notFound: 'Diese Seite gibt es nicht',
  notFoundHint:
    'Vielleicht wurde sie verschoben, oder deine Rolle sieht sie nicht. Die Seiten, die du sehen kannst, stehen im Menü.',
  broken: 'Diese Seite lässt sich nicht zeigen',
  brokenHint: 'Lade sie neu. Was du eingegeben hast, ist noch da.',
  reload: 'Neu laden',
  again: 'Noch einmal versuchen',
  problems: {
    titles: {
      unauthorized: 'Deine Anmeldung gilt nicht mehr',
      forbidden: 'Das darf deine Rolle nicht',
      'not-found': 'Das gibt es hier nicht',
      'invalid-request': 'Etwas daran stimmt noch nicht',
      'key-taken': 'Diesen Kurznamen gibt es schon',
      'offer-state': 'Das Angebot ist nicht mehr in diesem Zustand',
      'approval-required': 'Eine zweite Person muss den Entwurf freigeben',
      'second-person-required': 'Freigeben muss eine andere Person',
      'programme-ended': 'Das Programm ist beendet',
      'too-many-requests': 'Zu viele Anfragen auf einmal',
      unavailable: 'Ein Teil des Dienstes ist gerade nicht da',
    } as Record<string, string>,
    failed: 'Das hat nicht geklappt',
    unreachable: 'Der Dienst ist nicht zu erreichen',
    unreachableHint: 'Prüfe deine Verbindung und versuche es noch einmal. Was du eingegeben hast, bleibt hier.',
    unauthorizedHint: 'Melde dich noch einmal an; du kommst hierher zurück.',
    forbiddenHint:
      'Deine Rolle darf das nicht. Bitte jemanden mit der passenden Rolle, oder die Administration um eine andere.',
    notFoundHint: 'Es wurde entfernt oder gehört zu einem anderen Programm. Geh zurück zur Liste.',
    conflictHint: 'Es hat sich inzwischen geändert. Lade neu und entscheide dann.',
    invalidHint: 'Berichtige, was an den Feldern steht, und sende es noch einmal.',
    tooManyHint: (seconds: number) =>
      `Warte ${counted(String(seconds), 'Sekunde', 'Sekunden')} und versuche es noch einmal.`,
    unavailableHint: 'Versuche es in einem Augenblick noch einmal. Was du eingegeben hast, bleibt hier.',
    unknownHint: 'Versuche es noch einmal. Bleibt es dabei, nenne der Administration diese Kennung:',
    reference: (instance: string) => `Kennung der Anfrage: ${instance}`,
  },
};
