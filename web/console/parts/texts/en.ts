import { counted } from '../../counted';
import type { de } from './de';

export const en: typeof de = {
  more: 'Show more',
  copy: 'Copy',
  copied: 'Copied',
  copyByHand: 'Your browser does not allow that. It is selected now: copy it by hand.',
  once: 'To be seen this one time',
  onceHint: 'Put it now where it is needed. Nobody can show it later; then only a new one helps.',
  kept: 'I have put it away',
  cancel: 'Cancel',
  typeToConfirm: (word) => `Type “${word}” to confirm`,
  job: {
    queued: 'Waits to begin',
    running: 'Running',
    done: 'Done',
    cancelled: 'Stopped',
    failed: 'Failed',
    of: (done, total) => `${done} of ${counted(total, 'person', 'persons')}`,
    left: (duration) => `about ${duration} left`,
    stop: 'Stop',
    stopHint: 'What has ended stays ended. New releases stay blocked.',
    failedSome: (failed) =>
      `It did not work for ${counted(failed, 'person', 'persons')}. Begin again: they are seen to then.`,
    away: 'The service does not answer just now. The work goes on there; its state comes as soon as the connection is back.',
    dismiss: 'Hide',
  },
};
