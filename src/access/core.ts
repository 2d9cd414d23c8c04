export { forgetEndedSessions, forgetOldLinks } from './ended-sessions';
