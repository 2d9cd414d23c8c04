export { exportJournal } from './export-journal';
export { checkJournal, journalLines, type Checked } from './read-journal';
export { destroyKeyless, replayJournal, type Replayed } from './replay-journal';
