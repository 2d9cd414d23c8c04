import { enter, takeLink } from './session';

/** The session, asked for before the page itself is here: the one does not wait for the other. */
export const entered = enter(takeLink());

void import('./page');
