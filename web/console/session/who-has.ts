import { answer, createApi } from '../api/client';
import type { Staff } from './session';

/** @throws ProblemError of 401 for a key or token that the service does not take, of 403 for one that is not of staff. */
export const whoHas = (token: string): Promise<Staff> =>
  answer(createApi({ token: () => token, onUnauthorized: () => undefined }).GET('/v1/staff/me'));
