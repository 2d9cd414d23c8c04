import { counted } from '../../counted';

/** What the parts that pages have in common say. */
export const de = {
  more: 'Mehr zeigen',
  copy: 'Kopieren',
  copied: 'Kopiert',
  copyByHand: 'Dein Browser lässt das nicht zu. Es ist jetzt markiert: Kopiere es von Hand.',
  once: 'Nur dieses eine Mal zu sehen',
  onceHint:
    'Lege es jetzt dort ab, wo es gebraucht wird. Später kann es niemand mehr zeigen; dann hilft nur ein neues.',
  kept: 'Ich habe es abgelegt',
  cancel: 'Abbrechen',
  typeToConfirm: (word: string) => `Tippe „${word}“, um zu bestätigen`,
  job: {
    queued: 'Wartet auf seinen Anfang',
    running: 'Läuft',
    done: 'Fertig',
    cancelled: 'Angehalten',
    failed: 'Gescheitert',
    of: (done: string, total: string) => `${done} von ${counted(total, 'Person', 'Personen')}`,
    left: (duration: string) => `noch etwa ${duration}`,
    stop: 'Anhalten',
    stopHint: 'Was schon beendet ist, bleibt beendet. Neue Freigaben bleiben gesperrt.',
    failedSome: (failed: string) =>
      `Bei ${counted(failed, 'Person', 'Personen')} ging es nicht. Beginne noch einmal: Das wird dann nachgeholt.`,
    away: 'Der Dienst antwortet gerade nicht. Die Arbeit geht dort weiter; der Stand kommt, sobald die Verbindung wieder da ist.',
    dismiss: 'Ausblenden',
  },
};
