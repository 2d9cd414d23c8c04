export { announce, announcing, type Announcement, type EventIds } from './announce';
export { type EventType, PROGRAMME_EVENTS, RECIPIENT_EVENTS } from './event-types';
